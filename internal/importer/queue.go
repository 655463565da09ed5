package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"tenantry/internal/database"
	"tenantry/internal/id"
)

// The queue is import_runs; import_turns has a row for each company that ever imported, which
// says whether an import of it could be claimed and when it last had its turn. The next
// import is then found by a few look-ups in indexes, however many wait, and of however many
// companies: none of these statements reads more than the workers have at work.
//
// A company's row is locked before it is updated, so that no import is overlooked that
// somebody accepts at that instant; whoever changes an import's place in the queue calls
// [Engine.updateTurn] in the same transaction, and does so last: the lock is held for a moment only. A
// batch's transaction does not touch it.

// laneHeads are the ids, as an SQL list, of the company's first import of each kind, since
// those run one after another: the one that runs, else the oldest that is queued.
func (e *Engine) laneHeads(company string) string {
	heads := make([]string, len(e.kinds))
	for i, k := range e.kinds {
		lane := `SELECT o.id FROM import_runs o WHERE o.company_id = ` + company + ` AND o.kind = '` + string(k.Name()) + `' AND o.status = `
		heads[i] = `COALESCE((` + lane + `'RUNNING'), (` + lane + `'QUEUED' ORDER BY o.created_at, o.id LIMIT 1))`
	}
	return `(` + strings.Join(heads, `, `) + `)`
}

// free: of the heads, those that nobody holds. Such as a worker died over are abandoned.
func (e *Engine) free(company string) string {
	return `r.id IN ` + e.laneHeads(company) + ` AND r.lease_until IS NULL AND r.claims = 0`
}

// abandoned are the ids of what a worker has left without handing it over, or may have died
// over. There are no more than workers had at work.
func abandoned(d database.Dialect) string {
	return `(SELECT o.id FROM import_runs o WHERE o.status = 'RUNNING' AND o.lease_until < ` + d.Now() + `
		UNION ALL SELECT o.id FROM import_runs o WHERE o.status = 'RUNNING' AND o.claims > 0 AND o.lease_until IS NULL)`
}

// busy has a row for each import that a worker holds.
func busy(d database.Dialect) string {
	return `(SELECT o.company_id FROM import_runs o WHERE o.status = 'RUNNING' AND o.lease_until >= ` + d.Now() + `)`
}

// fairOrder is that of companies: whose turn began longest ago, or who never had one.
const fairOrder = `t.turn_at, t.since, t.company_id`

// never is the turn_at of a company that had none.
var never = time.Unix(0, 0).UTC()

// errStale: what the queue said is not so any more; it has been put right.
var errStale = errors.New("the queue is to be read again")

// next finds the import that a worker is to take, and whose it is: what goes into quarantine (see slots;
// nothing, where that is not wanted) and then whatever else a worker left go on first; then the companies with the fewest
// imports at work, in fair order; within a company what had no turn yet, and then the oldest
// (rule J8). found is false where there is none.
func (e *Engine) next(ctx context.Context, tx *database.Tx, quarantine bool) (run, company id.ID, found bool, err error) {
	d := e.db.Dialect()
	var claims int
	one := func(query string, args ...any) error {
		err := tx.QueryRowContext(ctx, query, args...).Scan(&run, &company, &claims)
		if found = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	}
	err = one(`SELECT r.id, r.company_id, r.claims FROM import_runs r WHERE r.id IN ` + abandoned(d) + `
		ORDER BY CASE WHEN r.claims > 0 THEN 0 ELSE 1 END, r.claimed_at, r.id LIMIT 1` + d.LockFree(database.ForUpdate, "r"))
	if found || err != nil {
		return run, company, found && (quarantine || claims == 0), err
	}
	for _, companies := range []string{
		`import_turns t WHERE t.waiting AND t.company_id NOT IN ` + busy(d) + ` ORDER BY ` + fairOrder,
		`import_turns t JOIN (SELECT b.company_id, count(*) AS n FROM ` + busy(d) + ` AS b GROUP BY b.company_id) AS b ON b.company_id = t.company_id
			WHERE t.waiting ORDER BY b.n, ` + fairOrder,
	} {
		if err = one(`SELECT t.company_id, t.company_id, 0 FROM ` + companies + ` LIMIT 1` + d.LockFree(database.ForUpdate, "t")); err != nil {
			return run, company, false, err
		}
		if !found {
			continue
		}
		err = one(`SELECT r.id, r.company_id, r.claims FROM import_runs r WHERE `+e.free("$1")+`
			ORDER BY r.claimed_at NULLS FIRST, r.created_at, r.id LIMIT 1`, company)
		if err == nil && !found {
			if err = e.updateTurn(ctx, tx, company, false); err == nil {
				err = errStale
			}
		}
		return run, company, found, err
	}
	return run, company, false, nil
}

