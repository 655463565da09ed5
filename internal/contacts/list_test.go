package contacts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// Rule K6: the beginning of the email, username, first or last name, ignoring case.
func TestSearch(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		named := func(first, last, username string) func(*contacts.NewContact) {
			return func(in *contacts.NewContact) { in.FirstName, in.LastName, in.Username = first, &last, &username }
		}
		w.contact("maria.keller@x.example", named("Maria", "Keller", "maria.keller"))
		w.contact("office@bücher.example", named("Zoë", "ÖZ\u200bGÜR", "The Boss"))
		w.contact("lee@Übung.bücher.example", named("Anna\tMaria", "de\u00a0la Cruz", "lee\x1b"))
		w.contact("a%b_c@x.example", named("Percy", "O'Neil", "50%"))
		for search, want := range map[string]string{
			"maria": "maria.keller", "MARIA.K": "maria.keller", "kel": "maria.keller", "eller": "", "maria.keller@X.EX": "maria.keller",
			"zoe\u0308": "office", "özg": "office", "the b": "office", "boss": "", "office@bücher.example": "office", "office@xn--bcher-kva": "office",
			"office@b": "office", "office@bü": "office", "OFFICE@BÜCH": "office", "office@bücher.ex": "office", "office@bx": "", "office@ü": "", "lee@": "lee",
			"lee@ü": "lee", "lee@übung.bü": "lee", "lee@übung.bücher.e": "lee", "lee@übung.y": "", "anna maria": "lee", "anna\u00a0m": "lee", "de la c": "lee",
			strings.Repeat("ü", 100_000): "",
			"%":                          "", "50%": "a%b_c", "a%": "a%b_c", "a_b": "", "a%b_": "a%b_c", "o'n": "a%b_c", "O'NEIL ": "a%b_c",
			"": "a%b_c lee maria.keller office", " \u200b": "a%b_c lee maria.keller office", "\x00": "", "o\x00": "", "\xff": "", "\U0010FFFF": "",
		} {
			if got := w.found(w.sato, w.alpha.ID, contacts.Filter{Search: &search}); got != want {
				t.Errorf("%q finds %q, want %q", search, got, want)
			}
		}
	})
}

// The parts of a filter narrow each other: labels all at once.
func TestFilters(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		l1, l2 := w.label(w.sato, w.alpha, "1").ID, w.label(w.sato, w.alpha, "2").ID
		p, d := w.project(w.sato, w.alpha, "p").ID, w.desk(w.sato, w.alpha, "d").ID
		w.contact("a@x.example", func(in *contacts.NewContact) { in.LabelIDs = []id.ID{l1, l2} })
		w.contact("b@x.example", func(in *contacts.NewContact) { in.LabelIDs, in.ProjectID = []id.ID{l1}, &p })
		w.contact("c@x.example", func(in *contacts.NewContact) { in.LabelIDs, in.ProjectID, in.DeskID = []id.ID{l2}, &p, &d })
		w.contact("d@x.example", func(in *contacts.NewContact) { in.Active, in.Type = false, enum.Business })
		for want, f := range map[string]contacts.Filter{
			"a":       {LabelIDs: []id.ID{l1, l2, l1}},
			"a b":     {LabelIDs: []id.ID{l1}},
			"a b c d": {LabelIDs: []id.ID{}},
			"b c":     {ProjectID: &p},
			"c":       {ProjectID: &p, DeskID: &d, LabelIDs: []id.ID{l2}, Search: new("c@"), Active: new(true)},
			"d":       {Type: new(enum.Business)},
			"a b c":   {Active: new(true), Search: new("kim")},
			"b":       {Search: new("b"), LabelIDs: []id.ID{l1}, ProjectID: &p},
			"":        {Search: new("a"), ProjectID: &p},
		} {
			if got := w.found(w.sato, w.alpha.ID, f); got != want {
				t.Errorf("%+v gives %q, want %q", f, got, want)
			}
		}
		_, err := w.list(w.alpha.ID, contacts.Filter{LabelIDs: make([]id.ID, 1)})
		w.Must(err)
		_, err = w.list(w.alpha.ID, contacts.Filter{LabelIDs: distinct(21)})
		w.Refused("21 labels", err, fault.LimitExceeded, "filter.labelIds")
	})
}

func distinct(n int) []id.ID {
	ids := make([]id.ID, n)
	for i := range ids {
		ids[i] = id.New(id.Label)
	}
	return ids
}

