package app

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"tenantry/internal/broker"
	"tenantry/internal/config"
	"tenantry/internal/id"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
	"tenantry/jobs"
)

// accepted uploads a file that has to be accepted.
func (s *server) accepted(token, file string, input vars) (runID string) {
	s.t.Helper()
	run, r := s.importCsv(token, "list.csv", []byte(file), input)
	if len(r.Errors) > 0 {
		s.t.Fatalf("%q: %+v", file, r.Errors)
	}
	return run
}

func customersNamed(n int, format string) string {
	var b strings.Builder
	b.WriteString("name\n")
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i+1)
	}
	return b.String()
}

// get fetches a file as whoever has its address does.
func (s *server) get(address string) string {
	s.t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: HTTP %d, %v: %s", address, resp.StatusCode, err, text)
	}
	return string(text)
}

// J9: the failed rows are downloaded, mended and imported again.
func TestRejectsThroughHTTP(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		first := s.finished(maria, s.accepted(maria, string(sample(t, "customers.csv")), nil))
		rejects := s.get(first.RejectsURL)
		again := s.finished(maria, s.accepted(maria, rejects, nil))
		if got := again.counts(); got != "COMPLETED 0+0+0+0+3 of 3" {
			t.Errorf("as they are: %s %v", got, again.codes())
		}
		for _, m := range again.Issues.Nodes {
			if was := first.Issues.Nodes; !slices.ContainsFunc(was, func(w importIssue) bool { return w.Code == m.Code && w.Message == m.Message && *w.Value == *m.Value }) {
				t.Errorf("a new issue: %+v", m)
			}
		}
		mended := strings.NewReplacer("nobody@", "tom.okafor@", "not-an-email", "desk@eastgate.example").Replace(rejects)
		mended = strings.Replace(mended, "post@fjordanalytics.example,,", "post@fjordanalytics.example,maria.keller@partner.example,", 1)
		last := s.finished(maria, s.accepted(maria, mended, nil))
		if got := last.counts(); got != "COMPLETED 3+0+0+0+0 of 3" || last.RejectsURL != "" {
			t.Errorf("once mended: %s %v, rejects %q", got, last.codes(), last.RejectsURL)
		}
	})
}

// F3, F5: a refusal names the reason and the place, and nothing is kept.
func TestRefusalsThroughHTTP(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		for _, c := range []struct {
			file, want string
			input      vars
		}{
			{"name,telephone\nA,1\n", `UNKNOWN_COLUMN "telephone" line 0 limit 0 suggestion ""`, nil},
			{"nmae\nA\n", `UNKNOWN_COLUMN "nmae" line 0 limit 0 suggestion "name"`, nil},
			{"email,partner admin\na@b.example,\n", `MISSING_COLUMN "name" line 0 limit 0 suggestion ""`, nil},
			{"name,company\nA,B\n", `DUPLICATE_COLUMN "company" line 0 limit 0 suggestion ""`, nil},
			{"email,first_name,labels\nA,B,C\n", `WRONG_KIND "" line 0 limit 0 suggestion "CONTACTS"`, nil},
			{"name\nA\n\"B\nC\n", `MALFORMED "" line 3 limit 0 suggestion ""`, nil},
			{customersNamed(101, "C %d"), `TOO_MANY_ROWS "" line 102 limit 100 suggestion ""`, nil},
			{"name\nA\n", `MISSING_COLUMN "Firma" line 0 limit 0 suggestion ""`, vars{"columns": []vars{{"header": "Firma", "field": "name"}}}},
		} {
			_, r := s.importCsv(maria, "list.csv", []byte(c.file), c.input)
			if r.code() != "INVALID_FILE" {
				t.Errorf("%.40q: %+v", c.file, r)
				continue
			}
			e := r.Errors[0].Extensions
			got := fmt.Sprintf("%s %q line %d limit %d suggestion %q", e.Reason, e.Column, e.Line, e.Limit, e.Suggestion)
			if got != c.want || !slices.Equal(e.Field, []string{"input", "file"}) {
				t.Errorf("%.40q: %s at %v, want %s", c.file, got, e.Field, c.want)
			}
		}
		if _, r := s.importCsv(tom, "list.csv", []byte("name\nA\n"), nil); r.code() != "FORBIDDEN" {
			t.Errorf("a member: %+v", r)
		}
		var kept struct{ ImportRuns struct{ TotalCount int } }
		s.must(maria, `{importRuns{totalCount}}`, nil, &kept)
		if kept.ImportRuns.TotalCount != 0 {
			t.Errorf("%d imports are kept", kept.ImportRuns.TotalCount)
		}
		// What was refused for its columns is accepted with a mapping.
		run := s.accepted(maria, "Firma,telephone\nA,1\n", vars{"columns": []vars{{"header": "Firma", "field": "name"}, {"header": "telephone", "field": nil}}})
		if got := s.finished(maria, run).counts(); got != "COMPLETED 1+0+0+0+0 of 1" {
			t.Error(got)
		}
	})
}

