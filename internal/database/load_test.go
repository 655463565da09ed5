package database_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

const people = `CREATE TABLE people (
	id UUID NOT NULL PRIMARY KEY, tenant bigint NOT NULL, email text NOT NULL, note text NULL,
	age bigint NULL, active bool NOT NULL DEFAULT true, seen TIME NULL, photo BYTES NULL)`

// load runs Load in a transaction of its own.
func load(t *testing.T, db *database.DB, batches ...database.Batch) (inserted []int, err error) {
	t.Helper()
	err = db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		inserted = nil
		for _, b := range batches {
			more, err := database.Load(ctx, tx, b)
			if err != nil {
				return err
			}
			inserted = append(inserted, more...)
		}
		return nil
	})
	return inserted, err
}

// emails makes a batch of people of one tenant; its key is the id.
func emails(tenant int, of ...string) database.Batch {
	b := database.Batch{
		Table: "people", Columns: []string{"email", "id", "tenant"},
		Conflict: []string{"tenant", "email"}, Key: "id",
	}
	for _, e := range of {
		b.Rows = append(b.Rows, []any{e, uuid.New(), tenant})
	}
	return b
}

func withPeople(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		execute(t, db, people, "CREATE UNIQUE INDEX people_email ON people (tenant, email)")
		test(t, db)
	})
}

func TestLoadKeepsEveryValue(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		type word string
		at := time.Date(2026, 3, 4, 5, 6, 7, 120_000_999, time.FixedZone("", 3600))
		text, number, missing := "of \\N\\. a\tb\r\nc \\ \" ' , \u2028 日本 \x7f", 42, (*string)(nil)
		ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
		b := database.Batch{
			Table:   "people",
			Columns: []string{"id", "tenant", "email", "note", "age", "active", "seen", "photo"},
			Rows: [][]any{
				{ids[0], 1, text, &text, &number, false, at, []byte{0, 1, '\\', '\n', 255}},
				{&ids[1], int64(2), word("x"), missing, nil, true, &at, []byte{}},
				{ids[2], uint8(3), "", json.RawMessage(`{"a":"\n"}`), -1, true, nil, []byte(nil)},
			},
			Conflict: []string{"id"}, Key: "id",
		}
		inserted, err := load(t, db, b)
		if err != nil || !slices.Equal(inserted, []int{0, 1, 2}) {
			t.Fatalf("inserted %v, error %v", inserted, err)
		}
		rows, err := db.SQL().Query("SELECT id, tenant, email, note, age, active, seen, photo FROM people ORDER BY tenant")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		type person struct {
			ID     uuid.UUID
			Tenant int
			Email  string
			Note   *string
			Age    *int
			Active bool
			Seen   *time.Time
			Photo  []byte
		}
		var got []person
		for rows.Next() {
			var p person
			if err := rows.Scan(&p.ID, &p.Tenant, &p.Email, &p.Note, &p.Age, &p.Active, &p.Seen, &p.Photo); err != nil {
				t.Fatal(err)
			}
			got = append(got, p)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		seen, note, minus := at.UTC().Truncate(time.Microsecond), `{"a":"\n"}`, -1
		want := []person{
			{ids[0], 1, text, &text, &number, false, &seen, []byte{0, 1, '\\', '\n', 255}},
			{ids[1], 2, "x", nil, nil, true, &seen, []byte{}},
			{ids[2], 3, "", &note, &minus, true, nil, nil},
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		var found bool // as the driver writes the time
		if err := db.SQL().QueryRow("SELECT count(*) = 2 FROM people WHERE seen = $1", at.UTC().Truncate(time.Microsecond)).Scan(&found); err != nil || !found {
			t.Errorf("the time is stored in another form (%v)", err)
		}
		// SQLite's driver gives both as nil.
		if n := value[int](t, db, "SELECT count(*) FROM people WHERE photo IS NULL"); n != 1 {
			t.Errorf("%d photos are NULL; want the last only", n)
		}
	})
}

func TestLoadSaysWhichRowsAreNew(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		if _, err := load(t, db, emails(1, "there", "too"), emails(2, "elsewhere")); err != nil {
			t.Fatal(err)
		}
		b := emails(1, "new", "there", "twice", "elsewhere", "twice", "too", "last", "twice")
		inserted, err := load(t, db, b)
		if want := []int{0, 2, 3, 6}; err != nil || !slices.Equal(inserted, want) {
			t.Errorf("inserted %v, error %v; want %v", inserted, err, want)
		}
		if id := value[uuid.UUID](t, db, "SELECT id FROM people WHERE email = 'twice'"); id != b.Rows[2][1] {
			t.Error("of two rows with one key, the first does not win")
		}
		again, err := load(t, db, b)
		if err != nil || len(again) != 0 {
			t.Errorf("the second time: inserted %v, error %v; want nothing", again, err)
		}
		none, err := load(t, db, emails(1))
		if err != nil || len(none) != 0 {
			t.Errorf("an empty batch: inserted %v, error %v", none, err)
		}
	})
}

