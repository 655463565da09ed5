package app

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/schema"
)

const (
	tenancyPage = "../../docs/tenancy.md"
	tableBegins = "<!-- the matrix: go test -run TestTheMatrixIsInTheDocs ./internal/app -update-tenancy -->\n"
	tableEnds   = "<!-- the matrix ends -->\n"
)

// columns of the page's table, by who stands for it in the golden file.
var columns = []struct{ who, role string }{
	{"nobody", "nobody"}, {"operator", "operator"}, {"keller", "partner's administrator"}, {"okafor", "partner's member"},
	{"sato", "partner admin of alpha"}, {"ivanova", "partner admin of beta"}, {"alma", "alpha's administrator"}, {"carl", "alpha's member"},
	{"rita", "another partner's administrator"}, {"solomon", "administrator of no partner"}, {"idle", "inactive user"},
	{"faye", "demoted partner's administrator"}, {"fritz", "demoted partner's partner admin"},
}

var marks = map[string]string{
	"FORBIDDEN": "F", "NOT_FOUND": "N", "UNAUTHENTICATED": "U", "FAILED_PRECONDITION": "P", "INVALID_ARGUMENT": "I",
}

// The table of docs/tenancy.md is what testdata/tenancy.golden says, which is what the
// server does.
func TestTheMatrixIsInTheDocs(t *testing.T) {
	golden, err := os.ReadFile(goldenMatrix)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(tenancyPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), tableBegins)
	old, tail, ends := strings.Cut(rest, tableEnds)
	if !ok || !ends {
		t.Fatalf("%s has no place for the matrix", tenancyPage)
	}
	table := matrixTable(t, string(golden))
	if *updateMatrix {
		if err := os.WriteFile(tenancyPage, []byte(head+tableBegins+table+tableEnds+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := firstDifference(old, table); diff != "" {
		t.Errorf("%s: %s", tenancyPage, diff)
	}
}

// matrixTable turns the golden file into a table: each operation's answers by column.
func matrixTable(t *testing.T, golden string) string {
	t.Helper()
	var out strings.Builder
	out.WriteString("\n| Operation |")
	for i := range columns {
		fmt.Fprintf(&out, " %c |", 'a'+i)
	}
	out.WriteString("\n| --- |" + strings.Repeat(" :-: |", len(columns)) + "\n")
	operation, cells := "", map[string]string{}
	flush := func() {
		if operation == "" {
			return
		}
		fmt.Fprintf(&out, "| `%s` |", strings.ReplaceAll(operation, "|", `\|`))
		for _, c := range columns {
			if cells[c.who] == "" {
				t.Errorf("%s: the golden file has no answer for %s", operation, c.who)
			}
			out.WriteString(" " + cells[c.who] + " |")
		}
		out.WriteString("\n")
	}
	for _, line := range strings.Split(golden, "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, "    "):
			flush()
			operation, cells = line, map[string]string{}
		default:
			at := strings.LastIndex(line, ": ")
			for who := range strings.SplitSeq(line[at+2:], ", ") {
				cells[who] = mark(strings.TrimSpace(line[:at]))
			}
		}
	}
	flush()
	return out.String() + "\n"
}

// mark is an answer in a letter: nothing at all, or something.
func mark(answer string) string {
	if m, ok := marks[answer]; ok {
		return m
	}
	for word := range strings.FieldsSeq(answer) {
		if word != "null" && word != "[]" && word != "0" {
			return "✓"
		}
	}
	return "–"
}

var codeHeading = regexp.MustCompile("(?m)^## `([A-Z_]+)`$")

// docs/errors.md has each code once, in the schema's order, with its cause and its cure.
func TestEveryCodeIsInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	sdl := gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()})
	for _, enum := range []string{"ErrorCode"} {
		var codes []string
		for _, v := range sdl.Types[enum].EnumValues {
			codes = append(codes, v.Name)
		}
		var found []string
		parts := codeHeading.FindAllStringSubmatchIndex(string(page), -1)
		for i, p := range parts {
			end := len(page)
			if i+1 < len(parts) {
				end = parts[i+1][0]
			}
			found = append(found, string(page[p[2]:p[3]]))
			for _, part := range []string{"**Cause.** ", "**Cure.** "} {
				if n := strings.Count(string(page[p[1]:end]), part); n != 1 {
					t.Errorf("%s has %d times %q", found[i], n, part)
				}
			}
		}
		if !slices.Equal(found, codes) {
			t.Errorf("docs/errors.md has %v, the schema %v", found, codes)
		}
	}
}