// A filter is no oracle: another tenant's label, project or desk leaves nothing over, be it
// borne there or not, and another tenant's contacts are in nobody's list.
func TestFiltersTellNothing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		label, assignment := w.label(w.rita, w.rival, "secret").ID, w.project(w.rita, w.rival, "secret").ID
		theirs := kim("secret@x.example")
		theirs.LabelIDs, theirs.ProjectID = []id.ID{label}, &assignment
		made, err := w.CreateContact(w.rita, theirs)
		w.Must(err)
		w.contact("kim@x.example")
		for what, f := range map[string]contacts.Filter{
			"label": {LabelIDs: []id.ID{label}}, "project": {ProjectID: &assignment}, "desk": {DeskID: &made.DeskID}, "search": {Search: new("secret")},
		} {
			for _, company := range []id.ID{w.alpha.ID, w.rival.ID} {
				if got := w.found(w.sato, company, f); got != "" {
					t.Errorf("by a stranger's %s sato finds %q", what, got)
				}
			}
			if got := w.found(w.rita, w.rival.ID, f); got != "secret" {
				t.Errorf("by the own %s rita finds %q", what, got)
			}
		}
		for who, as := range map[string]context.Context{"keller": w.keller, "rita": w.rita, "nobody": t.Context()} {
			if got := w.found(as, w.alpha.ID, contacts.Filter{}); got != "" {
				t.Errorf("%s sees %q of alpha", who, got)
			}
		}
		if got := w.found(w.carl, w.alpha.ID, contacts.Filter{}); got != "kim" {
			t.Errorf("alpha's member sees %q", got)
		}
	})
}

// The same rows are found whether the search drives the list or is driven.
func TestBroadSearch(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		rare := w.label(w.sato, w.alpha, "rare")
		one := w.contact("m500@x.example", func(in *contacts.NewContact) { in.LabelIDs = []id.ID{rare.ID} })
		w.load(one.CompanyID, one.ProjectID, one.DeskID, contacts.Few+10)
		for what, c := range map[string]struct {
			filter contacts.Filter
			want   int
		}{
			"almost all":          {contacts.Filter{Search: new("M0")}, contacts.Few + 10},
			"a few":               {contacts.Filter{Search: new("m0050")}, 10},
			"none":                {contacts.Filter{Search: new("z")}, 0},
			"the last names":      {contacts.Filter{Search: new("Last 7")}, (contacts.Few + 10) / 10},
			"almost all, few are": {contacts.Filter{Search: new("m"), LabelIDs: []id.ID{rare.ID}}, 1},
			"all, and all":        {contacts.Filter{Search: new("m"), ProjectID: &one.ProjectID}, contacts.Few + 11},
		} {
			q, err := w.list(w.alpha.ID, c.filter)
			w.Must(err)
			if n, err := q.Count(w.sato); n != c.want || err != nil {
				t.Errorf("%s: %d are found, want %d (%v)", what, n, c.want, err)
			}
		}
	})
}