// F8: the template is the file to start from.
func TestTemplateThroughHTTP(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		var out struct {
			ImportTemplate struct {
				FileName, Content string
				MaxRows           int
			}
		}
		s.must(maria, `{importTemplate(kind:CUSTOMERS){fileName content maxRows}}`, nil, &out)
		head, _, _ := strings.Cut(out.ImportTemplate.Content, "\n")
		run := s.accepted(maria, head+"\nAcme,C-1,a@b.example,tom.okafor@partner.example\n", vars{"dryRun": true})
		if got := s.finished(maria, run).counts(); got != "COMPLETED 1+0+0+0+0 of 1" || out.ImportTemplate.MaxRows != 100 {
			t.Errorf("%s, template %+v", got, out.ImportTemplate)
		}
	})
}

func TestIdempotencyThroughHTTP(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		runs := make([]string, 12)
		var clients sync.WaitGroup
		for i := range runs {
			clients.Go(func() {
				r := s.upload(maria, importMutation, "list.csv", []byte("name\nAcme\n"), vars{"idempotencyKey": "k"})
				var out struct {
					ImportCsv struct{ ImportRun struct{ ID string } }
				}
				if err := json.Unmarshal(r.Data, &out); err != nil || len(r.Errors) > 0 {
					t.Errorf("%v %+v", err, r.Errors)
				}
				runs[i] = out.ImportCsv.ImportRun.ID
			})
		}
		clients.Wait()
		if slices.Sort(runs); runs[0] != runs[len(runs)-1] {
			t.Errorf("imports %v", slices.Compact(runs))
		}
		if _, r := s.importCsv(maria, "list.csv", []byte("name\nBeta\n"), vars{"idempotencyKey": "k"}); r.code() != "INVALID_ARGUMENT" {
			t.Errorf("another file: %+v", r)
		}
		if got := s.finished(maria, runs[0]).counts(); got != "COMPLETED 1+0+0+0+0 of 1" {
			t.Error(got)
		}
	})
}

// J2, J3: a process that ends hands over, and the next one goes on where it was, on both
// sets; nothing in Redis survives the embedded one.
func TestAnImportOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		const rows = 4000
		s.stop()
		s.env["IMPORT_MAX_ROWS_CUSTOMERS"], s.env["IMPORT_BATCH_ROWS"] = fmt.Sprint(rows), "50"
		first := startServer(t, s.env)
		_, maria, _ := first.partner("Partner", "partner.example")
		run := first.accepted(maria, customersNamed(rows, "Company %d"), nil)
		testenv.Await(first.t, "some batches", func() bool { return first.importRun(maria, run).ProcessedRows > 0 })
		first.stop()
		second := startServer(t, s.env)
		end := second.finished(maria, run)
		if got := end.counts(); got != fmt.Sprintf("COMPLETED %d+0+0+0+0 of %d", rows, rows) {
			t.Error(got)
		}
		var out struct{ Customers struct{ TotalCount int } }
		second.must(maria, `{customers{totalCount}}`, nil, &out)
		if out.Customers.TotalCount != rows+1 { // and its own
			t.Errorf("%d customers", out.Customers.TotalCount)
		}
	})
}

// J3: nobody works, the queue is flushed, and then workers come: the sweep finds it. A
// hundred tasks more for three workers have no effect.
func TestAFlushedQueueAndAHundredTasks(t *testing.T) {
	t.Parallel()
	env := production(t)
	env["SWEEP_INTERVAL"], env["IMPORT_BATCH_ROWS"] = "100ms", "10"
	api := startRole(t, env, config.RoleAPI, roles{api: true})
	_, maria, _ := api.partner("Partner", "partner.example")
	run := api.accepted(maria, customersNamed(100, "Company %d"), nil)
	b, err := broker.Open(t.Context(), broker.Options{URL: env["REDIS_URL"], Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Client().(*redis.Client).FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		startRole(t, env, config.RoleWorker, roles{worker: true})
	}
	queue := jobs.NewClient(b.Client(), progress.New(b.Client(), slog.New(slog.DiscardHandler)))
	for range 100 {
		if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
			t.Fatal(err)
		}
	}
	if got := api.finished(maria, run).counts(); got != "COMPLETED 100+0+0+0+0 of 100" {
		t.Error(got)
	}
	// Without any task at all.
	next := api.accepted(maria, customersNamed(20, "More %d"), nil)
	if err := b.Client().(*redis.Client).FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if got := api.finished(maria, next).counts(); got != "COMPLETED 20+0+0+0+0 of 20" {
		t.Error(got)
	}
}
