package database_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"tenantry/internal/database"
)

// One conformance test for both ways of changing many rows.
func TestUpdateChangesItsTenantsRowsAndNoOthers(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		mine := emails(1, "a", "b", "c")
		theirs := emails(2, "a")
		if _, err := load(t, db, mine, theirs); err != nil {
			t.Fatal(err)
		}
		at, note := time.Date(2026, 3, 4, 5, 6, 7, 120_000_000, time.UTC), "tab\t, \\N and\nline"
		key := func(b database.Batch, i int) any { return b.Rows[i][1] }
		found := update(t, db, database.Change{
			Table: "people", Keys: []string{"id", "tenant"}, Columns: []string{"note", "age", "active", "seen", "photo"},
			Rows: [][]any{
				{key(mine, 0), 1, &note, 41, false, at, []byte{0, 255}},
				{key(mine, 1), 1, nil, nil, true, nil, nil},
				{key(theirs, 0), 1, "stolen", 0, false, nil, nil}, // another tenant's id
				{uuid.New(), 1, "nobody's", 0, false, nil, nil},
			},
		})
		if found != 2 {
			t.Errorf("found %d rows, want 2", found)
		}
		type person struct {
			Email  string
			Note   *string
			Age    *int
			Active bool
		}
		var got []person
		rows, err := db.SQL().QueryContext(t.Context(), `SELECT email, note, age, active FROM people ORDER BY tenant, email`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var p person
			if err := rows.Scan(&p.Email, &p.Note, &p.Age, &p.Active); err != nil {
				t.Fatal(err)
			}
			got = append(got, p)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		age := 41
		if d := cmp.Diff([]person{{"a", &note, &age, false}, {"b", nil, nil, true}, {"c", nil, nil, true}, {"a", nil, nil, true}}, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// Unique values that pass from row to row go by way of a value that nobody has.
func TestUpdateOfParkedKeysSwapsThem(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		b := emails(1, "a", "b")
		if _, err := load(t, db, b); err != nil {
			t.Fatal(err)
		}
		first, second := b.Rows[0][1], b.Rows[1][1]
		swap := database.Change{Table: "people", Keys: []string{"id"}, Columns: []string{"email"}, Rows: [][]any{{first, "b"}, {second, "a"}}}
		err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			_, err := database.Update(ctx, tx, swap)
			return err
		})
		if !database.IsUniqueViolation(err) {
			t.Errorf("unparked: %v", err)
		}
		parked := swap
		parked.Rows = [][]any{{first, "parked 1"}, {second, "parked 2"}}
		if found := update(t, db, parked, swap); found != 4 {
			t.Errorf("found %d rows in all", found)
		}
		var id string
		if err := db.SQL().QueryRowContext(t.Context(), `SELECT id FROM people WHERE email = 'a'`).Scan(&id); err != nil || id != second.(uuid.UUID).String() {
			t.Errorf("a is %s's, %v", id, err)
		}
	})
}

func TestUpdateRefusesWhatIsIncomplete(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		for _, c := range []database.Change{
			{Table: "people", Columns: []string{"note"}, Rows: [][]any{{"x"}}},
			{Table: "people", Keys: []string{"id"}, Rows: [][]any{{uuid.New()}}},
			{Table: "people", Keys: []string{"id"}, Columns: []string{"note"}, Rows: [][]any{{uuid.New()}}},
		} {
			err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
				_, err := database.Update(ctx, tx, c)
				return err
			})
			if err == nil {
				t.Errorf("%+v is accepted", c)
			}
		}
	})
}

// update makes the changes in one transaction.
func update(t *testing.T, db *database.DB, changes ...database.Change) (found int) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		found = 0
		for _, c := range changes {
			n, err := database.Update(ctx, tx, c)
			if err != nil {
				return err
			}
			found += n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A row that somebody has changed since it was read is left as it is, and so is one that is gone; one
// that the transaction has changed itself is changed again where its version does not matter.
func TestSetUnchangedLeavesWhatOthersHaveChanged(t *testing.T) {
	type person struct {
		id      uuid.UUID
		note    string
		version database.Version
	}
	byID := []database.Column[person]{{Name: "id", Put: func(to *database.Values, p person) { to.ID(p.id) }}}
	note := []database.Column[person]{{Name: "note", Put: func(to *database.Values, p person) { to.TextOrNull(p.note) }}}
	withPeople(t, func(t *testing.T, db *database.DB) {
		b := emails(1, "same", "changed", "deleted", "ours")
		if _, err := load(t, db, b); err != nil {
			t.Fatal(err)
		}
		err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			var read []person
			err := tx.Each(ctx, "people", func(rows *sql.Rows) error {
				p := person{note: "new"}
				err := rows.Scan(&p.id, &p.version)
				read = append(read, p)
				return err
			}, `SELECT id, `+db.Dialect().RowVersion()+` FROM people WHERE email <> 'ours' ORDER BY email DESC`)
			if err != nil {
				return err
			}
			if db.Dialect() == database.Postgres { // on SQLite nobody can
				execute(t, db, "UPDATE people SET note = 'theirs' WHERE email = 'changed'", "DELETE FROM people WHERE email = 'deleted'")
			} else if _, err := tx.ExecContext(ctx, "DELETE FROM people WHERE email <> 'same' AND email <> 'ours'"); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE people SET age = 1 WHERE email = 'ours'"); err != nil {
				return err
			}
			read = append(read, person{id: b.Rows[3][1].(uuid.UUID), note: "new"})
			found, err := database.SetUnchanged(ctx, tx, "people", byID, note, func(p person) database.Version { return p.version }, read)
			if err == nil && found != 2 {
				t.Errorf("%d rows were changed, want 2", found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := value[int](t, db, "SELECT count(*) FROM people WHERE note = 'new' AND email IN ('same', 'ours')"); n != 2 {
			t.Errorf("%d of 2 are changed", n)
		}
		if n := value[int](t, db, "SELECT count(*) FROM people WHERE email = 'changed' AND note <> 'theirs' OR email = 'deleted'"); n != 0 {
			t.Error("what others did is undone")
		}
	})
}
