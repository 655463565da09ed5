package transport

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/internal/fault"
)

// The multipart request specification's `map` and `operations` are the client's: whatever
// stands in them, the file comes to stand in the variables where there was null, once, or
// the request is refused as a bad one.
func FuzzMap(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"0":["variables.file"]}`, `{"file":null}`}, {`{"0":["variables.input.file"]}`, `{"input":{"file":null}}`},
		{`{"0":["variables.files.1"]}`, `{"files":[null,null]}`}, {`{"0":["variables"]}`, `{}`}, {`{"0":["variables."]}`, `{"":null}`},
		{`{"0":["variables.a.b.c"]}`, `{"a":{"b":1}}`}, {`{"0":["variables.a.-1"]}`, `{"a":[null]}`}, {`{"0":["variables.a.00"]}`, `{"a":[null]}`},
		{`{"0":["variables.a","variables.b"]}`, `{"a":null,"b":null}`}, {`null`, `null`}, {`{"0":null}`, `{"a":null}`}, {`{"0":["variables.a"],"0":["variables.b"]}`, `{"b":null}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, places, variables string) {
		_, path, err := onePlace([]byte(places))
		if err != nil {
			if !fault.Is(err, fault.BadRequest) {
				t.Fatalf("map %q: %v", places, err)
			}
			return
		}
		var before, after map[string]any
		if json.Unmarshal([]byte(variables), &before) != nil || json.Unmarshal([]byte(variables), &after) != nil {
			return
		}
		variable, err := place(after, path, graphql.Upload{Filename: "the upload"})
		if err != nil {
			if !fault.Is(err, fault.BadRequest) || !reflect.DeepEqual(before, after) {
				t.Fatalf("path %q in %q: %v; the variables are %v", path, variables, err, after)
			}
			return
		}
		if n := uploads(after); n != 1 {
			t.Fatalf("path %q in %q: the file stands there %d times", path, variables, n)
		}
		if _, there := after[variable]; !there || !strings.HasPrefix(path, "variables."+variable) {
			t.Fatalf("path %q in %q is said to be in %q", path, variables, variable)
		}
		// But for it nothing has changed: null again, they are what they were.
		if again, err := json.Marshal(blanked(after)); err != nil || !sameJSON(again, before) {
			t.Fatalf("path %q in %q: %s, %v", path, variables, again, err)
		}
	})
}

func uploads(v any) (n int) {
	switch v := v.(type) {
	case graphql.Upload:
		return 1
	case map[string]any:
		for _, c := range v {
			n += uploads(c)
		}
	case []any:
		for _, c := range v {
			n += uploads(c)
		}
	}
	return n
}

func blanked(v any) any {
	switch v := v.(type) {
	case graphql.Upload:
		return nil
	case map[string]any:
		out := map[string]any{}
		for k, c := range v {
			out[k] = blanked(c)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, c := range v {
			out[i] = blanked(c)
		}
		return out
	}
	return v
}

func sameJSON(raw []byte, want map[string]any) bool {
	var got map[string]any
	return json.Unmarshal(raw, &got) == nil && reflect.DeepEqual(got, want)
}
