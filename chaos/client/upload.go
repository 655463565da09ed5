package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"time"
)

// Upload is a file on its way to importCsv.
type Upload struct {
	Token   string
	Kind    string // CUSTOMERS, CONTACTS or USERS
	Name    string
	Content []byte
	Key     string // the idempotency key
	DryRun  bool
	Company string // a customer, in place of the sender's own company

	// Pace, where set, is called before each piece of the body, with how much of it was
	// sent: it may wait, or break the upload off with an error.
	Pace func(sent, size int) error
	// Failed, where set, is called with what became of each try that is made again.
	Failed func(error)
	Piece  int  // bytes a piece; 0: all at once
	Blind  bool // do not announce the length (chunked)
}

const importMutation = `mutation($input:ImportCsvInput!){importCsv(input:$input){importRun{id}}}`

// Once sends the file once, and gives the import's id.
func (n *Nodes) Once(ctx context.Context, u Upload) (string, error) {
	body, contentType, err := u.form()
	if err != nil {
		return "", err
	}
	size := int64(len(body))
	var reader io.Reader = bytes.NewReader(body)
	if u.Pace != nil {
		reader = &pacedReader{upload: u, body: body}
	}
	if u.Blind {
		size = -1
	}
	var out struct {
		ImportCsv struct{ ImportRun struct{ ID string } }
	}
	if err := n.send(ctx, u.Token, contentType, reader, size, &out); err != nil {
		return "", err
	}
	return out.ImportCsv.ImportRun.ID, nil
}

// Deliver sends the file until it is answered for good, or ctx ends. The key makes the
// repetition harmless.
func (n *Nodes) Deliver(ctx context.Context, u Upload) (string, error) {
	for {
		one, cancel := context.WithTimeout(ctx, 60*time.Second)
		run, err := n.Once(one, u)
		cancel()
		if err == nil || Final(err) && !brokenOff(err) {
			return run, err
		}
		if u.Failed != nil {
			u.Failed(err)
		}
		u.Pace = nil // what was to happen on the way has happened
		select {
		case <-ctx.Done():
			return "", errors.Join(context.Cause(ctx), err)
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// brokenOff: the server itself says that the file did not arrive whole, and to send it again.
func brokenOff(err error) bool {
	f, ok := errors.AsType[*Fault](err)
	return ok && (f.Code == "BAD_REQUEST" || f.Code == "FAILED_PRECONDITION")
}

// form is the request's body by the GraphQL multipart request specification.
func (u Upload) form() ([]byte, string, error) {
	input := map[string]any{"kind": u.Kind, "file": nil, "dryRun": u.DryRun}
	if u.Company != "" {
		input["companyId"] = u.Company
	}
	if u.Key != "" {
		input["idempotencyKey"] = u.Key
	}
	operations, err := json.Marshal(map[string]any{"query": importMutation, "variables": map[string]any{"input": input}})
	if err != nil {
		return nil, "", err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err = errors.Join(form.WriteField("operations", string(operations)), form.WriteField("map", `{"0":["variables.input.file"]}`))
	part, perr := form.CreateFormFile("0", u.Name)
	if err = errors.Join(err, perr); err != nil {
		return nil, "", err
	}
	_, _ = part.Write(u.Content) // a bytes.Buffer takes everything
	err = form.Close()
	return body.Bytes(), form.FormDataContentType(), err
}

type pacedReader struct {
	upload Upload
	body   []byte
	sent   int
}

func (r *pacedReader) Read(p []byte) (int, error) {
	if r.sent == len(r.body) {
		return 0, io.EOF
	}
	if err := r.upload.Pace(r.sent, len(r.body)); err != nil {
		return 0, err
	}
	if most := r.upload.Piece; most > 0 && len(p) > most {
		p = p[:most]
	}
	n := copy(p, r.body[r.sent:])
	r.sent += n
	return n, nil
}
