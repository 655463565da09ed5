package app

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The operations of the pages on imports, which take a file or an import of one's own, are
// done as they stand there, and do what the pages say. (The files of the pages are imported
// by the tests of internal/importer, the examples that say who does them by
// TestExamplesOfTheDocs.)
func TestTheImportsOfTheDocs(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?s)```graphql\n\\s*(?:query|mutation|subscription) (\\w+)(.*?)```")
	operations := map[string]string{}
	for _, page := range []string{"csv", "imports", "moving", "from-your-tool"} {
		text, err := os.ReadFile("../../docs/" + page + ".md")
		if err != nil {
			t.Fatal(err)
		}
		found := block.FindAllStringSubmatch(string(text), -1)
		if n := strings.Count(string(text), "```graphql\n"); n != len(found) {
			t.Errorf("%s.md: %d of %d operations have a name", page, len(found), n)
		}
		for _, m := range found {
			operations[m[1]] = strings.TrimSuffix(strings.TrimPrefix(m[0], "```graphql\n"), "```")
		}
	}
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		done := map[string]bool{}
		do := func(name string, file string, variables vars, out any) reply {
			t.Helper()
			if operations[name] == "" {
				t.Fatalf("no page has the operation %s any more", name)
			}
			done[name] = true
			var r reply
			if file == "" {
				r = s.gql(maria, operations[name], variables)
			} else {
				all := vars{"file": nil}
				maps.Copy(all, variables)
				r = s.withFile(maria, operations[name], all, "file", "file.csv", []byte(file))
			}
			if out != nil {
				if len(r.Errors) > 0 {
					t.Fatalf("%s: %+v", name, r.Errors)
				}
				if err := json.Unmarshal(r.Data, out); err != nil {
					t.Fatal(err)
				}
			}
			return r
		}

		var look struct {
			PreviewImport struct {
				Preview struct {
					TotalRows  int
					Problem    *string
					SampleRows [][]string
					Issues     []importIssue
				}
			}
		}
		do("Look", "email,first_name,type\nann@example.org,Ann,\nbob@example.org,Bob,robot\n", vars{}, &look)
		if p := look.PreviewImport.Preview; p.TotalRows != 2 || p.Problem != nil || len(p.SampleRows) != 2 || len(p.Issues) != 1 || p.Issues[0].Code != "INVALID_VALUE" {
			t.Errorf("Look: %+v", p)
		}
		var made struct {
			ImportCsv struct{ ImportRun importState }
		}
		do("Import", "Email,Rufname,Kundenart,Notes\nann@example.org,Ann,Privat,=1\ncem@example.org,Cem,firma,x\n", vars{}, &made)
		if got := s.finished(maria, made.ImportCsv.ImportRun.ID).counts(); got != "COMPLETED 2+0+0+0+0 of 2" { // what is left out is not validated
			t.Errorf("Import: %s", got)
		}

		do("KeepThePhone", "", vars{}, &struct{}{})
		do("FromYourTool", "id,Email,Name,Phone,Card Brand\ncus_1,eva@example.org,Eva Egger,+49 30 901820,Visa\n", vars{}, &made)
		if got := s.finished(maria, made.ImportCsv.ImportRun.ID).counts(); got != "COMPLETED 1+0+0+0+0 of 1" {
			t.Errorf("FromYourTool: %s", got)
		}

		const customers = "name\nAcme\nBeta\n=Gamma\n"
		do("Send", customers, vars{"key": "today"}, &made)
		run := made.ImportCsv.ImportRun.ID
		states := s.states(maria, operations["Watch"], vars{"id": run})
		done["Watch"] = true
		if last := states[len(states)-1]; last.Status != "COMPLETED" || last.ProcessedRows != 3 || last.CreatedCount != 2 {
			t.Errorf("Watch ended with %+v", last)
		}
		for i := range states[1:] {
			if states[i+1].Revision <= states[i].Revision {
				t.Errorf("Watch: revision %d comes behind %d", states[i+1].Revision, states[i].Revision)
			}
		}
		do("Send", customers, vars{"key": "today"}, &made)
		if again := made.ImportCsv.ImportRun.ID; again != run {
			t.Errorf("Send with the same key made %s, not %s", again, run)
		}
		if r := do("Stop", "", vars{"id": run}, nil); r.code() != "FAILED_PRECONDITION" {
			t.Errorf("Stop of one that has ended: %+v", r)
		}
		var result struct{ ImportRun importState }
		do("Result", "", vars{"id": run}, &result)
		if r := result.ImportRun; r.ImportedCount != 2 || r.NotImportedCount != 1 || r.Failure != nil || len(r.Issues.Nodes) != 1 {
			t.Errorf("Result: %+v", r)
		} else if text := s.get(r.RejectsURL); !strings.HasPrefix(text, "\ufeffname,import_row,import_code,import_problem\n'=Gamma,3,UNSAFE_CONTENT,") {
			t.Errorf("the rejects are %q", text)
		}
		var undo struct {
			UndoImport struct{ ImportRun importState }
		}
		do("Undo", "", vars{"id": run}, &undo)
		if got := s.finished(maria, undo.UndoImport.ImportRun.ID); got.Status != "COMPLETED" || got.TotalRows != 2 || got.ImportedCount != 2 || got.UpdatedCount != 0 {
			t.Errorf("Undo: %+v", got)
		}
		var retry struct {
			RetryRows struct{ ImportRun importState }
		}
		do("Retry", "", vars{"id": run}, &retry)
		if r := s.finished(maria, retry.RetryRows.ImportRun.ID); r.counts() != "COMPLETED 1+0+0+0+0 of 1" {
			t.Errorf("Retry: %s", r.counts())
		}
		var rows struct {
			ImportRun struct {
				ResolvedCount int
				RowsURL       string
				Rows          struct {
					Nodes []struct {
						Row      int
						Outcome  string
						Resolved bool
						Record   *struct{ Name string }
					}
					TotalCount int
				}
			}
		}
		do("Rows", "", vars{"id": run}, &rows)
		if r := rows.ImportRun; r.ResolvedCount != 1 || r.Rows.TotalCount != 3 || r.Rows.Nodes[1].Record.Name != "Beta" || r.Rows.Nodes[2].Outcome != "FAILED" || !r.Rows.Nodes[2].Resolved {
			t.Errorf("Rows: %+v", r)
		} else if text := s.get(r.RowsURL); !strings.HasPrefix(text, "\ufeffrow,line,outcome,code,resolved,id,external_id,name,slug\n1,2,CREATED,,false,") || strings.Count(text, "\n") != 3 {
			t.Errorf("the rows are %q", text)
		}
		if again := s.finished(maria, run); again.RejectsURL != "" {
			t.Errorf("there are rejects still: %s", again.RejectsURL)
		}
		var export struct{ ExportCsv struct{ URL string } }
		do("Export", "", vars{}, &export)
		if text := s.get(export.ExportCsv.URL); !strings.HasPrefix(text, "\ufeffemail,first_name,") {
			t.Errorf("the export is %q", text)
		}
		for name := range operations {
			if !done[name] {
				t.Errorf("nothing does the operation %s of the pages", name)
			}
		}
	})
}

// states follows an import over server-sent events to the stream's end.
func (s *server) states(token, query string, variables vars) (all []importState) {
	s.t.Helper()
	err := s.as(token).Subscribe(s.t.Context(), query, variables, func(data json.RawMessage) error {
		var event struct{ ImportProgress importState }
		err := json.Unmarshal(data, &event)
		all = append(all, event.ImportProgress)
		return err
	})
	if err != nil || len(all) == 0 {
		s.t.Fatalf("%d states: %v", len(all), err)
	}
	return all
}
