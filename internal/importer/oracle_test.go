package importer

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/exporter"
	"tenantry/internal/id"
	"tenantry/internal/importer/oracle"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

// trial is a drawn world and a file, in the database and in the oracle's memory.
type trial struct {
	drawnSheet
	kind    enum.ImportKind
	options sheet.Options
	by      *ent.User
	company *ent.Company

	memory *oracle.World
	job    oracle.Job
	stored func() []string // what the database has of it
	known  func() []string // the same of the oracle's
	again  func() trial    // the same world and file in a memory of its own, as at first
}

// asked are the options of the import, and what becomes of columns that are not recognised.
func (c trial) asked() sheet.Options {
	o := c.options
	if c.leaveOut {
		o.UnknownColumns = enum.LeaveOutUnknown
	}
	return o
}

// throws holds the engine against the oracle: rapid.checks files of the kind on each
// database, a hundred where nothing is said.
func throws(t *testing.T, draw func(t *rapid.T, w *world, tag string) trial) {
	t.Helper()
	t.Parallel()
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			w := newWorld(testenv.NewWorld(t, testenv.Open(t, dialect)))
			hub, n := progress.New(w.redis, quiet), 0
			rapid.Check(t, func(t *rapid.T) {
				n++
				w.Exec(`DELETE FROM import_runs`) // what a case that failed has left
				c := draw(t, w, fmt.Sprintf("c%dz", n))
				c.shape.encode(t, c.plainText())
				w.compare(t, hub, c)
			})
		})
	}
}

