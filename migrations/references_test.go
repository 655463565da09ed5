package migrations_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"tenantry/internal/database"
	"tenantry/internal/testenv"
	"tenantry/migrations"
)

// asForeignKeys puts ordinary foreign keys in the place of PostgreSQL's triggers on contacts.
var asForeignKeys = []string{
	`DROP FUNCTION contacts_check_references() CASCADE`,
	`DROP FUNCTION contacts_keep_referenced() CASCADE`,
	`ALTER TABLE contacts ADD CONSTRAINT contacts_projects_contacts FOREIGN KEY (company_id, project_id) REFERENCES projects (company_id, id),
		ADD CONSTRAINT contacts_desks_contacts FOREIGN KEY (company_id, desk_id) REFERENCES desks (company_id, id)`,
}

// tenant is a company with two projects and two desks, and contacts that refer to one of
// them or the other.
type tenant struct {
	db                     *database.DB
	table, column          string // which reference is tried: projects by project_id, or desks by desk_id
	constraint             string
	company, other         uuid.UUID
	kept, target, partner  uuid.UUID // of table; the last one is of the other company
	project, desk          uuid.UUID // for the columns that are not tried
	onKept, onTarget, free uuid.UUID // contacts, and an id that none has yet
}

// arrange makes the tenant anew, alone in the database. Where populated is false no contact refers
// to the target.
func arrange(t *testing.T, db *database.DB, table string, populated bool) *tenant {
	t.Helper()
	n := &tenant{db: db, table: table, column: strings.TrimSuffix(table, "s") + "_id"}
	n.constraint = "contacts_" + table + "_contacts"
	for _, id := range []*uuid.UUID{&n.company, &n.other, &n.kept, &n.target, &n.partner, &n.project, &n.desk, &n.onKept, &n.onTarget, &n.free} {
		*id = uuid.New()
	}
	n.project, n.desk = n.kept, n.kept
	now := db.Dialect().Now()
	script := []string{`DELETE FROM contacts`, `DELETE FROM projects`, `DELETE FROM desks`, `DELETE FROM companies`}
	for _, c := range []uuid.UUID{n.company, n.other} {
		script = append(script, fmt.Sprintf(`INSERT INTO companies (id, created_at, updated_at, name, slug, name_slug, name_key)
			VALUES ('%s', %s, %s, 'x', '%s', 'x', 'x')`, c, now, now, c))
	}
	for _, table := range []string{"projects", "desks"} {
		for id, company := range map[uuid.UUID]uuid.UUID{n.kept: n.company, n.target: n.company, n.partner: n.other} {
			script = append(script, fmt.Sprintf(`INSERT INTO %s (id, created_at, updated_at, name, company_id) VALUES ('%s', %s, %s, 'x', '%s')`, table, id, now, now, company))
		}
	}
	script = append(script, n.insert(n.onKept, n.kept))
	if populated {
		script = append(script, n.insert(n.onTarget, n.target))
	}
	n.exec(t, strings.Join(script, ";"))
	return n
}

func (n *tenant) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := n.db.SQL().ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// insert is a statement that makes a contact which refers to the row.
func (n *tenant) insert(contact, to uuid.UUID) string {
	return n.contacts() + n.row(n.company, contact, to)
}

func (n *tenant) contacts() string {
	return `INSERT INTO contacts (id, created_at, updated_at, email, email_key, first_name, username, company_id, project_id, desk_id) VALUES `
}

func (n *tenant) row(company, contact, to uuid.UUID) string {
	project, desk := to, n.desk
	if n.table == "desks" {
		project, desk = n.project, to
	}
	now := n.db.Dialect().Now()
	return fmt.Sprintf(`('%s', %s, %s, '%s', '%s', 'x', 'x', '%s', '%s', '%s')`, contact, now, now, contact, contact, company, project, desk)
}

