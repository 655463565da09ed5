package tenancy_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tenantry/ent/generated/ent/company"
	"tenantry/internal/database"
	"tenantry/internal/input"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// C4: a slug is the name in lower case, trimmed, white space as one hyphen; C5: where it
// is taken it is the next free one, in gaps too, and case and composition do not matter.
func TestSlugs(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ name, slug string }{
			{"TEST CUSTOMER", "test-customer"},
			{"Acme", "acme"},
			{"ACME", "acme-2"},
			{"  acme\t", "acme-3"},
			{"Acme 3", "acme-3-2"}, // what a number would give is taken
			{"acme", "acme-4"},
			{"A \u00a0\t b", "a-b"},
			{"Zürich AG", "zürich-ag"},
			{"ZU\u0308RICH AG", "zürich-ag-2"}, // decomposed
			{"Zü\u200brich AG", "zürich-ag-3"}, // with a zero-width space
			{"İstanbul", "i\u0307stanbul"},
			{"Straße", "straße"},
			{"STRASSE", "strasse"}, // K5: lower case, not folding
			{"ＡＢＣ", "ａｂｃ"},
			{"-", "-"},
			{"-", "--2"},
			{"Platform", "platform"}, // the platform's own stands in nobody's way
			{"日本 支社", "日本-支社"},
		} {
			if made := w.add(c.name); made.Slug != c.slug {
				t.Errorf("%q is %q, want %q", c.name, made.Slug, c.slug)
			}
		}
		// A gap is filled: the lowest free one is the next.
		gone, err := w.DB.Ent().Company.Query().Where(company.Slug("acme-2")).OnlyID(w.System)
		w.Must(err)
		w.Must(w.DeleteCustomer(w.keller, gone))
		if got := w.add("acme").Slug; got != "acme-2" {
			t.Errorf("the gap was passed over: %q", got)
		}
	})
}

// C4: the slug stays when a company is renamed, and is not free for others.
func TestSlugsStay(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme, renamed := w.add("Acme"), "Zenith"
		changed, err := w.UpdateCustomer(w.keller, acme.ID, tenancy.Details{Name: input.Field[string]{Set: true, Value: &renamed}})
		w.Must(err)
		if changed.Slug != "acme" || changed.NameSlug != "zenith" || changed.NameKey != "zenith" {
			t.Errorf("%+v", changed)
		}
		if got := w.add("Acme").Slug; got != "acme-2" {
			t.Errorf("another Acme is %q", got)
		}
		if got := w.add("Zenith").Slug; got != "zenith" {
			t.Errorf("a Zenith by hand is %q: no slug of that name is taken", got)
		}
	})
}

// C5: the hundredth company of one name costs no more than a few queries, and gets 100.
func TestSlugsOfManyNamesakes(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i := 2; i <= 120; i++ {
			slug := fmt.Sprint("many-", i)
			if i == 77 {
				continue
			}
			w.Must(w.DB.Ent().Company.Create().SetName("Many").SetSlug(slug).SetNameSlug("many").SetNameKey("many").Exec(w.System))
		}
		for _, want := range []string{"many", "many-77", "many-121"} {
			if got := w.add("Many").Slug; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

// C4, C5: fifty at once give fifty slugs, acme and acme-2 to acme-50, and no error.
// The pool is as large as a server's, so that as many as possible want the same one.
func TestSlugsOfParallelAdds(t *testing.T) {
	t.Parallel()
	test := func(t *testing.T, db *database.DB) {
		w := newWorld(testenv.NewWorld(t, db))
		for _, first := range []bool{true, false} { // of a new name, and of one that is there
			name, number := "Acme", 50
			if !first {
				number = 100
			}
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if _, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: name}); err != nil {
						t.Errorf("adding %s: %v", name, err)
					}
				})
			}
			all.Wait()
			got, err := w.DB.Ent().Company.Query().Where(company.NameSlug("acme")).Select(company.FieldSlug).Strings(w.System)
			w.Must(err)
			want := []string{"acme"}
			for i := 2; i <= number; i++ {
				want = append(want, fmt.Sprint("acme-", i))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%d slugs: %v", len(got), got)
			}
		}
		projects, err := w.DB.Ent().Project.Query().Count(context.WithoutCancel(w.System))
		w.Must(err)
		if companies := w.companies(); projects != companies-1 { // the platform has none
			t.Errorf("%d companies have %d projects", companies, projects)
		}
	}
	t.Run("sqlite", func(t *testing.T) { test(t, testenv.Open(t, database.SQLite)) })
	t.Run("postgres", func(t *testing.T) {
		db, err := database.Open(t.Context(), database.Options{URL: testenv.URL(t), MaxConns: 16})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, db)
	})
}
