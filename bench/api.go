package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
)

type vars map[string]any

// do runs an operation and reads its data into out; nil: it is not wanted.
func (h *house) do(ctx context.Context, token, query string, variables vars, out any) error {
	body, err := json.Marshal(vars{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	resp, err := h.post(ctx, token, "application/json", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return answer(resp, out)
}

func (h *house) post(ctx context.Context, token, kind, accept string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/graphql", body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept", accept)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return http.DefaultClient.Do(req)
}

func answer(resp *http.Response, out any) error {
	var a struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code, Reason string }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return fmt.Errorf("HTTP %d: %w", resp.StatusCode, err)
	}
	if len(a.Errors) > 0 {
		return fmt.Errorf("HTTP %d %s %s: %s", resp.StatusCode, a.Errors[0].Extensions.Code, a.Errors[0].Extensions.Reason, a.Errors[0].Message)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(a.Data, out)
}

func (h *house) signIn(ctx context.Context, email string) (token string, err error) {
	var out struct{ SignIn struct{ Token string } }
	err = h.do(ctx, "", `mutation($e:String!,$p:String!){signIn(input:{email:$e,password:$p}){token}}`, vars{"e": email, "p": password}, &out)
	return out.SignIn.Token, err
}

// company makes a company and gives its id, and the token of its administrator.
func (h *house) company(ctx context.Context, name string) (id, token string, err error) {
	email := "ada@" + strings.ToLower(name) + ".example"
	var out struct {
		CreateCompany struct{ Company struct{ ID string } }
	}
	err = h.do(ctx, h.operator, `mutation($n:String!,$e:String!,$p:String!){createCompany(input:{name:$n,
		admin:{email:$e,firstName:"Ada",lastName:"Admin",password:$p}}){company{id}}}`, vars{"n": name, "e": email, "p": password}, &out)
	if err != nil {
		return "", "", err
	}
	token, err = h.signIn(ctx, email)
	return out.CreateCompany.Company.ID, token, err
}

// upload sends a file of the own company's contacts, streaming, and gives the import's id.
func (h *house) upload(ctx context.Context, token string, file io.Reader) (string, error) {
	return h.uploadInto(ctx, token, nil, file)
}

// uploadInto sends a file of the company's contacts; nil: the own company's.
func (h *house) uploadInto(ctx context.Context, token string, company *string, file io.Reader) (string, error) {
	operations, err := json.Marshal(vars{
		"query":     `mutation($f:Upload!,$c:ID){importCsv(input:{file:$f,kind:CONTACTS,companyId:$c}){importRun{id}}}`,
		"variables": vars{"f": nil, "c": company},
	})
	if err != nil {
		return "", err
	}
	body, out := io.Pipe()
	form := multipart.NewWriter(out)
	go func() {
		err := errors.Join(
			form.WriteField("operations", string(operations)),
			form.WriteField("map", `{"0":["variables.f"]}`))
		part, perr := form.CreateFormFile("0", "contacts.csv")
		if err = errors.Join(err, perr); err == nil {
			_, err = io.Copy(part, file)
		}
		out.CloseWithError(errors.Join(err, form.Close()))
	}()
	defer body.Close()
	resp, err := h.post(ctx, token, form.FormDataContentType(), "application/json", body)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var made struct {
		ImportCsv struct{ ImportRun struct{ ID string } }
	}
	err = answer(resp, &made)
	return made.ImportCsv.ImportRun.ID, err
}

// progress is an import's state.
type progress struct {
	Status                                                                          string
	TotalRows, ProcessedRows                                                        int
	CreatedCount, UpdatedCount, UnchangedCount, SkippedCount, FailedCount, Revision int
	Failure                                                                         *struct{ Code, Message string }
}

func (p progress) final() bool { return p.Status != "QUEUED" && p.Status != "RUNNING" }

const progressFields = `status totalRows processedRows createdCount updatedCount unchangedCount skippedCount failedCount revision failure{code message}`

// watch follows an import by server-sent events until its final state, which it gives; each
// sees every state on the way.
func (h *house) watch(ctx context.Context, token, run string, each func(progress)) (progress, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var last progress
	body, err := json.Marshal(vars{"query": `subscription($id:ID!){importProgress(id:$id){` + progressFields + `}}`, "variables": vars{"id": run}})
	if err != nil {
		return last, err
	}
	resp, err := h.post(ctx, token, "application/json", "text/event-stream", bytes.NewReader(body))
	if err != nil {
		return last, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok || strings.TrimSpace(data) == "" {
			continue
		}
		var event struct {
			Data   struct{ ImportProgress progress }
			Errors []struct{ Message string }
		}
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			return last, err
		}
		if len(event.Errors) > 0 {
			return last, errors.New(event.Errors[0].Message)
		}
		last = event.Data.ImportProgress
		if each != nil {
			each(last)
		}
		if last.final() {
			return last, nil
		}
	}
	return last, errors.Join(lines.Err(), fmt.Errorf("the stream ended while the import was %s", last.Status))
}
