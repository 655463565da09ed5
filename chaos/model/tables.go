package model

import (
	"context"
	"database/sql"
	"fmt"

	"tenantry/internal/importer/journal"
)

// Import is an import as the tables have it.
type Import struct {
	ID, Company, File, Status string
	Kind                      Kind
	DryRun, Sealed            bool // sealed: the key of its upload is still there
	Total                     int
	Counts
	Revision, Epoch, Claims int
	FailureCode             string
	Retries                 string // the import of which it retries rows; empty: it is one of a file
	Undoes                  string // the import that it takes back; likewise
	Resolved                int    // failed rows that retries have imported since
	Keys                    int    // idempotency keys that stand for it
	Scratch                 int    // what should have been dropped at its end
	Notices                 int    // IMPORT_FINISHED to its creator
	AdminNotices            int    // PARTNER_ADMIN_ADDED, to anybody
	AdminsTold              int    // how many people those went to
	Issues                  []Issue
	Batches                 []Batch // in order
}

// Batch is a batch in an import's journal.
type Batch struct {
	First int // the number of its first row among those of the import
	Size  int
	Counts
	Rows []journal.Row
}

// Company is a company as the tables have it.
type Company struct {
	ID, Partner, CreatedBy string
	Customer
	Projects, Desks, Admins int // default ones; partner admins
	AdminsCompany           string
}

// Record is a contact or a user as the tables have it.
type Record struct {
	ID, Company string
	Entry
	Sound bool // a contact: its project and desk are its company's default ones; a user: a member with a password
}

// Tables are what stands in the database, read in one transaction.
type Tables struct {
	Imports   []Import // in the order in which they began
	Companies []Company
	Contacts  []Record
	Users     []Record
}

// Read reads the tables. The statements are understood by PostgreSQL and SQLite.
func Read(ctx context.Context, db *sql.DB) (*Tables, error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: isolation(db), ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	t := &Tables{}
	if err := t.readImports(ctx, tx); err != nil {
		return nil, fmt.Errorf("reading the imports: %w", err)
	}
	if err := t.readIssues(ctx, tx); err != nil {
		return nil, fmt.Errorf("reading the issues: %w", err)
	}
	if err := t.readJournal(ctx, tx); err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	if err := t.readCompanies(ctx, tx); err != nil {
		return nil, fmt.Errorf("reading the companies: %w", err)
	}
	if err := t.readPeople(ctx, tx); err != nil {
		return nil, fmt.Errorf("reading contacts and users: %w", err)
	}
	return t, nil
}

// isolation is one snapshot for all statements; SQLite has no other kind.
func isolation(db *sql.DB) sql.IsolationLevel {
	if fmt.Sprintf("%T", db.Driver()) == "*sqlite.Driver" {
		return sql.LevelDefault
	}
	return sql.LevelRepeatableRead
}

func (t *Tables) readImports(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT CAST(r.id AS text), CAST(r.company_id AS text), r.file_name, r.status, r.kind, r.dry_run, r.upload_secret IS NOT NULL, r.total_rows,
		r.processed_rows, r.created_count, r.updated_count - r.deleted_count, r.deleted_count, r.unchanged_count, r.skipped_count, r.failed_count,
		r.revision, r.epoch, r.claims, COALESCE(r.failure_code, ''), COALESCE(CAST(r.retries_id AS text), ''), COALESCE(CAST(r.undoes_id AS text), ''), r.resolved_count,
		(SELECT count(*) FROM idempotency_keys k WHERE k.import_run_id = r.id),
		(SELECT count(*) FROM import_keys k WHERE k.import_run_id = r.id),
		(SELECT count(*) FROM notifications n WHERE n.import_run_id = r.id AND n.kind = 'IMPORT_FINISHED'),
		(SELECT count(*) FROM notifications n WHERE n.import_run_id = r.id AND n.kind = 'PARTNER_ADMIN_ADDED'),
		(SELECT count(DISTINCT n.user_id) FROM notifications n WHERE n.import_run_id = r.id AND n.kind = 'PARTNER_ADMIN_ADDED')
		FROM import_runs r ORDER BY r.started_at NULLS LAST, r.created_at, r.id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i Import
		if err := rows.Scan(&i.ID, &i.Company, &i.File, &i.Status, &i.Kind, &i.DryRun, &i.Sealed, &i.Total,
			&i.Processed, &i.Created, &i.Updated, &i.Deleted, &i.Unchanged, &i.Skipped, &i.Failed,
			&i.Revision, &i.Epoch, &i.Claims, &i.FailureCode, &i.Retries, &i.Undoes, &i.Resolved,
			&i.Keys, &i.Scratch, &i.Notices, &i.AdminNotices, &i.AdminsTold); err != nil {
			return err
		}
		t.Imports = append(t.Imports, i)
	}
	return rows.Err()
}