// A row that bears the id of another tenant's record does not take it over, whichever of
// the two keys is met first: nothing is ever updated, and the batch fails as a whole.
func TestLoadTakesNoRecordOver(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		theirs := emails(2, "kim")
		if _, err := load(t, db, theirs); err != nil {
			t.Fatal(err)
		}
		for _, email := range []string{"kim", "taken over"} {
			b := emails(1, "new", email)
			b.Rows[1][1] = theirs.Rows[0][1]
			if _, err := load(t, db, b); !database.IsUniqueViolation(err) {
				t.Errorf("%s: %v, want a violated key", email, err)
			}
		}
		if n := value[int](t, db, "SELECT count(*) FROM people WHERE tenant = 2 AND email = 'kim'"); n != 1 {
			t.Error("the record is not what it was")
		}
		if n := value[int](t, db, "SELECT count(*) FROM people"); n != 1 {
			t.Errorf("%d records, want the one that was there", n)
		}
	})
}

func TestLoadTakesSeveralBatchesInATransaction(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		inserted, err := load(t, db, emails(1, "a", "b"), emails(1, "b", "c"), emails(1, "c", "a"))
		if want := []int{0, 1, 1}; err != nil || !slices.Equal(inserted, want) {
			t.Errorf("inserted %v, error %v; want %v", inserted, err, want)
		}
	})
}

func TestLoadTakesAsManyRowsAsThereAre(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		var many []string
		for i := range 2345 {
			many = append(many, fmt.Sprintf("%d %s", i, strings.Repeat("x", i%100)))
		}
		b := emails(1, append(many, strings.Repeat("long", 100_000)[:200_000])...)
		if db.Dialect() == database.Postgres {
			b.Rows[2345][0] = "an index entry has at most 2,700 bytes"
		}
		inserted, err := load(t, db, b)
		if n := value[int](t, db, "SELECT count(*) FROM people"); err != nil || n != 2346 || len(inserted) != 2346 {
			t.Errorf("%d rows there, %d inserted, error %v", n, len(inserted), err)
		}
	})
}

// What is sent at once ends between two rows, however long they are.
func TestLoadTakesRowsOfAnyLength(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		execute(t, db, "CREATE TABLE texts (id bigint PRIMARY KEY, body text NOT NULL)")
		const chunk = 64 << 10 // about what is sent at once
		var rows [][]any
		sum := 0
		add := func(length int) {
			rows = append(rows, []any{len(rows), strings.Repeat("\\", length/2) + strings.Repeat("x", length%2)})
			sum += length/2 + length%2
		}
		for _, length := range []int{chunk, 1, 0, chunk - 20, chunk/2 - 4, chunk/2 - 3, 3 * chunk, chunk + 1, 7} {
			add(length)
		}
		for i := range 40 {
			add(chunk - 20 + i)
			add(i)
		}
		if _, err := load(t, db, database.Batch{Table: "texts", Columns: []string{"id", "body"}, Rows: rows}); err != nil {
			t.Fatal(err)
		}
		if n := value[int](t, db, "SELECT sum(length(body)) FROM texts"); n != sum {
			t.Errorf("%d characters are there, want %d", n, sum)
		}
		for i, row := range rows {
			if got := value[string](t, db, fmt.Sprintf("SELECT body FROM texts WHERE id = %d", i)); got != row[1] {
				t.Errorf("row %d is not the same", i)
			}
		}
	})
}

func TestLoadWithoutConflictIsAllOrAnError(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		execute(t, db, "CREATE TABLE notes (id SERIAL, body text NOT NULL)")
		long := strings.Repeat("long\n", 50_000) // longer than what is sent at once
		inserted, err := load(t, db, database.Batch{Table: "notes", Columns: []string{"body"}, Rows: [][]any{{"a"}, {long}, {"c"}}})
		if err != nil || !slices.Equal(inserted, []int{0, 1, 2}) {
			t.Errorf("inserted %v, error %v", inserted, err)
		}
		if got := value[string](t, db, "SELECT body FROM notes WHERE id = 2"); got != long {
			t.Error("the long value is not the same, or has another id")
		}
		b := emails(1, "a", "a")
		b.Conflict, b.Key = nil, ""
		if inserted, err = load(t, db, b); !database.IsUniqueViolation(err) || inserted != nil {
			t.Errorf("inserted %v, error %v; want a unique violation", inserted, err)
		}
		if n := value[int](t, db, "SELECT count(*) FROM people"); n != 0 {
			t.Errorf("%d rows are left of a batch that failed", n)
		}
	})
}

