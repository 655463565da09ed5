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
}

// What is no proper upload is refused in plain words, never with a 500.
func TestUploadRefusals(t *testing.T) {
	r := serve(t, transport.Config{MaxBody: 2000})
	ops := part{name: "operations", content: uploadDocument}
	at := places(`{"0":["variables.file"]}`)
	withVariables := func(v string) part { return operations("mutation($file: Upload!) { upload(file: $file) }", v) }
	for _, c := range []struct {
		name   string
		parts  []part
		status int
		words  string
	}{
		{"operations null", []part{{name: "operations", content: "null"}, at, theFile}, 400, `"query" is missing`},
		{"operations broken", []part{{name: "operations", content: "{"}, at, theFile}, 400, "one JSON object"},
		{"operations too long", []part{{name: "operations", content: strings.Repeat(" ", 2001)}, at, theFile}, 413, "more than 2000 bytes"},
		{"a batch", []part{{name: "operations", content: "[" + uploadDocument + "]"}, places(`{"0":["0.variables.file"]}`), theFile}, 400, "batches are not supported"},
		{"variables null", []part{withVariables("null"), at, theFile}, 400, "leads nowhere"},
		{"variables a list", []part{withVariables("[]"), at, theFile}, 400, "must be an object"},
		{"a number for a name", []part{withVariables(`{"file":null}`), places(`{"0":["variables.0"]}`), theFile}, 400, "leads nowhere"},
		{"a path too far", []part{withVariables(`{"file":null}`), places(`{"0":["variables.file.x.y"]}`), theFile}, 400, "leads nowhere"},
		{"a path into a string", []part{withVariables(`{"file":"x"}`), places(`{"0":["variables.file.0"]}`), theFile}, 400, "leads nowhere"},
		{"an index too high", []part{withVariables(`{"file":[null]}`), places(`{"0":["variables.file.1"]}`), theFile}, 400, "leads nowhere"},
		{"a negative index", []part{withVariables(`{"file":[null]}`), places(`{"0":["variables.file.-1"]}`), theFile}, 400, "leads nowhere"},
		{"not null there", []part{withVariables(`{"file":"x"}`), at, theFile}, 400, "must have null there"},
		{"a path elsewhere", []part{ops, places(`{"0":["extensions.file"]}`), theFile}, 400, "must be variables."},
		{"a path of nothing", []part{ops, places(`{"0":[""]}`), theFile}, 400, "must be variables."},
		{"many paths", []part{ops, places(`{"0":["variables.file","variables.file"]}`), theFile}, 400, "has 2 paths"},
		{"no path", []part{ops, places(`{"0":[]}`), theFile}, 400, "has 0 paths"},
		{"no map entry", []part{ops, places(`{}`), theFile}, 400, "has 0 files"},
		{"two map entries", []part{ops, places(`{"0":["variables.file"],"1":["variables.x"]}`), theFile}, 400, "has 2 files"},
		{"map null", []part{ops, places(`null`), theFile}, 400, "has 0 files"},
		{"map broken", []part{ops, places(`[1]`), theFile}, 400, "JSON object of lists"},
		{"map too long", []part{ops, places(strings.Repeat(" ", 20_000)), theFile}, 413, "more than 16384 bytes"},
		{"map first", []part{at, ops, theFile}, 400, `first field must be "operations"`},
		{"file before map", []part{ops, theFile, at}, 400, `second field must be "map"`},
		{"another file's name", []part{ops, at, {"1", "a.csv", "x"}}, 400, `the file that "map" names`},
		{"no file", []part{ops, at}, 400, "has no file"},
		{"nothing", nil, 400, `no field "operations"`},
		{"two files", []part{ops, at, theFile, {"1", "b.csv", "x"}}, 400, "exactly one file"},
		{"a query", []part{operations("query($file: Upload) { hello }", `{"file":null}`), at, theFile}, 400, "never used"},
		{"a query that ignores it", []part{operations("{ hello }", `{"file":null}`), at, theFile}, 400, "for mutations with a file: send a query as JSON"},
		{"a mutation that ignores it", []part{operations(`mutation { rename(name: "x") }`, `{"file":null}`), at, theFile}, 400, "does not declare"},
		{"not a file's variable", []part{operations("mutation($file: String!) { rename(name: $file) }", `{"file":null}`), at, theFile}, 400, "String"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.upload(c.parts...)
			if a.status != c.status || !strings.Contains(a.message(), c.words) {
				t.Errorf("got %d %s, want %d with %q", a.status, a.text, c.status, c.words)
			}
			if a.code() == "" || a.code() == "INTERNAL" {
				t.Errorf("the code is %q: %s", a.code(), a.text)
			}
			select { // of two files, the first had reached its resolver
			case <-r.uploaded:
			default:
			}
		})
	}
}

func TestUploadWithAWrongBoundary(t *testing.T) {
	r := serve(t, transport.Config{})
	_, body := form(operations("{ hello }", "{}"))
	for contentType, words := range map[string]string{
		"multipart/form-data":                 "with a boundary",
		"multipart/form-data; boundary=other": `no field "operations"`,
	} {
		a := r.do(r.request("POST", "/", contentType, "", strings.NewReader(body)))
		if a.status != 400 || !strings.Contains(a.message(), words) {
			t.Errorf("%s: got %d %s, want 400 with %q", contentType, a.status, a.text, words)
		}
	}
	// Nor is a whole large body read in search of it.
	endless := io.LimitReader(lines{}, 100<<20)
	a := r.do(r.request("POST", "/", "multipart/form-data; boundary=other", "", endless))
	if a.status != 400 || !strings.Contains(a.text, "boundary is not the one") {
		t.Errorf("endless: got %d %s", a.status, a.text)
	}
}

// lines is an endless body of short lines.
type lines struct{}

const someLines = "x,y,z,x,y,z,x,y,z,x,y,z,x,y,z,x,y,z,x,y,z,x,y,z,x,y,z,x,y,z\r\n"

func (lines) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], someLines)
	}
	return n, nil
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
	r := serve(t, transport.Config{ReadTimeout: 50 * time.Millisecond})
	a := r.upload(operations("mutation($file: Upload!) { linger(file: $file, ms: 120) }", `{"file":null}`), places(`{"0":["variables.file"]}`),
		part{"0", "a.csv", strings.Repeat("x", 300_000)})
	if a.status != 200 || len(a.body.Errors) > 0 {
		t.Errorf("got %d %s", a.status, a.text)
	}
}
