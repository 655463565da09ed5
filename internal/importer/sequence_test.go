package importer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

// R2: whatever the batches, and whoever dies between them, the result is that of the rows
// one after another; J10: a dry run says beforehand what it will be.
func TestR2AnyBatchingGivesWhatRowAfterRowGives(t *testing.T) {
	t.Parallel()
	for _, dialect := range []database.Dialect{database.SQLite, database.SQLite, database.Postgres} { // a hundred cases each
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testenv.Open(t, dialect))
			hub, n := progress.New(w.redis, quiet), 0
			rapid.Check(t, func(t *rapid.T) {
				n++
				w.sequence(t, hub, fmt.Sprintf("c%d", n))
			})
		})
	}
}

// sequence imports one random file, first dry, then for good, and compares.
func (w *world) sequence(t *rapid.T, hub *progress.Hub, tag string) {
	w.exec(`DELETE FROM import_runs`) // what a case that failed has left
	// A renamed company, and one of a slug with a number.
	old := w.companyOf(w.db.Ent().Company.Create().SetName("New " + tag).SetSlug("old-" + tag).SetNameSlug("new-" + tag).SetNameKey("new " + tag))
	header, rows := drawnFile(t, tag)
	want := func() *reference {
		r := &reference{
			slugs: map[string]bool{"old-" + tag: true, "new-" + tag: true},
			users: map[string]string{w.maria.Email: w.maria.Email, w.tom.Email: w.tom.Email}, own: w.maria.Email,
		}
		r.run(header, rows)
		return r
	}
	for _, way := range []struct {
		dry  bool
		made []string
	}{{true, nil}, {false, want().made}} {
		before := w.db.Ent().Company.Query().CountX(w.system)
		run := w.start(w.deaf(hub, Options{}), fileOf(header, rows), func(in *StartInput) { in.DryRun = way.dry })
		w.relay(t, hub, run.ID, 3)
		r, state := want(), w.state(run.ID)
		if got, want := counts(state), r.line("COMPLETED", len(rows)); got != want {
			t.Fatalf("dry %v: %s, want %s", way.dry, got, want)
		}
		if got := w.issues(run.ID); !slices.Equal(got, r.issues) {
			t.Fatalf("dry %v: issues\n%q, want\n%q", way.dry, got, r.issues)
		}
		if n := w.scratch(run.ID); n != 0 {
			t.Fatalf("dry %v: %d rows of scratch are left", way.dry, n)
		}
		if grown := w.db.Ent().Company.Query().CountX(w.system) - before; grown != len(way.made) {
			t.Fatalf("dry %v: %d companies are new, want %d", way.dry, grown, len(way.made))
		}
		if got := w.tagged(old, tag); !slices.Equal(got, way.made) {
			t.Fatalf("dry %v: customers\n%q, want\n%q", way.dry, got, way.made)
		}
	}
}

// relay works on the import with batches of any size. At any border between two of them a
// worker may be taken for dead and another go on, and the first one then finds
// out that it was superseded.
func (w *world) relay(t *rapid.T, hub *progress.Hub, run id.ID, crashes int) {
	e := w.deaf(hub, Options{BatchRows: rapid.IntRange(1, 15).Draw(t, "batch")})
	crash := rapid.IntRange(0, 8).Draw(t, "crash")
	e.hook(hooked{between: func(turn int) {
		if turn == crash && crashes > 0 {
			w.lapse(run)
			w.relay(t, hub, run, crashes-1)
		}
	}})
	if _, err := e.RunNext(w.system); err != nil && !strings.Contains(err.Error(), errSuperseded.Error()) {
		t.Fatal(err)
	}
	if s := w.state(run); s.Status != enum.Completed {
		t.Fatalf("the import is %s", s.Status)
	}
}

// tagged lists the case's companies but for the old one.
func (w *world) tagged(old *ent.Company, tag string) []string {
	var out []string
	for _, c := range w.db.Ent().Company.Query().Where(company.NameKeyHasSuffix(tag), company.IDNEQ(old.ID)).
		WithPartnerAdmins(func(q *ent.PartnerAdminQuery) { q.WithUser() }).AllX(w.system) {
		contact, admins := "", ""
		if c.ContactEmail != nil {
			contact = *c.ContactEmail
		}
		for _, a := range c.Edges.PartnerAdmins {
			admins += a.Edges.User.Email
		}
		out = append(out, strings.Join([]string{c.Name, c.Slug, contact, admins}, "|"))
	}
	slices.Sort(out)
	return out
}
