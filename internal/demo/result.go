package demo

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"tenantry/client"
)

// Issue is one problem of one row, as the API tells it.
type Issue struct {
	Row, Line     int
	Column        *string
	Code, Message string
}

// issueCodes are those that files of customers can have.
var issueCodes = []string{
	"ALREADY_EXISTS", "DUPLICATE_IN_FILE", "INVALID_EMAIL", "REQUIRED", "TOO_LONG",
	"UNKNOWN_PARTNER_ADMIN", "UNSAFE_CONTENT", "WRONG_FIELD_COUNT",
}

// result reads the import at its end, its first problems, how many there are of each
// code, and how many customers the partner has now.
func result(ctx context.Context, c *client.Client, r *Result) error {
	var byCode strings.Builder
	for _, code := range issueCodes {
		fmt.Fprintf(&byCode, "%s: issues(code: %s) { totalCount } ", code, code)
	}
	var out struct {
		ImportRun struct {
			client.Import
			Issues struct{ Nodes []Issue }
		}
		Customers struct{ TotalCount int }
	}
	id := client.Vars{"id": r.Import.ID}
	err := c.Do(ctx, `query($id: ID!, $first: Int!) {
		importRun(id: $id) { `+client.ImportFields+` issues(first: $first) { nodes { row line column code message } } }
		customers(filter: {isOwn: false}) { totalCount }
	}`, client.Vars{"id": r.Import.ID, "first": shownIssues}, &out)
	if err != nil {
		return err
	}
	var counts struct {
		ImportRun map[string]struct{ TotalCount int }
	}
	if err := c.Do(ctx, `query($id: ID!) { importRun(id: $id) { `+byCode.String()+`} }`, id, &counts); err != nil {
		return err
	}
	r.Import, r.Issues, r.Customers = out.ImportRun.Import, out.ImportRun.Issues.Nodes, out.Customers.TotalCount
	r.ByCode = map[string]int{}
	for code, n := range counts.ImportRun {
		r.ByCode[code] = n.TotalCount
	}
	return nil
}

// Report writes the counts, the problems by code, and the first of them.
func (r Result) Report(w io.Writer) {
	i := r.Import
	fmt.Fprintf(w, "\n%s: %s rows", i.Status, count(i.TotalRows))
	if i.StartedAt != nil && i.FinishedAt != nil {
		fmt.Fprintf(w, " in %s", roughly(i.FinishedAt.Sub(*i.StartedAt)))
	}
	fmt.Fprintln(w, ", with the result that the file was made for:")
	for _, line := range []struct {
		what string
		n    int
	}{{"created", i.CreatedCount}, {"updated", i.UpdatedCount}, {"unchanged", i.UnchangedCount}, {"skipped", i.SkippedCount}, {"failed", i.FailedCount}} {
		fmt.Fprintf(w, "  %-9s %6s\n", line.what, count(line.n))
	}
	fmt.Fprintln(w, "\nProblems:")
	for _, code := range slices.Sorted(maps.Keys(r.ByCode)) {
		if n := r.ByCode[code]; n > 0 {
			fmt.Fprintf(w, "  %-21s %6s\n", code, count(n))
		}
	}
	fmt.Fprintln(w, "\nThe first of them:")
	for _, issue := range r.Issues {
		where := ""
		if issue.Column != nil {
			where = ", " + *issue.Column
		}
		fmt.Fprintf(w, "  row %d, line %d%s: %s\n", issue.Row, issue.Line, where, issue.Code)
		for _, line := range wrap(issue.Message, 72) {
			fmt.Fprintln(w, "     ", line)
		}
	}
}

// SignIns writes who may sign in.
func (r Result) SignIns(w io.Writer) {
	for _, line := range []struct {
		who string
		Account
	}{{"administrator", r.Admin}, {"member", r.Member}, {"operator", r.Operator}} {
		fmt.Fprintf(w, "  %-13s  %-33s  %s\n", line.who, line.Email, line.Password)
	}
}

// Addresses writes where to go on, and with what.
func (r Result) Addresses(w io.Writer) {
	fmt.Fprintf(w, "  GraphiQL     %s/graphiql\n  API          %s/graphql\n", r.URL, r.URL)
	if r.Import.RejectsURL != nil {
		fmt.Fprintf(w, "  Failed rows  %s\n", *r.Import.RejectsURL)
	}
	fmt.Fprintf(w, `
To look at it as the partner's administrator, put this into GraphiQL's headers:

{"Authorization": "Bearer %s"}

and this where the query goes:

{
  customers(first: 5, filter: {search: %q}) {
    totalCount
    nodes { name slug contactEmail partnerAdmins { email } }
  }
  importRuns(first: 1) {
    nodes {
      status createdCount skippedCount failedCount
      issues(first: 3) { nodes { row code message } }
    }
  }
}
`, r.Token, r.Search)
}

// wrap breaks a text between words into lines of at most so many characters; a longer
// word has a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last >= 0 && utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) <= width {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