// updateTurn brings the company's row in line with its imports, of which the transaction has
// changed one. Where it has claimed one, the company's turn begins.
func (e *Engine) updateTurn(ctx context.Context, tx *database.Tx, company id.ID, claimed bool) error {
	d := tx.Dialect()
	// Locked by one statement and updated by the next, which sees what the lock waited for.
	_, err := tx.ExecContext(ctx, `INSERT INTO import_turns (company_id, waiting, turn_at, since) VALUES ($1, $2, $3, `+d.Now()+`)
		ON CONFLICT (company_id) DO UPDATE SET company_id = excluded.company_id`, company, false, never)
	if err != nil {
		return fmt.Errorf("locking a company's turn: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE import_turns SET waiting = EXISTS (SELECT 1 FROM import_runs r WHERE `+e.free("$1")+`),
		since = CASE WHEN waiting THEN since ELSE `+d.Now()+` END, turn_at = CASE WHEN $2 THEN `+d.Now()+` ELSE turn_at END
		WHERE company_id = $1`, company, claimed)
	if err != nil {
		return fmt.Errorf("computing a company's turn: %w", err)
	}
	return nil
}

// firstCompanies bounds how many companies are searched for who waits: what stands behind
// them has its turn behind theirs in any case.
const firstCompanies = 32

// awaited reports whether another company's import could be claimed now, or one for quarantine; among
// short ones alone, where only they are asked for.
func (e *Engine) awaited(ctx context.Context, c *claim, short bool) (yes bool, err error) {
	d := e.db.Dialect()
	among := ""
	if short {
		among = ` AND r.total_rows - r.processed_rows <= CASE r.kind`
		for _, k := range e.kinds {
			among += fmt.Sprintf(` WHEN '%s' THEN %d`, k.Name(), e.short(k))
		}
		among += ` ELSE 0 END`
	}
	err = e.db.SQL().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM import_runs r WHERE r.id IN `+abandoned(d)+` AND (r.company_id <> $1 OR r.claims > 0)`+among+`)
		OR EXISTS (SELECT 1 FROM (SELECT t.company_id FROM import_turns t WHERE t.waiting AND t.company_id <> $1 ORDER BY `+fairOrder+` LIMIT $2) AS f
			JOIN import_runs r ON `+e.free("f.company_id")+among+`)`, c.Company, firstCompanies).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("looking for waiting imports: %w", err)
	}
	return yes, nil
}

// Claimable lists the imports that a worker could take now, at most the limit: what the
// sweep compares the queue with (rule J3).
func (e *Engine) Claimable(ctx context.Context, limit int) ([]id.ID, error) {
	runs, err := e.claimable(ctx, limit)
	if err == nil && len(runs) == 0 {
		var missed bool
		if missed, err = e.findMissed(ctx); err == nil && missed {
			runs, err = e.claimable(ctx, limit)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listing imports to claim: %w", err)
	}
	return runs, nil
}

func (e *Engine) claimable(ctx context.Context, limit int) ([]id.ID, error) {
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT a.id FROM `+abandoned(e.db.Dialect())+` AS a
		UNION ALL SELECT r.id FROM (SELECT t.company_id FROM import_turns t WHERE t.waiting ORDER BY `+fairOrder+` LIMIT $1) AS f
			JOIN import_runs r ON `+e.free("f.company_id")+` LIMIT $1`, limit)
	if err != nil {
		return nil, err
	}
	return ids(rows)
}

// findMissed finds companies whose imports wait while their row does not say so, as a
// release that knows of no rows leaves them behind. It reads the whole queue: it is for when
// nothing else is to be done.
func (e *Engine) findMissed(ctx context.Context) (found bool, err error) {
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT DISTINCT q.company_id FROM import_runs q
		LEFT JOIN import_turns t ON t.company_id = q.company_id
		WHERE (q.status = 'QUEUED' OR q.status = 'RUNNING' AND q.lease_until IS NULL) AND (t.waiting IS NULL OR NOT t.waiting)
		AND EXISTS (SELECT 1 FROM import_runs r WHERE `+e.free("q.company_id")+`)`)
	if err != nil {
		return false, err
	}
	missed, err := ids(rows)
	if err != nil {
		return false, err
	}
	for _, company := range missed {
		if err := e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error { return e.updateTurn(ctx, tx, company, false) }); err != nil {
			return false, err
		}
	}
	return len(missed) > 0, nil
}

// ids reads rows of one id each, and closes them.
func ids(rows *sql.Rows) (all []id.ID, err error) {
	defer rows.Close()
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
