package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
)

// Upload is a CSV file that is to be imported.
type Upload struct {
	Kind string // CUSTOMERS, CONTACTS or USERS
	Name string // the file's
	File io.Reader
	// Size in bytes; 0: found out where File is an io.Seeker, else not announced to the server.
	Size int64
	// CompanyID is whose records they are; empty: the caller's own company.
	CompanyID string
	// DryRun does all but write.
	DryRun bool
	// IdempotencyKey makes it harmless to send the same file again within 24 hours; empty: one
	// at random.
	IdempotencyKey string
	// Input has further arguments of ImportCsvInput, by name.
	Input Vars
	// Sent, if not nil, is called with how many bytes of the file have gone out so far. It
	// begins anew after a broken connection.
	Sent func(bytes int64)
}

const importCSV = `mutation($input: ImportCsvInput!) { importCsv(input: $input) { importRun { ` + ImportFields + ` } } }`

// ImportCSV sends the file, without holding it in memory, and returns the import that the
// server has queued. Where the connection breaks, a file that can be rewound (io.Seeker) is
// sent again; the idempotency key sees to it that there is one import.
func (c *Client) ImportCSV(ctx context.Context, u Upload) (Import, error) {
	input := Vars{}
	maps.Copy(input, u.Input)
	input["kind"], input["file"], input["dryRun"] = u.Kind, nil, u.DryRun
	input["idempotencyKey"] = cmp.Or(u.IdempotencyKey, rand.Text())
	if u.CompanyID != "" {
		input["companyId"] = u.CompanyID
	}
	file := File{Name: u.Name, Content: u.File, Size: u.Size, Sent: u.Sent}
	rewind, err := file.measure()
	if err != nil {
		return Import{}, fmt.Errorf("measuring the file: %w", err)
	}
	var out struct{ ImportCsv struct{ ImportRun Import } }
	again := backoff{giveUp: c.options.GiveUp}
	for {
		err := c.DoFile(ctx, importCSV, Vars{"input": input}, "input.file", file, &out)
		if err == nil {
			return out.ImportCsv.ImportRun, nil
		}
		if rewind == nil {
			return Import{}, err
		}
		if err := again.failed(ctx, err); err != nil {
			return Import{}, err
		}
		if err := rewind(); err != nil {
			return Import{}, fmt.Errorf("going back to the file's beginning: %w", err)
		}
	}
}

// File is what a variable of type Upload stands for.
type File struct {
	Name    string
	Content io.Reader
	// Size in bytes; 0: not announced to the server.
	Size int64
	// Sent, if not nil, is called with how many bytes have gone out so far.
	Sent func(bytes int64)
}

// DoFile is [Client.Do] with a file, which it does not hold in memory: the GraphQL multipart
// request specification. The variable is the file's place in the variables, such as input.file,
// where they have nil.
func (c *Client) DoFile(ctx context.Context, query string, variables Vars, variable string, file File, out any) error {
	operations, err := json.Marshal(request{query, variables})
	if err != nil {
		return err
	}
	places, err := json.Marshal(map[string][]string{"0": {"variables." + variable}})
	if err != nil {
		return err
	}
	var around bytes.Buffer
	form := multipart.NewWriter(&around)
	err = errors.Join(form.WriteField("operations", string(operations)), form.WriteField("map", string(places)))
	if err == nil {
		_, err = form.CreateFormFile("0", file.Name)
	}
	before := around.Len()
	if err = errors.Join(err, form.Close()); err != nil {
		return err
	}
	size := int64(-1)
	if file.Size > 0 {
		size = file.Size + int64(around.Len())
	}
	head, tail := around.Bytes()[:before], around.Bytes()[before:]
	body := io.MultiReader(bytes.NewReader(head), &counter{r: file.Content, sent: file.Sent}, bytes.NewReader(tail))
	return c.send(ctx, form.FormDataContentType(), body, size, out)
}

// measure finds out the size of a file that can be rewound, and how to; nil where it cannot.
func (f *File) measure() (rewind func() error, err error) {
	file, ok := f.Content.(io.Seeker)
	if !ok {
		return nil, nil //nolint:nilnil // not every file can
	}
	begin, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // a pipe is an *os.File, too
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	f.Size = end - begin
	rewind = func() error {
		_, err := file.Seek(begin, io.SeekStart)
		return err
	}
	return rewind, rewind()
}

// counter counts what is read.
type counter struct {
	r    io.Reader
	n    int64
	sent func(int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.sent != nil && n > 0 {
		c.sent(c.n)
	}
	if err != nil && err != io.EOF {
		err = callersOwn{fmt.Errorf("reading the file: %w", err)}
	}
	return n, err
}
