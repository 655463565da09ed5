package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every example of docs/ that says who does it is done, page by page, on both sets of parts, and gives what the
// page says.
//
// The convention: a fenced block `graphql <who>` is an operation that one of the cast does
// (nobody, operator, maria, tom, ann, rita; see cast below), and the fenced block `json`
// behind it is the whole answer: its data, or {"errors": […]} with of each error the code
// and, where one is at fault, the field. "<name>" stands for a value that an answer has
// given under this name before, and in an answer for one that is met the first time. Blocks
// that name nobody, such as those that take a file, are checked against the schema
// (TestTheOperationsOfTheDocs).
func TestExamplesOfTheDocs(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		found := examples(t, page, string(text))
		if len(found) == 0 {
			continue
		}
		done += len(found)
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			onBothSets(t, func(t *testing.T, s *server) {
				c := newCast(s)
				for _, e := range found {
					c.try(e)
				}
			})
		})
	}
	if done < 10 {
		t.Errorf("docs/ has only %d examples", done)
	}
}

type example struct{ at, who, query, answer string }

var fence = regexp.MustCompile("(?m)^```(.*)$")

// examples are the page's fenced blocks of GraphQL with their answers.
func examples(t *testing.T, page, text string) (found []example) {
	t.Helper()
	marks := fence.FindAllStringSubmatchIndex(text, -1)
	if len(marks)%2 != 0 {
		t.Fatalf("%s: a fenced block does not end", page)
	}
	for i := 0; i < len(marks); i += 2 {
		info, body := text[marks[i][2]:marks[i][3]], text[marks[i][1]:marks[i+1][0]]
		language, who, _ := strings.Cut(info, " ")
		at := fmt.Sprintf("%s:%d", page, 1+strings.Count(text[:marks[i][0]], "\n"))
		switch {
		case language == "graphql" && who != "":
			found = append(found, example{at: at, who: who, query: strings.TrimSpace(body)})
		case language == "json" && len(found) > 0 && found[len(found)-1].answer == "":
			found[len(found)-1].answer = body
		}
	}
	for _, e := range found {
		if e.answer == "" {
			t.Errorf("%s: the example does not say what comes of it", e.at)
		}
	}
	return found
}

// cast is who appears in the examples, and the values that they have named.
type cast struct {
	s      *server
	tokens map[string]string
	values map[string]string
}

// newCast is two partners, Northwind (maria administers it, tom is a member) and Rival
// (rita), and a company that stands alone, Umbrella (ann).
func newCast(s *server) *cast {
	s.t.Helper()
	c := &cast{s: s, tokens: map[string]string{"nobody": ""}, values: map[string]string{}}
	c.values["northwind"], c.tokens["maria"], c.tokens["tom"] = s.partner("Northwind", "northwind.example")
	c.values["umbrella"], c.tokens["ann"] = s.company("Umbrella", "ann@umbrella.example")
	c.values["rival"], c.tokens["rita"], _ = s.partner("Rival", "rival.example")
	c.tokens["operator"] = s.operator()
	c.values["tom"], c.values["maria"] = s.viewerID(c.tokens["tom"]), s.viewerID(c.tokens["maria"])
	return c
}

var named = regexp.MustCompile(`<([a-z][a-z-]*)>`)

func (c *cast) try(e example) {
	t := c.s.t
	t.Helper()
	token, ok := c.tokens[e.who]
	if !ok {
		t.Fatalf("%s: nobody is called %q", e.at, e.who)
	}
	query := named.ReplaceAllStringFunc(e.query, func(name string) string {
		value, ok := c.values[name[1:len(name)-1]]
		if !ok {
			t.Fatalf("%s: no answer has given %s", e.at, name)
		}
		return value
	})
	r := c.s.gql(token, query, nil)
	var got, want any
	if err := json.Unmarshal([]byte(e.answer), &want); err != nil {
		t.Fatalf("%s: the answer is no JSON: %v", e.at, err)
	}
	if len(r.Errors) > 0 {
		var errors []any
		for _, x := range r.Errors {
			one := map[string]any{"code": x.Extensions.Code}
			if len(x.Extensions.Field) > 0 {
				field := make([]any, len(x.Extensions.Field))
				for i, f := range x.Extensions.Field {
					field[i] = f
				}
				one["field"] = field
			}
			errors = append(errors, one)
		}
		got = map[string]any{"errors": errors}
	} else if err := json.Unmarshal(r.Data, &got); err != nil {
		t.Fatalf("%s: %v", e.at, err)
	}
	if !c.same(got, want) {
		text, _ := json.MarshalIndent(got, "", "  ")
		t.Errorf("%s: the page says\n%s\nbut this came: %+v\n%s", e.at, strings.TrimSpace(e.answer), r.Errors, text)
	}
}

// same compares an answer with what the page says, and learns the values that it names.
func (c *cast) same(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		of, ok := got.(map[string]any)
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(of)), slices.Sorted(maps.Keys(want))) {
			return false
		}
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if !c.same(of[key], want[key]) {
				return false
			}
		}
		return true
	case []any:
		of, ok := got.([]any)
		if !ok || len(of) != len(want) {
			return false
		}
		for i := range want {
			if !c.same(of[i], want[i]) {
				return false
			}
		}
		return true
	case string:
		name := named.FindStringSubmatch(want)
		text, ok := got.(string)
		if !ok || name == nil || name[0] != want {
			return got == want
		}
		if known, ok := c.values[name[1]]; ok {
			return text == known
		}
		c.values[name[1]] = text
		return text != ""
	}
	return reflect.DeepEqual(got, want)
}
