package main

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"tenantry/chaos/harness"
)

// leg is one way of loading rows, taken once.
type leg struct {
	rows int
	took time.Duration
	cpu  usage
}

func (l leg) perRow() float64 { return l.took.Seconds() / float64(l.rows) }

// emptied takes all contacts away and has what is in memory written out, so that no leg pays
// for the one before.
func (s *stack) emptied(ctx context.Context) error {
	return s.execute(ctx, `TRUNCATE contacts, search_blocks CASCADE`, `CHECKPOINT`)
}

// emptyPlain makes an empty table with the columns and indexes of contacts, and with ordinary
// foreign keys whatever contacts has in their place.
func (s *stack) emptyPlain(ctx context.Context) error {
	return s.execute(ctx, `DROP TABLE IF EXISTS plain_contacts`, `CREATE TABLE plain_contacts (LIKE contacts INCLUDING ALL)`,
		`ALTER TABLE plain_contacts
			ADD FOREIGN KEY (company_id, project_id) REFERENCES projects (company_id, id),
			ADD FOREIGN KEY (company_id, desk_id) REFERENCES desks (company_id, id)`, `CHECKPOINT`)
}

func (s *stack) execute(ctx context.Context, statements ...string) error {
	db, err := s.postgres.Open("bench")
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// copyOut writes all contacts into a file as they are stored.
func (s *stack) copyOut(ctx context.Context, path string) error {
	_, err := s.psql(ctx, `\copy contacts TO '`+path+`'`)
	return err
}

// copyIn copies the file into the plain table, in one transaction: what a person with psql
// would do.
func (s *stack) copyIn(ctx context.Context, path string, rows int) (leg, error) {
	before, began := s.usage(), time.Now()
	psql, err := s.psql(ctx, `\copy plain_contacts FROM '`+path+`'`)
	l := leg{rows: rows, took: time.Since(began), cpu: s.usage().since(before)}
	l.cpu["psql"] = psql
	return l, err
}

// psql runs a command and returns the CPU time of psql itself.
func (s *stack) psql(ctx context.Context, command string) (time.Duration, error) {
	program, err := harness.Program("psql")
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, program, "-X", "-q", "-v", "ON_ERROR_STOP=1", s.postgres.URL("bench", "copy"), "-c", command)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
