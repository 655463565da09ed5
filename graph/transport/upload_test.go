package transport_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenantry/graph/transport"
	"tenantry/internal/fault"
)

const uploadDocument = `{"query":"mutation($file: Upload!) { upload(file: $file) }","variables":{"file":null}}`

// part is one field of a form; a field with a file name is a file.
type part struct{ name, file, content string }

// form makes a multipart body.
func form(parts ...part) (contentType, body string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		var field io.Writer
		if p.file != "" {
			field, _ = w.CreateFormFile(p.name, p.file)
		} else {
			field, _ = w.CreateFormField(p.name)
		}
		_, _ = io.WriteString(field, p.content)
	}
	_ = w.Close()
	return w.FormDataContentType(), b.String()
}

func (r *rig) upload(parts ...part) answer {
	r.t.Helper()
	contentType, body := form(parts...)
	return r.do(r.request("POST", "/", contentType, responseJSON, strings.NewReader(body)))
}

func operations(document, variables string) part {
	return part{name: "operations", content: fmt.Sprintf(`{"query":%q,"variables":%s}`, document, variables)}
}

func places(json string) part { return part{name: "map", content: json} }

var theFile = part{"0", "a.csv", "email\na@b.c\n"}

func TestUploadReachesItsResolver(t *testing.T) {
	r := serve(t, transport.Config{})
	const input = "mutation($input: FileInput!) { uploadInput(input: $input) }"
	for _, c := range []struct{ name, document, variables, path string }{
		{"a variable", "mutation($file: Upload!) { upload(file: $file) }", `{"file":null}`, "variables.file"},
		{"in an input", input, `{"input":{"note":"x","file":null}}`, "variables.input.file"},
		{"in a list", input, `{"input":{"files":[null]}}`, "variables.input.files.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.upload(operations(c.document, c.variables), places(fmt.Sprintf(`{"0":[%q]}`, c.path)), theFile)
			if a.status != 200 || !strings.Contains(a.text, ":12}") {
				t.Fatalf("got %d %s, want 200 and 12 bytes", a.status, a.text)
			}
			upload := receive(t, r.uploaded, "the upload")
			if upload.Filename != "a.csv" || upload.ContentType != "application/octet-stream" || upload.Size != -1 {
				t.Errorf("the resolver had %+v", upload)
			}
			if _, err := upload.File.Read(make([]byte, 1)); err == nil {
				t.Error("the file could be read after the request")
			}
		})
	}
}

func TestUploadFileSeeksNowhere(t *testing.T) {
	r := serve(t, transport.Config{})
	r.upload(operations("mutation($file: Upload!) { ignore(file: $file) }", `{"file":null}`), places(`{"0":["variables.file"]}`), theFile)
	file := receive(t, r.uploaded, "the upload").File
	for _, whence := range []int{io.SeekStart, io.SeekCurrent} {
		if pos, err := file.Seek(0, whence); pos != 0 || err != nil {
			t.Errorf("Seek(0, %d) = %d, %v", whence, pos, err)
		}
	}
	for _, c := range []struct {
		offset int64
		whence int
	}{{1, io.SeekStart}, {1, io.SeekCurrent}, {0, io.SeekEnd}} {
		if _, err := file.Seek(c.offset, c.whence); err == nil {
			t.Errorf("Seek(%d, %d) went somewhere", c.offset, c.whence)
		}
	}
	if n, err := file.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("a file that was not read in time could be read later")
	}
}

// A page of another origin can send multipart unasked, so browsers must show that they
// asked; other programs send no Origin and need nothing.
func TestUploadFromABrowserNeedsAPreflightHeader(t *testing.T) {
	r := serve(t, transport.Config{})
	contentType, body := form(part{name: "operations", content: uploadDocument}, places(`{"0":["variables.file"]}`), theFile)
	for _, c := range []struct {
		headers string
		status  int
	}{
		{"", 200}, {"Origin", 403}, {"Sec-Fetch-Site", 403}, {"Origin Apollo-Require-Preflight", 200},
		{"Origin X-Apollo-Operation-Name", 200}, {"Sec-Fetch-Site GraphQL-Require-Preflight", 200},
	} {
		req := r.request("POST", "/", contentType, "", strings.NewReader(body))
		for _, name := range strings.Fields(c.headers) {
			req.Header.Set(name, "x")
		}
		if a := r.do(req); a.status != c.status {
			t.Errorf("%q: got %d %s, want %d", c.headers, a.status, a.text, c.status)
		}
		if c.status == 200 {
			receive(t, r.uploaded, "the upload")
		}
	}
}

// countingBody counts what a handler reads of a request's body.
type countingBody struct {
	io.ReadCloser
	read *atomic.Int64
}

func (b countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

func counting(read *atomic.Int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = countingBody{r.Body, read}
			next.ServeHTTP(w, r)
		})
	}
}

func TestUnauthorizedUploadIsRefusedUnread(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{errors.New("no token: secret"), 401, "UNAUTHENTICATED"},
		{fault.New(fault.Unauthenticated, "sign in"), 401, "UNAUTHENTICATED"},
		{fault.New(fault.Forbidden, "this key reads only"), 403, "FORBIDDEN"},
		{fault.New(fault.RateLimited, "later"), 429, "RATE_LIMITED"},
	} {
		var read atomic.Int64
		r := serve(t, transport.Config{Authorize: func(*http.Request) error { return c.err }}, counting(&read))
		contentType, body := form(part{name: "operations", content: uploadDocument}, places(`{"0":["variables.file"]}`), theFile)
		a := r.do(r.request("POST", "/", contentType, "", strings.NewReader(body)))
		if a.status != c.status || a.code() != c.code || strings.Contains(a.text, "secret") {
			t.Errorf("got %d %s, want %d %s", a.status, a.text, c.status, c.code)
		}
		if read.Load() != 0 {
			t.Errorf("%d bytes were read", read.Load())
		}
		// A client that asks first is not told to go on.
		conn := rawRequest(t, r, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
		if status, text := readRawAnswer(t, conn); status != c.status {
			t.Errorf("Expect: 100-continue: got %d %s, want %d", status, text, c.status)
		}
	}
}

func TestStalledUploadIsGivenUp(t *testing.T) {
	r := serve(t, transport.Config{ReadTimeout: 100 * time.Millisecond})
	contentType, body := form(part{name: "operations", content: uploadDocument}, places(`{"0":["variables.file"]}`), theFile)
	conn := rawRequest(t, r, fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body[:len(body)-60]))
	status, text := readRawAnswer(t, conn)
	if status != 408 || !strings.Contains(text, "too slowly") {
		t.Errorf("got %d %s, want 408", status, text)
	}
}

// Only the client is hurried: what time the resolver takes is its own.
func TestUploadGivesItsResolverTime(t *testing.T) {
	cfg := transport.Config{ReadTimeout: 50 * time.Millisecond}
	for _, r := range []*rig{serve(t, cfg), serveHTTP2(t, cfg)} {
		a := r.upload(operations("mutation($file: Upload!) { linger(file: $file, ms: 120) }", `{"file":null}`), places(`{"0":["variables.file"]}`),
			part{"0", "a.csv", strings.Repeat("x", 3_000_000)})
		if a.status != 200 || len(a.body.Errors) > 0 {
			t.Errorf("%s: got %d %s", r.url, a.status, a.text)
		}
	}
}
