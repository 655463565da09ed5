package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/graph/limits"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// Issues of an import are paged by an index, however many there are: each page, forwards and
// backwards, of all codes or of one, is read in the index's order from where the cursor
// stands, with no sort and without a look at other imports' issues.
func TestIssuesPageByAnIndex(t *testing.T) {
	t.Parallel()
	var said statements
	testenv.Observed(t, said.tell, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{MaxComplexity: 1 << 40}, 1<<20))
		run := w.manyIssues(3_000)
		const fields = `{nodes{row code} pageInfo{endCursor startCursor}}`
		page := func(args string) (plans []string, cursor string) {
			said.take()
			a := w.ask("keller", fmt.Sprintf(`{importRun(id:%q){issues(%s)%s}}`, run, args, fields), nil)
			if len(a.Errors) > 0 {
				t.Fatalf("issues(%s): %+v", args, a.Errors[0])
			}
			for _, statement := range said.take() {
				if strings.Contains(statement, "import_issues") {
					plans = append(plans, w.plan(statement))
				}
			}
			var out struct {
				ImportRun struct {
					Issues struct {
						Nodes    []any
						PageInfo struct{ EndCursor, StartCursor string }
					}
				}
			}
			raw, err := json.Marshal(a.Data)
			testenv.Must(t, err)
			testenv.Must(t, json.Unmarshal(raw, &out))
			if n := len(out.ImportRun.Issues.Nodes); n != 50 {
				t.Errorf("issues(%s): %d", args, n)
			}
			return plans, out.ImportRun.Issues.PageInfo.EndCursor
		}
		_, cursor := page("first:50")
		for _, args := range []string{
			"first:50", "last:50", fmt.Sprintf("first:50,after:%q", cursor),
			"first:50,code:REQUIRED", "last:50,code:REQUIRED", fmt.Sprintf("first:50,after:%q,code:REQUIRED", cursor),
		} {
			plans, _ := page(args)
			if len(plans) != 1 {
				t.Fatalf("issues(%s) takes %d statements", args, len(plans))
			}
			if !byIndex.MatchString(plans[0]) || elsewise.MatchString(plans[0]) {
				t.Errorf("issues(%s) is read by\n%s", args, plans[0])
			}
		}
	})
}

// The pages that the entries of a list have are read by the same index, a page of each at most,
// also where one statement reads all of them.
func TestPagesOfEntriesAreReadByAnIndex(t *testing.T) {
	t.Parallel()
	var said statements
	testenv.Observed(t, said.tell, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{MaxComplexity: 1 << 40}, 1<<20))
		w.manyIssues(3_000)
		for _, args := range []string{"first:50", "last:50", "first:50,code:REQUIRED"} {
			said.take()
			a := w.ask("keller", fmt.Sprintf(`{importRuns(first:2){nodes{issues(%s){nodes{row}}}}}`, args), nil)
			if n := strings.Count(a.text, `"row"`); n != 100 {
				t.Errorf("issues(%s): %d: %.300s", args, n, a.text)
			}
			var plans []string
			for _, statement := range said.take() {
				if strings.Contains(statement, "FROM \"import_issues\"") || strings.Contains(statement, "FROM `import_issues`") {
					plans = append(plans, w.plan(statement))
				}
			}
			if len(plans) != 1 {
				t.Fatalf("issues(%s) takes %d statements", args, len(plans))
			}
			if !pageByIndex.MatchString(plans[0]) {
				t.Errorf("issues(%s) is read by\n%s", args, plans[0])
			}
		}
	})
}

// pageByIndex are the lines that read one entry's page, in the index's order up to its limit.
var pageByIndex = regexp.MustCompile(`Limit .*\n *-> +Index (Only )?Scan( Backward)? using importissue_\w+ on import_issues` +
	`|SEARCH import_issues USING COVERING INDEX importissue_\w+ \(import_run_id=\?.*\n *SCAN page0`)

