package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
)

// Upload is a CSV file that is to be imported.
type Upload struct {
	Kind string // CUSTOMERS, CONTACTS or USERS
	Name string // the file's
	File io.Reader
	// Size in bytes; 0: found out where File is an io.Seeker, else not told to the server.
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
	// Sent, if not nil, is told how many bytes of the file have gone out so far. After a
	// connection that broke it begins anew.
	Sent func(bytes int64)
}

const importCSV = `mutation($input: ImportCsvInput!) { importCsv(input: $input) { importRun { ` + ImportFields + ` } } }`

// ImportCSV sends the file, without holding it in memory, and returns the import that the
// server has queued. Where the connection breaks, a file that can be rewound (io.Seeker) is
// sent again; the idempotency key sees to it that there is one import.
func (c *Client) ImportCSV(ctx context.Context, u Upload) (Import, error) {
	if u.IdempotencyKey == "" {
		u.IdempotencyKey = rand.Text()
	}
	rewind, err := u.measure()
	if err != nil {
		return Import{}, fmt.Errorf("measuring the file: %w", err)
	}
	var out struct{ ImportCsv struct{ ImportRun Import } }
	again := backoff{giveUp: c.options.GiveUp}
	for {
		body, contentType, size, err := u.form()
		if err != nil {
			return Import{}, err
		}
		err = c.send(ctx, contentType, body, size, &out)
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

// measure finds out the size of a file that can be rewound, and how to; nil where it cannot.
func (u *Upload) measure() (rewind func() error, err error) {
	file, ok := u.File.(io.Seeker)
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
	u.Size = end - begin
	rewind = func() error {
		_, err := file.Seek(begin, io.SeekStart)
		return err
	}
	return rewind, rewind()
}

// form is the body as the GraphQL multipart request specification has it, and its size; -1
// where that is not known.
func (u *Upload) form() (body io.Reader, contentType string, size int64, err error) {
	input := Vars{}
	for name, value := range u.Input {
		input[name] = value
	}
	input["kind"], input["file"], input["dryRun"], input["idempotencyKey"] = u.Kind, nil, u.DryRun, u.IdempotencyKey
	if u.CompanyID != "" {
		input["companyId"] = u.CompanyID
	}
	operations, err := json.Marshal(request{importCSV, Vars{"input": input}})
	if err != nil {
		return nil, "", 0, err
	}
	var around bytes.Buffer
	form := multipart.NewWriter(&around)
	err = errors.Join(form.WriteField("operations", string(operations)), form.WriteField("map", `{"0": ["variables.input.file"]}`))
	if err == nil {
		_, err = form.CreateFormFile("0", u.Name)
	}
	before := around.Len()
	if err = errors.Join(err, form.Close()); err != nil {
		return nil, "", 0, err
	}
	size = -1
	if u.Size > 0 {
		size = u.Size + int64(around.Len())
	}
	head, tail := around.Bytes()[:before], around.Bytes()[before:]
	return io.MultiReader(bytes.NewReader(head), &counter{r: u.File, told: u.Sent}, bytes.NewReader(tail)), form.FormDataContentType(), size, nil
}

// counter tells how much was read.
type counter struct {
	r    io.Reader
	n    int64
	told func(int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.told != nil && n > 0 {
		c.told(c.n)
	}
	if err != nil && err != io.EOF {
		err = callersOwn{fmt.Errorf("reading the file: %w", err)}
	}
	return n, err
}
