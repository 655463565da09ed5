package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"
)

// requestTime is how long an answer may take that is no stream.
const requestTime = 30 * time.Second

type vars map[string]any

// client talks GraphQL over HTTP, as the bearer of its token.
type client struct {
	http  *http.Client
	url   string
	token string
}

func newClient(url string) *client {
	// No proxy stands between this process and its own server.
	return &client{http: &http.Client{Transport: &http.Transport{}}, url: url + "/graphql"}
}

// problem is an error of a GraphQL answer.
type problem struct {
	Message    string
	Extensions struct{ Code, Reason string }
}

func (p problem) Error() string {
	code := p.Extensions.Code
	if p.Extensions.Reason != "" {
		code += " " + p.Extensions.Reason
	}
	return fmt.Sprintf("%s (%s)", p.Message, code)
}

// answer is what comes back for an operation; Data is not to be trusted where there are Errors.
type answer struct {
	Data   json.RawMessage
	Errors []problem
}

func (a answer) read(out any) error {
	if len(a.Errors) > 0 {
		return a.Errors[0]
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(a.Data, out)
}

// signIn gives a client that bears the account's session.
func (c *client) signIn(ctx context.Context, a Account) (*client, error) {
	var out struct{ SignIn struct{ Token string } }
	err := c.do(ctx, `mutation($input: SignInInput!) { signIn(input: $input) { token } }`,
		vars{"input": vars{"email": a.Email, "password": a.Password}}, &out)
	return &client{http: c.http, url: c.url, token: out.SignIn.Token}, err
}

// do sends an operation and reads its data into out.
func (c *client) do(ctx context.Context, query string, v vars, out any) error {
	body, err := json.Marshal(vars{"query": query, "variables": v})
	if err != nil {
		return err
	}
	return c.answer(ctx, "application/json", body, out)
}

const importCsv = `mutation($input: ImportCsvInput!) { importCsv(input: $input) { importRun { id } } }`

// upload sends the file as the GraphQL multipart request specification has it, and gives
// the import's id. The key makes sending it again harmless.
func (c *client) upload(ctx context.Context, f file, key string) (id string, err error) {
	operations, err := json.Marshal(vars{"query": importCsv, "variables": vars{
		"input": vars{"kind": "CUSTOMERS", "file": nil, "idempotencyKey": key},
	}})
	if err != nil {
		return "", err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err = errors.Join(form.WriteField("operations", string(operations)), form.WriteField("map", `{"0": ["variables.input.file"]}`))
	part, partErr := form.CreateFormFile("0", f.name)
	if err = errors.Join(err, partErr); err != nil {
		return "", err
	}
	if _, err = part.Write(f.content); err != nil {
		return "", err
	}
	if err = form.Close(); err != nil {
		return "", err
	}
	var out struct {
		ImportCsv struct{ ImportRun struct{ ID string } }
	}
	err = c.answer(ctx, form.FormDataContentType(), body.Bytes(), &out)
	return out.ImportCsv.ImportRun.ID, err
}

// answer posts and reads one answer.
func (c *client) answer(ctx context.Context, contentType string, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	resp, err := c.post(ctx, contentType, "application/json", body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return readAnswer(resp, out)
}

func (c *client) post(ctx context.Context, contentType, accept string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", accept)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.http.Do(req)
}

func readAnswer(resp *http.Response, out any) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("reading the answer (HTTP %d): %w", resp.StatusCode, err)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil || a.Data == nil && a.Errors == nil {
		return fmt.Errorf("HTTP %d with %.200q, which is no GraphQL answer", resp.StatusCode, text)
	}
	return a.read(out)
}