// elsewise is what stands in a plan that reads more issues than the page has, or sorts them.
var elsewise = regexp.MustCompile(`Sort|TEMP B-TREE|Seq Scan on import_issues|Bitmap|SCAN import_issues`)

// byIndex is the plan's line that reads the issues, on either database.
var byIndex = regexp.MustCompile(`Index Scan( Backward)? using importissue_\w+ on import_issues|SEARCH import_issues USING INDEX importissue_\w+ \(import_run_id=\?`)

// manyIssues makes two imports of keller's with so many issues each, and gives one of them.
func (w *tenants) manyIssues(n int) id.ID {
	w.t.Helper()
	c := w.db.Ent()
	runs := []id.ID{id.New(id.ImportRun), id.New(id.ImportRun)}
	for _, run := range runs {
		testenv.Must(w.t, c.ImportRun.Create().SetID(run).SetCompanyID(w.IDs["northwind"]).SetCreatedByID(w.IDs["keller"]).SetCreatedByName("keller").
			SetKind(enum.Contacts).SetStatus(enum.Completed).SetFileName("x").SetFileSize(1).SetUploadKey("").
			SetFormat(json.RawMessage("{}")).SetTotalRows(n).SetProcessedRows(n).SetFailedCount(n).SetFinishedAt(time.Now().UTC()).Exec(w.System))
		for from := 0; from < n; from += 500 {
			var issues []*ent.ImportIssueCreate
			for i := from; i < from+500; i++ {
				code := enum.Required
				if i%3 == 0 {
					code = enum.InvalidEmail
				}
				issues = append(issues, c.ImportIssue.Create().SetImportRunID(run).SetRow(i).SetOrdinal(0).SetLine(i).SetCode(code).SetMessage("x"))
			}
			testenv.Must(w.t, c.ImportIssue.CreateBulk(issues...).Exec(w.System))
		}
	}
	_, err := w.db.SQL().ExecContext(w.System, "ANALYZE")
	testenv.Must(w.t, err)
	return runs[0]
}

var placeholder = regexp.MustCompile(`\$\d+|\?`)

// plan is how the database would do the statement, whatever its parameters.
func (w *tenants) plan(statement string) string {
	w.t.Helper()
	conn, err := w.db.SQL().Conn(context.WithoutCancel(w.System))
	testenv.Must(w.t, err)
	defer conn.Close()
	n, args := 0, []any{}
	for _, p := range placeholder.FindAllString(statement, -1) {
		var number int
		if _, err := fmt.Sscanf(p, "$%d", &number); err != nil {
			number = n + 1
		}
		n = max(n, number)
	}
	for range n {
		args = append(args, nil)
	}
	query := "EXPLAIN QUERY PLAN " + statement
	if w.db.Dialect() == database.Postgres {
		_, err := conn.ExecContext(w.System, "SET plan_cache_mode = force_generic_plan")
		testenv.Must(w.t, err)
		_, err = conn.ExecContext(w.System, "PREPARE looked_at AS "+statement)
		testenv.Must(w.t, err)
		defer func() {
			_, err := conn.ExecContext(w.System, "DEALLOCATE looked_at; RESET plan_cache_mode")
			testenv.Must(w.t, err)
		}()
		query, args = "EXPLAIN EXECUTE looked_at("+strings.TrimSuffix(strings.Repeat("NULL,", n), ",")+")", nil
	}
	rows, err := conn.QueryContext(w.System, query, args...)
	testenv.Must(w.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	testenv.Must(w.t, err)
	var out strings.Builder
	for rows.Next() {
		cells, line := make([]any, len(columns)), ""
		for i := range cells {
			cells[i] = new(any)
		}
		cells[len(cells)-1] = &line
		testenv.Must(w.t, rows.Scan(cells...))
		out.WriteString(line + "\n")
	}
	testenv.Must(w.t, rows.Err())
	return statement + "\n" + out.String()
}
