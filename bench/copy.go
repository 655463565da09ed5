package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"tenantry/chaos/harness"
)

// plainColumns are what copyPlain fills of a table that is like contacts.
const plainColumns = `id, company_id, created_at, updated_at, email, email_key, first_name, last_name, last_name_key, username, project_id, desk_id, active, type`

// copyPlain copies as many contacts as the import has rows straight into an empty table of the
// same columns, indexes and foreign keys, in one transaction: what a person with psql would
// do. Only the COPY is timed. PostgreSQL alone.
func (s *stack) copyPlain(ctx context.Context, rows int) (time.Duration, error) {
	db, err := s.postgres.Open("bench")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var company, project, desk string
	err = db.QueryRowContext(ctx, `SELECT c.id, p.id, d.id FROM companies c JOIN projects p ON p.company_id = c.id JOIN desks d ON d.company_id = c.id
		WHERE p.is_default AND d.is_default LIMIT 1`).Scan(&company, &project, &desk)
	if err != nil {
		return 0, fmt.Errorf("looking for a company: %w", err)
	}
	for _, statement := range []string{
		`DROP TABLE IF EXISTS plain_contacts`,
		`CREATE TABLE plain_contacts (LIKE contacts INCLUDING ALL)`,
		`DO $$ DECLARE k text; BEGIN
			FOR k IN SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'contacts'::regclass AND contype = 'f'
			LOOP EXECUTE 'ALTER TABLE plain_contacts ADD ' || k; END LOOP; END $$`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return 0, fmt.Errorf("%s: %w", statement, err)
		}
	}
	path := filepath.Join(s.dir, "plain.txt")
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w, at := bufio.NewWriterSize(file, 256<<10), time.Now().UTC().Format(time.RFC3339)
	for i := range rows {
		id, err := uuid.NewV7()
		if err != nil {
			return 0, err
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\tperson.%d@example.org\tperson.%d@example.org\tFirst%d\tLast%d\tlast%d\tperson.%d\t%s\t%s\ttrue\tPERSONAL\n",
			id, company, at, at, i, i, i, i, i, i, project, desk) // the first error comes back with Flush
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	if err := file.Close(); err != nil {
		return 0, err
	}
	psql, err := harness.Program("psql")
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", s.postgres.URL("bench", "copy"),
		"-c", `\copy plain_contacts (`+plainColumns+`) FROM '`+path+`'`)
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("copying: %w\n%s", err, out)
	}
	took := time.Since(began)
	_, err = db.ExecContext(ctx, `DROP TABLE plain_contacts`)
	return took, err
}