// intact demands that no contact refers to nothing.
func (n *tenant) intact(t *testing.T, after string) {
	t.Helper()
	var dangling int
	err := n.db.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM contacts c WHERE
		NOT EXISTS (SELECT 1 FROM projects p WHERE p.id = c.project_id AND p.company_id = c.company_id) OR
		NOT EXISTS (SELECT 1 FROM desks d WHERE d.id = c.desk_id AND d.company_id = c.company_id)`).Scan(&dangling)
	if err != nil || dangling > 0 {
		t.Errorf("%s: %d contacts refer to nothing (%v)", after, dangling, err)
	}
}

// step is what a transaction does.
type step struct {
	name string
	sql  func(n *tenant) string
}

// referring are statements after which a contact refers to the target, or another contact does, or none.
var referring = []step{
	{"insert", func(n *tenant) string { return n.insert(n.free, n.target) }},
	{"insert beside", func(n *tenant) string { // several rows, of which one refers to the target
		return n.contacts() + n.row(n.company, uuid.New(), n.kept) + ", " + n.row(n.company, n.free, n.target) + ", " + n.row(n.company, uuid.New(), n.kept)
	}},
	{"upsert", func(n *tenant) string {
		return n.insert(n.onKept, n.kept) + ` ON CONFLICT (company_id, email_key) DO UPDATE SET ` + n.column + ` = '` + n.target.String() + `'`
	}},
	{"move", func(n *tenant) string {
		return `UPDATE contacts SET ` + n.column + ` = '` + n.target.String() + `' WHERE id = '` + n.onKept.String() + `'`
	}},
	{"swap", func(n *tenant) string {
		return fmt.Sprintf(`UPDATE contacts SET %s = COALESCE((SELECT id FROM %s x WHERE x.company_id = '%s' AND x.id <> contacts.%s LIMIT 1), '%s')`,
			n.column, n.table, n.company, n.column, n.target)
	}},
	{"exchange", func(n *tenant) string { // and other keys, for which whoever looks for a contact waits
		return fmt.Sprintf(`UPDATE contacts SET %s = COALESCE((SELECT x.id FROM %s x WHERE x.id = '%s' AND contacts.id = '%s'), '%s'), email_key = email_key || 'x'`,
			n.column, n.table, n.target, n.onKept, n.kept)
	}},
	{"leave", func(n *tenant) string {
		return `UPDATE contacts SET ` + n.column + ` = '` + n.kept.String() + `'`
	}},
	{"edit", func(n *tenant) string { return `UPDATE contacts SET first_name = 'y'` }},
	{"remove", func(n *tenant) string { return `DELETE FROM contacts WHERE id = '` + n.onTarget.String() + `'` }},
	{"wander", func(n *tenant) string { // to another company, where the target is not
		return `UPDATE contacts SET company_id = '` + n.other.String() + `' WHERE id = '` + n.onKept.String() + `'`
	}},
}

// removing are statements after which the target is not there, or has another key.
var removing = []step{
	{"delete", func(n *tenant) string { return `DELETE FROM ` + n.table + ` WHERE id = '` + n.target.String() + `'` }},
	{"delete all", func(n *tenant) string { return `DELETE FROM ` + n.table }},
	{"new id", func(n *tenant) string {
		return fmt.Sprintf(`UPDATE %s SET id = '%s' WHERE id = '%s'`, n.table, uuid.New(), n.target)
	}},
	{"new company", func(n *tenant) string {
		return fmt.Sprintf(`UPDATE %s SET company_id = '%s' WHERE id = '%s'`, n.table, n.other, n.target)
	}},
	{"delete companies", func(*tenant) string { return `DELETE FROM companies` }},
	{"rename", func(n *tenant) string {
		return fmt.Sprintf(`UPDATE %s SET name = 'y' WHERE id = '%s'`, n.table, n.target)
	}},
}

// outcome says how a statement ended.
func outcome(t *testing.T, err error) string {
	t.Helper()
	switch {
	case err == nil:
		return "done"
	case database.IsForeignKeyViolation(err):
		return strings.TrimSpace("refused " + database.ConstraintOf(err))
	case database.IsRetryable(err):
		return "again"
	default:
		t.Fatal(err)
		return ""
	}
}

// withForeignKeys is a database in which the references of contacts are foreign keys.
func withForeignKeys(t *testing.T) *database.DB {
	t.Helper()
	db := testenv.Open(t, database.Postgres)
	for _, s := range asForeignKeys {
		if _, err := db.SQL().ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// One after another: what foreign keys refuse, on PostgreSQL and on SQLite, the triggers refuse, and
// nothing else.
func TestContactsKeepTheirReferences(t *testing.T) {
	t.Parallel()
	byTriggers, byKeys, sqlite := testenv.Open(t, database.Postgres), withForeignKeys(t), testenv.Open(t, database.SQLite)
	for _, c := range combinations() {
		run := func(db *database.DB) (all []string) {
			n := arrange(t, db, c.table, c.populated)
			for _, s := range c.steps {
				_, err := db.SQL().ExecContext(t.Context(), s.sql(n))
				all = append(all, outcome(t, err))
			}
			n.intact(t, c.String())
			return all
		}
		got := run(byTriggers)
		testenv.Equal(t, c.String()+", as foreign keys do", got, run(byKeys))
		testenv.Equal(t, c.String()+", as SQLite's do", withoutNames(got), run(sqlite))
	}
}

// withoutNames leaves out which constraint refused, which SQLite does not say.
func withoutNames(outcomes []string) (short []string) {
	for _, o := range outcomes {
		word, _, _ := strings.Cut(o, " ")
		short = append(short, word)
	}
	return short
}

// combination is two statements of which one refers to the target and the other removes it.
type combination struct {
	table     string
	populated bool // something refers to the target already
	steps     [2]step
}

func (c combination) String() string {
	return fmt.Sprintf("%s (referred to: %v), %q and %q", c.table, c.populated, c.steps[0].name, c.steps[1].name)
}

// combinations are all of them for projects, in either order, and some for desks: the functions
// are the same.
func combinations() (all []combination) {
	for i, r := range referring {
		for _, d := range removing {
			for _, steps := range [][2]step{{r, d}, {d, r}} {
				all = append(all, combination{"projects", false, steps}, combination{"projects", true, steps})
				if i == 0 {
					all = append(all, combination{"desks", false, steps}, combination{"desks", true, steps})
				}
			}
		}
	}
	return all
}

// Two connections, each in the midst of its transaction when the other's statement comes, in either
// order and with either end: what comes of it is what comes of it with foreign keys.
func TestContactsKeepTheirReferencesBetweenConnections(t *testing.T) {
	t.Parallel()
	byTriggers, byKeys := testenv.Open(t, database.Postgres), withForeignKeys(t)
	refused := 0
	for _, c := range combinations() {
		for _, rolledBack := range []bool{false, true} {
			got := interleave(t, byTriggers, c, rolledBack)
			testenv.Equal(t, fmt.Sprintf("%v, rolled back: %v", c, rolledBack), got, interleave(t, byKeys, c, rolledBack))
			refused += strings.Count(strings.Join(got, " "), "refused")
		}
	}
	if refused < 100 {
		t.Errorf("%d statements were refused: the test does not try what it should", refused)
	}
}

// interleave begins the second transaction before the first ends, and gives the outcomes of both.
func interleave(t *testing.T, db *database.DB, c combination, rolledBack bool) []string {
	t.Helper()
	n := arrange(t, db, c.table, c.populated)
	ctx := t.Context()
	first, err := n.db.SQL().BeginTx(ctx, nil)
	testenv.Must(t, err)
	defer first.Rollback()
	second, err := n.db.SQL().BeginTx(ctx, nil)
	testenv.Must(t, err)
	defer second.Rollback()
	var pid int
	testenv.Must(t, second.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pid))

	_, one := first.ExecContext(ctx, c.steps[0].sql(n))
	ended := make(chan error, 1)
	go func() {
		_, err := second.ExecContext(ctx, c.steps[1].sql(n))
		ended <- err
	}()
	var two error
	over := false
	testenv.Await(t, "the second transaction to end or to wait", func() bool {
		select {
		case two = <-ended:
			over = true
			return true
		default:
		}
		var waits bool
		testenv.Must(t, n.db.SQL().QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)`, pid).Scan(&waits))
		return waits
	})
	end(t, first, one, rolledBack)
	if !over {
		two = <-ended
	}
	end(t, second, two, false)
	n.intact(t, c.String())
	return []string{outcome(t, one), outcome(t, two)}
}