func (t *Tables) readIssues(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT CAST(import_run_id AS text), "row", ordinal, line, code, COALESCE("column", ''), resolved,
		CASE code WHEN 'EMAIL_TAKEN' THEN COALESCE(other_row, 0) ELSE 0 END
		FROM import_issues ORDER BY import_run_id, "row", ordinal`)
	if err != nil {
		return err
	}
	defer rows.Close()
	byRun := map[string][]Issue{}
	for rows.Next() {
		var run string
		var i Issue
		if err := rows.Scan(&run, &i.Row, &i.Ordinal, &i.Line, &i.Code, &i.Column, &i.Resolved, &i.OtherRow); err != nil {
			return err
		}
		byRun[run] = append(byRun[run], i)
	}
	for n := range t.Imports {
		t.Imports[n].Issues = byRun[t.Imports[n].ID]
	}
	return rows.Err()
}

func (t *Tables) readJournal(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT CAST(import_run_id AS text), first_row, rows, created_count, updated_count, deleted_count,
		unchanged_count, skipped_count, failed_count, outcomes FROM import_batches ORDER BY import_run_id, first_row`)
	if err != nil {
		return err
	}
	defer rows.Close()
	byRun := map[string][]Batch{}
	for rows.Next() {
		var run string
		var b Batch
		var outcomes []byte
		if err := rows.Scan(&run, &b.First, &b.Size, &b.Created, &b.Updated, &b.Deleted, &b.Unchanged, &b.Skipped, &b.Failed, &outcomes); err != nil {
			return err
		}
		if b.Rows, err = journal.DecodeOutcomes(outcomes, b.First, b.Size); err != nil {
			return fmt.Errorf("the batch at row %d of import %s: %w", b.First, run, err)
		}
		b.Processed = b.Size
		byRun[run] = append(byRun[run], b)
	}
	for n := range t.Imports {
		t.Imports[n].Batches = byRun[t.Imports[n].ID]
	}
	return rows.Err()
}

func (t *Tables) readCompanies(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT CAST(c.id AS text), COALESCE(CAST(c.partner_id AS text), ''),
		COALESCE(CAST(c.created_by_partner_id AS text), ''), c.name, c.slug, COALESCE(c.contact_email, ''),
		COALESCE(p.n, 0), COALESCE(d.n, 0), COALESCE(a.n, 0), COALESCE(a.email, ''), COALESCE(a.company, '')
		FROM companies c
		LEFT JOIN (SELECT company_id, count(*) AS n FROM projects WHERE is_default GROUP BY company_id) p ON p.company_id = c.id
		LEFT JOIN (SELECT company_id, count(*) AS n FROM desks WHERE is_default GROUP BY company_id) d ON d.company_id = c.id
		LEFT JOIN (SELECT s.company_id, count(*) AS n, min(u.email) AS email, min(CAST(u.company_id AS text)) AS company
			FROM partner_admins s JOIN users u ON u.id = s.user_id GROUP BY s.company_id) a ON a.company_id = c.id
		ORDER BY c.id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c Company
		if err := rows.Scan(&c.ID, &c.Partner, &c.CreatedBy, &c.Name, &c.Slug, &c.Contact,
			&c.Projects, &c.Desks, &c.Admins, &c.Admin, &c.AdminsCompany); err != nil {
			return err
		}
		t.Companies = append(t.Companies, c)
	}
	return rows.Err()
}

func (t *Tables) readPeople(ctx context.Context, tx *sql.Tx) error {
	var err error
	t.Contacts, err = readRecords(ctx, tx, `SELECT CAST(c.id AS text), CAST(c.company_id AS text), c.email, c.first_name, COALESCE(c.last_name, ''),
		COALESCE(c.external_id, ''), c.username, c.active,
		EXISTS (SELECT 1 FROM projects p WHERE p.id = c.project_id AND p.company_id = c.company_id AND p.is_default)
		AND EXISTS (SELECT 1 FROM desks d WHERE d.id = c.desk_id AND d.company_id = c.company_id AND d.is_default)
		FROM contacts c ORDER BY c.company_id, c.email_key, c.id`)
	if err == nil {
		t.Users, err = readRecords(ctx, tx, `SELECT CAST(u.id AS text), CAST(u.company_id AS text), u.email, u.first_name, u.last_name, '', '', u.active,
			u.role = 'MEMBER' AND u.password_hash <> '' FROM users u ORDER BY u.company_id, u.email_key, u.id`)
	}
	return err
}

func readRecords(ctx context.Context, tx *sql.Tx, query string) ([]Record, error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var records []Record
	for rows.Next() {
		var r Record
		if err := rows.Scan(&r.ID, &r.Company, &r.Email, &r.First, &r.Last, &r.External, &r.Username, &r.Active, &r.Sound); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, rows.Err()
}
