package contacts_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/searchblock"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/normalize"
	"tenantry/internal/searchindex"
)

// named is a contact by what it is found by.
type named struct {
	id                           id.ID
	email, username, first, last string
}

func (n named) matches(search string) bool {
	for _, text := range []string{n.email, n.username, n.first, n.last} {
		if strings.HasPrefix(normalize.Key(text), normalize.Key(search)) {
			return true
		}
	}
	return false
}

// brought loads the people as an import does that brings them all at once: new ones, and
// those that are there already.
func (w *world) brought(people []named) {
	w.T.Helper()
	first := w.contact("first@brought.example")
	w.Must(w.DeleteContact(w.sato, first.ID))
	columns := []string{
		contact.FieldID, contact.FieldCompanyID, contact.FieldProjectID, contact.FieldDeskID, contact.FieldEmail, contact.FieldEmailKey,
		contact.FieldFirstName, contact.FieldLastName, contact.FieldUsername, contact.FieldUsernameKey, contact.FieldFirstNameKey, contact.FieldLastNameKey,
		contact.FieldInBlock, contact.FieldActive, contact.FieldType, contact.FieldCreatedAt, contact.FieldUpdatedAt,
	}
	var blocks searchindex.Batch
	keys := make([]contacts.Keys, len(people))
	for i, p := range people {
		keys[i] = contacts.KeysOf(normalize.Email(p.email), p.username, p.first, p.last)
		blocks.Add(w.alpha.ID, p.id, keys[i].All()...)
	}
	if !blocks.Takes(w.alpha.ID) {
		w.T.Fatalf("%d people are too few for blocks", len(people))
	}
	w.Must(w.DB.InTx(w.T.Context(), func(ctx context.Context, tx *database.Tx) error {
		var rows [][]any
		for i, p := range people {
			if _, err := tx.ExecContext(ctx, "DELETE FROM contacts WHERE id = $1", p.id); err != nil {
				return err
			}
			rows = append(rows, []any{
				p.id, w.alpha.ID, first.ProjectID, first.DeskID, p.email, normalize.Email(p.email), p.first, p.last, p.username,
				keys[i].Username, keys[i].FirstName, keys[i].LastName, true, true, enum.Personal, now, now,
			})
		}
		if _, err := database.Load(ctx, tx, database.Batch{Table: contact.Table, Columns: columns, Rows: rows}); err != nil {
			return err
		}
		return blocks.Write(ctx, tx)
	}))
}

// crowd is so many people of few names, some of them long, odd or all alike.
func crowd(random *rand.Rand, turn, n int) []named {
	names := []string{"Ann", "anna", "ANNABEL", "Bo", "Böb", "Z\U0010FFFF", "zz", "Ünal", "O'Neil", "x", strings.Repeat("long ", 30), "Last 7"}
	people := make([]named, n)
	for i := range people {
		people[i] = named{
			id: id.New(id.Contact), email: fmt.Sprintf("c%d.%d@x.example", turn, i), username: fmt.Sprint("user ", random.IntN(50)),
			first: names[random.IntN(len(names))], last: names[random.IntN(len(names))] + fmt.Sprint(random.IntN(30)),
		}
	}
	return people
}

// Rule K6: whoever comes by the thousand is found by what they are called now, be it that
// they came several times, were changed by hand, or that others are gone; and just so when
// what is said in vain has been cleared away.
func TestBlocksFindWhatIsThere(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		random := rand.New(rand.NewPCG(7, 7))
		everybody := map[id.ID]named{}
		for turn := range 3 {
			people := crowd(random, turn, 600)
			w.brought(people)
			for _, p := range people {
				everybody[p.id] = p
			}
		}
		var again []named // an import changes what others have brought
		for _, p := range everybody {
			if len(again) < 500 {
				p.first, p.last = p.last, fmt.Sprint("Anew ", random.IntN(40))
				again = append(again, p)
				everybody[p.id] = p
			}
		}
		w.brought(again)
		changed := 0
		for _, p := range everybody {
			switch changed++; {
			case changed <= 20:
				p.first = fmt.Sprint("By hand ", changed)
				_, err := w.UpdateContact(w.sato, p.id, contacts.ContactChange{FirstName: input.Field[string]{Set: true, Value: &p.first}})
				w.Must(err)
				everybody[p.id] = p
			case changed <= 40:
				w.Must(w.DeleteContact(w.sato, p.id))
				delete(everybody, p.id)
			}
		}
		compare := func(when string) {
			t.Helper()
			for _, search := range []string{
				"a", "ann", "anna", "annab", "annabelle", "b", "bo", "bö", "by h", "by hand 1", "anew", "anew 7", "z", "zz", "z\U0010FFFF", "ü", "o'n", "long",
				strings.Repeat("long ", 29), "user 4", "user 49", "c1.", "c2.5", "last 7", "nobody", "x", "\U0010FFFF",
			} {
				var want []string
				for _, p := range everybody {
					if p.matches(search) {
						local, _, _ := strings.Cut(p.email, "@")
						want = append(want, local)
					}
				}
				slices.Sort(want)
				if got := strings.Fields(w.found(w.sato, w.alpha.ID, contacts.Filter{Search: &search})); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
					t.Errorf("%s, %q finds %d, want %d", when, search, len(got), len(want))
				}
			}
		}
		compare("first")
		before := w.blocks()
		w.Must(contacts.CompactAll(t.Context(), w.Service, w.alpha.ID))
		if after := w.blocks(); after >= before {
			t.Errorf("packing anew left %d keys of %d", after, before)
		}
		compare("packed anew")
		if got := w.found(w.rita, w.alpha.ID, contacts.Filter{Search: new("ann")}); got != "" {
			t.Errorf("another tenant finds %q", got)
		}
	})
}