func end(t *testing.T, tx *sql.Tx, failed error, rolledBack bool) {
	t.Helper()
	if failed != nil || rolledBack {
		testenv.Must(t, tx.Rollback())
		return
	}
	testenv.Must(t, tx.Commit())
}

// Many connections at random, with savepoints.
func TestContactsKeepTheirReferencesUnderLoad(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	n := arrange(t, db, "projects", true)
	projects := []uuid.UUID{n.kept, n.target, uuid.New()}
	statements := []func(p uuid.UUID) string{
		func(p uuid.UUID) string { return n.insert(uuid.New(), p) },
		func(p uuid.UUID) string {
			return fmt.Sprintf(`UPDATE contacts SET project_id = '%s' WHERE id IN (SELECT id FROM contacts LIMIT 3)`, p)
		},
		func(p uuid.UUID) string {
			return fmt.Sprintf(`UPDATE contacts SET project_id = '%s' WHERE project_id = '%s'`, projects[rand.N(len(projects))], p)
		},
		func(p uuid.UUID) string { return fmt.Sprintf(`DELETE FROM contacts WHERE project_id = '%s'`, p) },
		func(p uuid.UUID) string { return fmt.Sprintf(`DELETE FROM projects WHERE id = '%s'`, p) },
		func(p uuid.UUID) string {
			return fmt.Sprintf(`INSERT INTO projects (id, created_at, updated_at, name, company_id) VALUES ('%s', now(), now(), 'x', '%s') ON CONFLICT DO NOTHING`, p, n.company)
		},
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for range 150 {
				err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
					for range 1 + rand.N(4) {
						if _, err := tx.ExecContext(ctx, `SAVEPOINT s`); err != nil {
							return err
						}
						_, err := tx.ExecContext(ctx, statements[rand.N(len(statements))](projects[rand.N(len(projects))]))
						if database.IsForeignKeyViolation(err) || err == nil && rand.N(4) == 0 {
							_, err = tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT s`)
						}
						if err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil && !database.IsRetryable(err) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	n.intact(t, "under load")
}

// What fills or empties whole tables.
func TestTruncatedAndCopiedTablesKeepReferences(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	for _, table := range []string{"projects", "desks"} {
		n := arrange(t, db, table, true)
		want := "refused " + n.constraint
		for statement, want := range map[string]string{
			`TRUNCATE ` + table: want, `TRUNCATE companies CASCADE`: "refused",
			n.contacts() + n.row(n.company, n.free, n.partner): want, // another company's
			n.contacts() + n.row(n.other, n.free, n.partner):   "refused",
		} {
			if _, err := db.SQL().ExecContext(t.Context(), statement); !strings.HasPrefix(outcome(t, err), want) {
				t.Errorf("%s: %s", statement, outcome(t, err))
			}
		}
		copied := func(to uuid.UUID) error {
			return db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
				columns := []string{"id", "created_at", "updated_at", "email", "email_key", "first_name", "username", "company_id", "project_id", "desk_id"}
				at, row := time.Now().UTC(), []any{}
				project, desk := to, n.desk
				if table == "desks" {
					project, desk = n.project, to
				}
				row = append(row, n.free, at, at, "c", "c", "c", "c", n.company, project, desk)
				_, err := database.Load(ctx, tx, database.Batch{Table: "contacts", Columns: columns, Rows: [][]any{row}})
				return err
			})
		}
		if err := copied(n.partner); outcome(t, err) != want {
			t.Errorf("COPY with another company's: %s", outcome(t, err))
		}
		if err := copied(n.target); err != nil {
			t.Errorf("COPY: %v", err)
		}
		// A table of the session's own does not stand in the real one's place.
		err := db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			for _, s := range []string{
				fmt.Sprintf(`CREATE TEMP TABLE %s ON COMMIT DROP AS SELECT '%s'::uuid AS id, '%s'::uuid AS company_id`, table, n.partner, n.company),
				n.contacts() + n.row(n.company, uuid.New(), n.partner),
			} {
				if _, err := tx.ExecContext(ctx, s); err != nil {
					return err
				}
			}
			return nil
		})
		if outcome(t, err) != want {
			t.Errorf("with a temporary table: %s", outcome(t, err))
		}
		n.intact(t, table)
		for _, statement := range []string{`TRUNCATE contacts CASCADE`, `TRUNCATE ` + table} {
			n.exec(t, statement)
		}
	}
	n := arrange(t, db, "projects", true)
	n.exec(t, `TRUNCATE companies, contacts CASCADE`)
}

// A transaction with one snapshot for all its statements would not see who refers to what it deletes.
func TestReferencedRowsAreDeletedWithAFreshSnapshotOnly(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	for _, level := range []sql.IsolationLevel{sql.LevelRepeatableRead, sql.LevelSerializable} {
		n := arrange(t, db, "projects", false)
		old, err := db.SQL().BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
		testenv.Must(t, err)
		var count int
		testenv.Must(t, old.QueryRowContext(t.Context(), `SELECT count(*) FROM contacts`).Scan(&count))
		n.exec(t, n.insert(n.free, n.target))
		_, err = old.ExecContext(t.Context(), removing[0].sql(n))
		if err == nil {
			t.Errorf("at %v it was deleted", level)
		}
		testenv.Must(t, old.Rollback())

		// And it does not refer to what was deleted since.
		n = arrange(t, db, "projects", false)
		old, err = db.SQL().BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
		testenv.Must(t, err)
		testenv.Must(t, old.QueryRowContext(t.Context(), `SELECT count(*) FROM contacts`).Scan(&count))
		n.exec(t, removing[0].sql(n))
		_, err = old.ExecContext(t.Context(), n.insert(n.free, n.target))
		if err == nil {
			t.Errorf("at %v it refers to what was deleted", level)
		}
		testenv.Must(t, old.Rollback())
	}
}

// The change waits for whoever writes contacts without keeping others out meanwhile.
func TestTheReferencesChangeBesideWriters(t *testing.T) {
	t.Parallel()
	const file = "postgres/0010_contact_references.sql"
	before := fstest.MapFS{}
	names, err := fs.Glob(migrations.Files, "postgres/*.sql")
	testenv.Must(t, err)
	for _, name := range names {
		if name < file {
			text, err := fs.ReadFile(migrations.Files, name)
			testenv.Must(t, err)
			before[name] = &fstest.MapFile{Data: text}
		}
	}
	db, err := database.Open(t.Context(), database.Options{URL: testenv.URL(t), MaxConns: 4})
	testenv.Must(t, err)
	defer db.Close()
	testenv.Must(t, db.MigrateFrom(t.Context(), before))
	n := arrange(t, db, "projects", false)

	writing, err := db.SQL().BeginTx(t.Context(), nil)
	testenv.Must(t, err)
	_, err = writing.ExecContext(t.Context(), n.insert(n.free, n.target))
	testenv.Must(t, err)
	migrated := make(chan error, 1)
	go func() { migrated <- db.Migrate(t.Context()) }()
	// It waits, gives up, and waits again; each time a reader behind it gets through.
	for range 2 {
		testenv.Await(t, "the migration to wait for the writer", func() (waits bool) {
			testenv.Must(t, db.SQL().QueryRowContext(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
				AND mode = 'AccessExclusiveLock' AND relation IN ('contacts'::regclass, 'projects'::regclass))`).Scan(&waits))
			return waits
		})
		n.exec(t, `SELECT count(*) FROM projects JOIN contacts ON project_id = projects.id`)
	}
	select {
	case err := <-migrated:
		t.Fatalf("the migration did not wait for the writer: %v", err)
	default:
	}
	testenv.Must(t, writing.Commit())
	testenv.Must(t, <-migrated)
	if _, err := db.SQL().ExecContext(t.Context(), removing[0].sql(n)); outcome(t, err) != "refused "+n.constraint {
		t.Errorf("what was written meanwhile is not kept: %v", err)
	}
	var left int
	err = db.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_constraint WHERE conrelid = 'contacts'::regclass AND contype = 'f'`).Scan(&left)
	if err != nil || left > 0 {
		t.Errorf("%d foreign keys are left (%v)", left, err)
	}
}