func TestLoadReportsWhatItCannotDo(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		other := emails(1, "a", "b")
		other.Rows[1][1] = other.Rows[0][1] // the primary key is not the conflict's
		wide, keyless, strange, nameless := emails(1, "a"), emails(1, "a"), emails(1, "a"), emails(1, "a")
		wide.Rows[0] = append(wide.Rows[0], "more")
		keyless.Key = "note"
		strange.Rows[0][0] = struct{}{}
		nameless.Table = "nobody"
		for name, b := range map[string]database.Batch{
			"another unique index": other, "too wide": wide, "no key": keyless, "no such type": strange, "no such table": nameless,
		} {
			inserted, err := load(t, db, b)
			if err == nil || inserted != nil {
				t.Errorf("%s: inserted %v, error %v", name, inserted, err)
			}
			if unique := database.IsUniqueViolation(err); unique != (name == "another unique index") {
				t.Errorf("%s: unique violation %v", name, unique)
			}
		}
		if _, err := load(t, db, emails(1, "a")); err != nil {
			t.Errorf("after the errors: %v", err)
		}
	})
}

// What panics of a record ends the transaction, and takes no connection with it.
func TestARecordThatPanicsEndsTheTransaction(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		bad := errors.New("a record that nobody can digest")
		ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
		id := database.Column[uuid.UUID]{Name: "id", Put: func(to *database.Values, id uuid.UUID) { to.ID(id) }}
		note := database.Column[uuid.UUID]{Name: "note", Put: func(to *database.Values, id uuid.UUID) {
			if id == ids[1] {
				panic(bad)
			}
			to.Text(strings.Repeat("x", 100_000)) // is sent at once
		}}
		rest := []database.Column[uuid.UUID]{
			{Name: "tenant", Of: func(uuid.UUID) any { return 1 }},
			{Name: "email", Of: func(id uuid.UUID) any { return id.String() }},
		}
		if _, err := load(t, db, database.Batch{Table: "people", Columns: []string{"id", "tenant", "email"}, Rows: [][]any{{ids[0], 1, "kept"}}}); err != nil {
			t.Fatal(err)
		}
		before := value[int](t, db, "SELECT count(*) FROM people")
		for name, write := range map[string]func(ctx context.Context, tx *database.Tx) error{
			"insert": func(ctx context.Context, tx *database.Tx) error {
				return database.Insert(ctx, tx, "people", append(rest, id, note), []uuid.UUID{ids[2], ids[1]})
			},
			"set": func(ctx context.Context, tx *database.Tx) error {
				return database.Set(ctx, tx, "people", []database.Column[uuid.UUID]{id}, []database.Column[uuid.UUID]{note}, ids)
			},
		} {
			func() {
				defer func() {
					p := recover()
					if err, ok := p.(error); !ok || !errors.Is(err, bad) || !strings.Contains(err.Error(), "load_test.go") {
						t.Errorf("%s: panic %v; want the record's, with its stack", name, p)
					}
				}()
				t.Errorf("%s: error %v; want a panic", name, db.InTx(t.Context(), write))
			}()
			if n := value[int](t, db, "SELECT count(*) FROM people WHERE note IS NULL"); n != before {
				t.Errorf("%s: %d rows as before, want %d", name, n, before)
			}
			if n := db.SQL().Stats().InUse; n != 0 {
				t.Errorf("%s: %d connections are in use", name, n)
			}
		}
		if _, err := load(t, db, emails(1, "a")); err != nil {
			t.Errorf("after the panics: %v", err)
		}
	})
}

func TestLoadsAtTheSameTimeDoNotDeadlock(t *testing.T) {
	withPeople(t, func(t *testing.T, db *database.DB) {
		var keys []string
		for i := range 3000 {
			keys = append(keys, fmt.Sprint(i))
		}
		var (
			start, done     sync.WaitGroup
			attempts, total atomic.Int64
		)
		start.Add(2)
		for range 2 {
			b := emails(1, keys...)
			done.Go(func() {
				start.Done()
				start.Wait()
				err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
					attempts.Add(1)
					inserted, err := database.Load(ctx, tx, b)
					total.Add(int64(len(inserted)))
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
			slices.Reverse(keys)
		}
		done.Wait()
		if total.Load() != 3000 || attempts.Load() != 2 {
			t.Errorf("%d rows inserted in %d attempts; want 3000 in 2", total.Load(), attempts.Load())
		}
	})
}