// compare imports the file dry, then for good, then perhaps once more, and demands of each
// what the oracle says: counts, issues, tables (R1, R2, R4, J10); now and then exports it.
func (w *world) compare(t *rapid.T, hub *progress.Hub, c trial) {
	before := c.stored()
	if d := cmp.Diff(c.known(), before); d != "" {
		t.Fatalf("the worlds differ before the import (-oracle +database):\n%s", d)
	}
	dryly := c.again()
	wants := dryly.memory.Run(dryly.job)
	w.previewed(t, hub, c, wants)
	w.compared(t, hub, c, true, wants)
	if d := cmp.Diff(before, c.stored()); d != "" {
		t.Fatalf("the dry run has written (-before +after):\n%s\n%v", d, c)
	}
	for range 1 + rapid.IntRange(0, 1).Draw(t, "again") {
		w.compared(t, hub, c, false, c.memory.Run(c.job))
		if d := cmp.Diff(c.known(), c.stored()); d != "" {
			t.Fatalf("the tables (-oracle +database):\n%s\n%v", d, c)
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "and back") == 0 {
		w.comesBack(t, hub, c)
	}
}

// previewed demands that the preview finds in the first rows what the import would.
func (w *world) previewed(t *rapid.T, hub *progress.Hub, c trial, want oracle.Result) {
	p, err := w.deaf(hub, Options{}).Preview(w.As(c.by), Request{
		File: File{Body: strings.NewReader(c.text())}, Kind: c.kind, Company: &c.company.ID, Mappings: c.mappings, Format: Format{Encoding: c.shape.encoding}, Options: c.asked(),
	})
	w.Must(err)
	if p.Problem != nil || p.Rows != len(c.job.File.Rows) || len(p.Samples) != min(p.Rows, sampleRows) {
		t.Fatalf("a preview of %d rows, %d samples and problem %v\n%v", p.Rows, len(p.Samples), p.Problem, c)
	}
	if len(want.Issues) > previewIssues {
		return
	}
	if d := cmp.Diff(want.Issues, issuesOf(p.Issues)); d != "" {
		t.Fatalf("the preview's issues (-oracle +engine):\n%s\n%v", d, c)
	}
}

// issuesOf is the engine's issues as the oracle has them.
func issuesOf(issues []*ent.ImportIssue) []oracle.Issue {
	var out []oracle.Issue
	for _, i := range issues {
		column := ""
		if i.Column != nil {
			column = *i.Column
		}
		issue := oracle.Issue{Row: i.Row, Line: i.Line, Column: column, Code: string(i.Code)}
		if i.Code == enum.EmailTaken && i.OtherRow != nil {
			issue.OtherRow = *i.OtherRow
		}
		out = append(out, issue)
	}
	oracle.Sort(out)
	return out
}

// comesBack exports what there is now and imports it again: nothing changes (J12).
func (w *world) comesBack(t *rapid.T, hub *progress.Hub, c trial) {
	e := w.deaf(hub, Options{})
	out := exporter.New(w.DB.Ent(), e.rights, w.companies(hub), e.kinds)
	file, err := out.Open(w.System, c.kind, viewer.Principal{User: c.by.ID}, c.company.ID)
	w.Must(err)
	var text strings.Builder
	w.Must(file.Send(w.System, &text))
	rows, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	w.Must(err)
	n := len(rows) - 1
	if n == 0 {
		return
	}
	before := c.stored()
	run, err := w.tryStart(e, c.by, text.String(), func(in *StartInput) { in.Kind, in.Company = c.kind, &c.company.ID })
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	w.relay(t, hub, run.ID, 0)
	want := fmt.Sprintf("COMPLETED 0+0+%d+0+0 of %d", n, n)
	if c.kind == enum.Customers {
		want = fmt.Sprintf("COMPLETED 0+0+0+%d+0 of %d", n, n)
	}
	if got := counts(w.state(run.ID)); got != want {
		t.Errorf("exported, it comes back as %s, want %s: %q\n%s", got, want, w.issues(run.ID), text.String())
	}
	if d := cmp.Diff(before, c.stored()); d != "" {
		t.Errorf("coming back has changed something (-before +after):\n%s\n%s", d, text.String())
	}
}

// compared imports the file and compares its counts and issues.
func (w *world) compared(t *rapid.T, hub *progress.Hub, c trial, dry bool, want oracle.Result) {
	run, err := w.tryStart(w.deaf(hub, Options{}), c.by, c.text(), func(in *StartInput) {
		in.Kind, in.Company, in.Mappings, in.Options, in.DryRun = c.kind, &c.company.ID, c.mappings, c.asked(), dry
		in.Format.Encoding = c.shape.encoding
	})
	if err != nil {
		t.Fatalf("%v\n%v", err, c)
	}
	w.relay(t, hub, run.ID, 3)
	line := fmt.Sprintf("COMPLETED %d+%d+%d+%d+%d of %d", want.Created, want.Updated, want.Unchanged, want.Skipped, want.Failed, len(c.job.File.Rows))
	if d := cmp.Diff(line, counts(w.state(run.ID))); d != "" {
		t.Errorf("dry %v: counts (-oracle +engine):\n%s", dry, d)
	}
	if d := cmp.Diff(want.Issues, issuesOf(w.ledger(run.ID))); d != "" {
		t.Errorf("dry %v: issues (-oracle +engine):\n%s", dry, d)
	}
	w.outcomes(run.ID)
	if c.kind == enum.Contacts {
		w.imagesHold(run.ID)
	}
	if n := w.scratch(run.ID); n != 0 {
		t.Errorf("dry %v: %d rows of scratch are left", dry, n)
	}
	if t.Failed() {
		t.Fatalf("of %v with %+v", c, c.rowOptions())
	}
}

// relay works on the import with batches of any size, over any number of connections. At any
// border between two batches a worker may be taken for dead and another go on, and the first
// one then finds out that it was superseded; or it dies inside a batch, with all of it written
// and nothing committed. Where batches are in flight a slow database keeps each uncommitted while
// the next one is planned.
func (w *world) relay(t *rapid.T, hub *progress.Hub, run id.ID, crashes int) {
	w.DB.SQL().SetMaxOpenConns(rapid.IntRange(1, 4).Draw(t, "connections"))
	e := w.deaf(hub, Options{BatchRows: rapid.SampledFrom([]int{1, 2, 2, 3, 3, 4, 5, 7, 10, 15}).Draw(t, "batch"), InFlight: rapid.IntRange(1, 3).Draw(t, "in flight")})
	slow := rapid.SampledFrom([]time.Duration{0, 0, 5 * time.Millisecond, 20 * time.Millisecond}).Draw(t, "slow")
	if e.o.InFlight == 1 || w.DB.Dialect() == database.SQLite {
		slow = 0
	}
	crash, inside := rapid.IntRange(0, 8).Draw(t, "crash"), rapid.Bool().Draw(t, "inside")
	e.hook(hooked{between: func(turn int) {
		if turn == crash && crashes > 0 && !inside {
			w.lapse(run)
			w.relay(t, hub, run, crashes-1)
		}
	}, loaded: func(turn int) error {
		if turn == crash && crashes > 0 && inside {
			return errCrashed
		}
		return sleepIn(w.System, slow)
	}})
	worked, err := e.RunNext(w.System)
	for !worked && err == nil && w.state(run).Status == enum.Running {
		w.lapse(run) // a batch of the one taken for dead was in flight, and has extended the lease
		worked, err = e.RunNext(w.System)
	}
	switch {
	case errors.Is(err, errCrashed):
		w.lapse(run)
		w.relay(t, hub, run, crashes-1)
	case err != nil && !strings.Contains(err.Error(), errSuperseded.Error()):
		t.Fatal(err)
	}
	if s := w.state(run); s.Status != enum.Completed {
		t.Fatalf("the import is %s", s.Status)
	}
}

// errCrashed ends a batch that was about to be committed.
var errCrashed = errors.New("the worker dies")

// longAgo is when a drawn world was made, so that what an import has written shows (R4).
var longAgo = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// sorted is the lines in an order of their own, since what an import makes has no other.
func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}