// blocks is how many keys alpha's blocks have.
func (w *world) blocks() (keys int) {
	w.T.Helper()
	all, err := w.DB.Ent().SearchBlock.Query().Where(searchblock.CompanyID(w.alpha.ID)).All(w.System)
	w.Must(err)
	for _, b := range all {
		keys += b.Size
	}
	return keys
}

// Blocks are packed anew where it is worth it, by two at once as by one, and nothing of what
// is so is lost.
func TestCompact(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		people := crowd(rand.New(rand.NewPCG(1, 1)), 0, 1_000)
		w.brought(people)
		w.Must(w.Compact(t.Context()))
		once := w.blocks()
		for range 8 { // the same again and again
			w.brought(people)
		}
		if n := w.blocks(); n < 8*once {
			t.Fatalf("the blocks have %d keys", n)
		}
		for _, err := range atOnce(2, func(int) error { return w.Compact(t.Context()) }) {
			w.Must(err)
		}
		if n := w.blocks(); n > 2*once {
			t.Errorf("the blocks have %d keys still, want about %d", n, once)
		}
		search := people[17].last
		want := 0
		for _, p := range people {
			if p.matches(search) {
				want++
			}
		}
		if got := strings.Fields(w.found(w.sato, w.alpha.ID, contacts.Filter{Search: &search})); len(got) != want {
			t.Errorf("%q finds %d, want %d", search, len(got), want)
		}
	})
}

// Blocks upon blocks of one key are packed anew like any others.
func TestCompactOneKeyAlone(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		people := crowd(rand.New(rand.NewPCG(1, 1)), 0, 600)
		for i := range people {
			people[i].username, people[i].first, people[i].last = fmt.Sprint("c0.", i), "Same", ""
		}
		w.brought(people)
		once := w.blocks()
		w.Must(w.DB.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			for range 100 {
				var blocks searchindex.Batch
				for _, p := range people {
					blocks.Add(w.alpha.ID, p.id, contacts.KeysOf(normalize.Email(p.email), p.username, p.first, p.last).All()...)
				}
				if err := blocks.Write(ctx, tx); err != nil {
					return err
				}
			}
			return nil
		}))
		w.Must(w.Compact(t.Context()))
		if n := w.blocks(); n > 40*once {
			t.Errorf("the blocks have %d keys still, of %d that say something", n, once)
		}
		if got := strings.Fields(w.found(w.sato, w.alpha.ID, contacts.Filter{Search: new("same")})); len(got) != len(people) {
			t.Errorf("%d are found, want %d", len(got), len(people))
		}
	})
}

// A narrow search reads those of whom blocks know by their ids, and nobody else.
func TestBlocksAreReadById(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		people := crowd(rand.New(rand.NewPCG(1, 1)), 0, 2_000)
		people[3].last = "Unheard-of"
		w.brought(people)
		if w.DB.Dialect() == database.Postgres { // it does so by itself, a minute later
			_, err := w.DB.SQL().ExecContext(t.Context(), "ANALYZE contacts")
			w.Must(err)
		}
		plan := w.plan(contacts.Filter{Search: new("unheard")})
		byID := map[database.Dialect]string{database.Postgres: "contacts_pkey", database.SQLite: "sqlite_autoindex_contacts_1"}[w.DB.Dialect()]
		if !strings.Contains(plan, byID) || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN contacts") {
			t.Errorf("the plan is\n%s", plan)
		}
	})
}