// load loads so many contacts as imports do: m00000@… and so on, each tenth of one name.
func (w *world) load(company, project, desk id.ID, n int) {
	w.T.Helper()
	w.Must(w.DB.InTx(w.T.Context(), func(ctx context.Context, tx *database.Tx) error {
		_, err := database.Load(ctx, tx, rows(company, project, desk, 0, n))
		return err
	}))
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func rows(company, project, desk id.ID, from, n int) database.Batch {
	b := database.Batch{Table: contact.Table, Columns: []string{
		contact.FieldID, contact.FieldCompanyID, contact.FieldProjectID, contact.FieldDeskID, contact.FieldEmail, contact.FieldEmailKey,
		contact.FieldFirstName, contact.FieldLastName, contact.FieldUsername, contact.FieldActive, contact.FieldType,
		contact.FieldUsernameKey, contact.FieldFirstNameKey, contact.FieldLastNameKey, contact.FieldCreatedAt, contact.FieldUpdatedAt,
	}, Conflict: []string{contact.FieldCompanyID, contact.FieldEmailKey}, Key: contact.FieldID}
	for i := from; i < from+n; i++ {
		email, first, last := fmt.Sprintf("m%05d@x.example", i), fmt.Sprint("First ", i%100), fmt.Sprint("Last ", i%10)
		username := contacts.DefaultUsername(email)
		keys := contacts.KeysOf(email, username, first, last)
		b.Rows = append(b.Rows, []any{
			id.New(id.Contact), company, project, desk, email, email, first, last, username, true, enum.Personal,
			keys.Username, keys.FirstName, keys.LastName, now, now,
		})
	}
	return b
}

// The plan of a narrow search is its indexes and nothing else; that of a broad one is the
// list's own order. (What a database would choose for a small table is not asked.)
func TestSearchUsesItsIndexes(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		one := w.contact("m500@x.example")
		w.load(one.CompanyID, one.ProjectID, one.DeskID, contacts.Few+10)
		if w.DB.Dialect() == database.Postgres { // it does so by itself, a minute later
			_, err := w.DB.SQL().ExecContext(t.Context(), "ANALYZE contacts")
			w.Must(err)
		}
		narrow := w.plan(contacts.Filter{Search: new("m00500"), ProjectID: &one.ProjectID})
		for _, index := range []string{"email_key", "username_key", "first_name_key", "last_name_key"} {
			if !strings.Contains(narrow, "contact_company_id_"+index) {
				t.Errorf("a narrow search does not use the index of %s:\n%s", index, narrow)
			}
		}
		broad := w.plan(contacts.Filter{Search: new("m"), ProjectID: &one.ProjectID})
		if !strings.Contains(broad, "contact_company_id_email_key") || strings.Contains(broad, "contact_company_id_first_name_key") || strings.Contains(broad, "contact_project_id") ||
			strings.Contains(broad, "B-TREE") || strings.Contains(broad, "Sort") {
			t.Errorf("a broad search does not follow the list's order:\n%s", broad)
		}
		for _, plan := range []string{narrow, broad} {
			if strings.Contains(plan, "Seq Scan on contacts") || strings.Contains(plan, "SCAN contacts") && !strings.Contains(plan, "USING INDEX") {
				t.Errorf("the whole table is gone through:\n%s", plan)
			}
		}
	})
}

// plan is the database's for a page of alpha's list.
func (w *world) plan(f contacts.Filter) string {
	w.T.Helper()
	those, err := w.Predicates(w.T.Context(), []id.ID{w.alpha.ID}, f)
	w.Must(err)
	q := sql.Dialect(string(w.DB.Dialect())).Select("*").From(sql.Table(contact.Table))
	for _, c := range those[w.alpha.ID] {
		c(q)
	}
	text, args := q.OrderBy(contact.FieldEmailKey).Limit(51).Query()
	explain := "EXPLAIN "
	if w.DB.Dialect() == database.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	var plan []string
	w.Must(w.DB.InTx(w.T.Context(), func(ctx context.Context, tx *database.Tx) error {
		if w.DB.Dialect() == database.Postgres {
			if _, err := tx.ExecContext(ctx, "SET LOCAL enable_seqscan = off"); err != nil {
				return err
			}
		}
		lines, err := tx.QueryContext(ctx, explain+text, args...)
		if err != nil {
			return err
		}
		defer lines.Close()
		for lines.Next() {
			var line string
			into := []any{&line}
			if w.DB.Dialect() == database.SQLite {
				into = []any{new(any), new(any), new(any), &line}
			}
			if err := lines.Scan(into...); err != nil {
				return err
			}
			plan = append(plan, line)
		}
		return lines.Err()
	}))
	return strings.Join(plan, "\n")
}

// A change of what the keys are made of changes where the contact is found.
func TestSearchFollowsChanges(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		kim := w.contact("kim.archer@x.example", func(in *contacts.NewContact) { in.LastName = new("Kim") })
		set := func(c contacts.ContactChange) { _, err := w.UpdateContact(w.sato, kim.ID, c); w.Must(err) }
		set(contacts.ContactChange{Email: input.Field[string]{Set: true, Value: new("archer@x.example")}})
		for _, search := range []string{"kim", "kim.archer", "archer"} { // by first and last name, username, email
			if got := w.found(w.sato, w.alpha.ID, contacts.Filter{Search: &search}); got != "archer" {
				t.Errorf("%q finds %q", search, got)
			}
		}
		set(contacts.ContactChange{
			FirstName: input.Field[string]{Set: true, Value: new("Lou")}, LastName: input.Field[string]{Set: true},
			Username: input.Field[string]{Set: true, Value: new("lou")},
		})
		if got := w.found(w.sato, w.alpha.ID, contacts.Filter{Search: new("k")}); got != "" {
			t.Errorf("by what it was called once one finds %q", got)
		}
	})
}
