package importer

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// example is a file of a page, and what the page says comes of it.
var example = regexp.MustCompile("(?s)```csv ([A-Z]+)\n(.*?)```\n\n```result\n(.*?)```")

// Every file in the docs gives what stands below it, in the page's order.
func TestTheExamplesOfTheDocs(t *testing.T) {
	for _, page := range []string{"csv.md", "moving.md"} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile("../../docs/" + page)
			if err != nil {
				t.Fatal(err)
			}
			all := example.FindAllStringSubmatch(string(text), -1)
			if n := strings.Count(string(text), "```csv"); len(all) != n || n < 3 {
				t.Fatalf("%d of %d examples say what comes of them", len(all), n)
			}
			inWorlds(t, func(t *testing.T, w *world) {
				w.furnish(w.partner, "77524609caa3558dd8f8da65 78a346ad8092c651c919337e", []string{"Marketing", "Trial", "Demo"}, "TEXT:plan", "DATE:renewal_date")
				for i, m := range all {
					e := w.engine(Options{})
					run := w.of(e, w.maria, enum.ImportKind(m[1]), w.partner, m[2])
					w.work(e)
					r := w.state(run.ID)
					got := fmt.Sprintf("created %d, updated %d, unchanged %d, skipped %d, failed %d\n",
						r.CreatedCount, r.UpdatedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount)
					for _, issue := range w.ledger(run.ID) {
						got += fmt.Sprintf("row %d, %s: %s\n", issue.Row, deref(issue.Column), issue.Code)
					}
					testenv.Equal(t, fmt.Sprintf("example %d, of %s", i+1, m[1]), got, m[3])
				}
			})
		})
	}
}

// edge is a transition of the state diagram.
var edge = regexp.MustCompile(`(?m)^    (\[\*\]|[A-Z]+) --> (\[\*\]|[A-Z]+)(:|$)`)

// The diagram of an import's life has every state; it ends in the final ones, from which
// nothing leads anywhere, and in no other.
func TestTheDiagramHasEveryState(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/imports.md")
	if err != nil {
		t.Fatal(err)
	}
	ends, leads, reached := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, m := range edge.FindAllStringSubmatch(string(text), -1) {
		if m[2] == "[*]" {
			ends[m[1]] = true
		} else {
			leads[m[1]], reached[m[2]] = true, true
		}
	}
	for _, name := range enum.ImportStatus("").Values() {
		final := enum.ImportStatus(name).Final()
		if !reached[name] || ends[name] != final || leads[name] == final {
			t.Errorf("%s: reached %v, the end %v, led on from %v; final is %v", name, reached[name], ends[name], leads[name], final)
		}
		delete(reached, name)
	}
	if len(reached) > 0 || !leads["[*]"] {
		t.Errorf("the diagram begins %v and has states that an import does not have: %v", leads["[*]"], reached)
	}
}

var updateColumns = flag.Bool("update-columns", false, "write the tables of columns into docs/csv.md")

// columnRow is a row of a table of columns that stands for one of them.
var columnRow = regexp.MustCompile("(?m)^\\| `.*\n")

// The tables of docs/csv.md are what the kinds' columns say of themselves.
func TestTheColumnsAreInTheDocs(t *testing.T) {
	t.Parallel()
	const page = "../../docs/csv.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.SplitAfter(string(text), "\n## ")
	for _, of := range kinds.Unopened() {
		title := string(of.Name()[:1]) + strings.ToLower(string(of.Name()[1:]))
		at := slices.IndexFunc(sections, func(s string) bool { return strings.HasPrefix(s, title+"\n") })
		if at < 0 {
			t.Fatalf("there is no section %q", title)
		}
		rows := columnRow.FindAllStringIndex(sections[at], -1)
		if len(rows) == 0 {
			t.Fatalf("the section %q has no table of columns", title)
		}
		from, to := rows[0][0], rows[len(rows)-1][1]
		want := columnTable(of.Columns(), strings.ToLower(title[:len(title)-1]))
		if *updateColumns {
			sections[at] = sections[at][:from] + want + sections[at][to:]
			continue
		}
		testenv.Equal(t, "the columns of "+title+" (go test -run TestTheColumnsAreInTheDocs ./internal/importer -update-columns)", sections[at][from:to], want)
	}
	if *updateColumns {
		if err := os.WriteFile(page, []byte(strings.Join(sections, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// columnTable are the rows of a table of columns of records that are called so.
func columnTable(columns []sheet.Column, what string) string {
	var b strings.Builder
	for _, c := range columns {
		description := c.Description
		if c.Required {
			description = "Required for a new " + what + ". " + description
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, strings.Join(c.Spellings()[1:], ", "), strings.NewReplacer(`\`, `\\`, `|`, `\|`).Replace(description))
	}
	return b.String()
}
