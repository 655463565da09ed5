package transport_test

import (
	"io"
	"strings"
	"testing"

	"tenantry/graph/transport"
)

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
