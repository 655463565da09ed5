package importer

import (
	"context"
	"errors"
	"time"

	"tenantry/internal/blob"
	"tenantry/internal/database"
)

// holdLease extends the lease until the context ends, and ends the work through lost when
// the claim is not ours any more. Where the database cannot be asked, as on SQLite while a batch
// is written, it goes on asking: should somebody else have the import by then, the epoch keeps
// the data.
func (e *Engine) holdLease(ctx context.Context, c *claim, lost context.CancelCauseFunc) {
	tick := time.NewTicker(e.o.Lease / 4)
	defer tick.Stop()
	d := e.db.Dialect()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n, err := e.execute(ctx, e.o.Lease/4, `UPDATE import_runs SET lease_until = `+d.NowPlus("$3")+`
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.ID, c.epoch, e.o.Lease.Seconds())
		if err == nil && n == 0 {
			lost(errSuperseded)
			return
		}
	}
}

// release gives the claim back: at once to be taken again where it is handed over, which
// counts as no try (rule J3), or later and later after failures.
func (e *Engine) release(ctx context.Context, c *claim, handedOver bool) error {
	if !handedOver {
		backoff := min(time.Second<<min(c.claims-1, 4), 10*time.Second)
		_, err := e.execute(ctx, e.o.Lease, `UPDATE import_runs SET lease_until = `+e.db.Dialect().NowPlus("$3")+`
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.ID, c.epoch, backoff.Seconds())
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.o.Lease)
	defer cancel()
	return e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE import_runs SET lease_until = NULL, `+noTry+`
			WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`, c.ID, c.epoch)
		if err != nil {
			return err
		}
		return e.updateTurn(ctx, tx, c.Company, false)
	})
}

// noTry takes back that a claim counts as one of the five (rule J3).
const noTry = `claims = CASE WHEN claims > 0 THEN claims - 1 ELSE 0 END`

// outagePause is how long an import rests for want of a part.
const outagePause = 5 * time.Second

// outage reports whether a part that the import needs is away, full or refuses to serve: the
// blob store, or the database. A store that is not the others' is as good as away.
func outage(err error) bool {
	return errors.Is(err, errNotShared) || errors.Is(err, blob.ErrUnavailable) || database.IsOutage(err)
}

// pause gives the claim back for a while because of an outage. That is nothing that the
// import could help, and no import could do better, so that it counts as no try (rule J3):
// imports wait, however long the outage takes, and may be canceled meanwhile. Where it is
// the database that is away, the claim would count once it is back: so it is asked until it
// answers, or until the process drains.
func (e *Engine) pause(drain context.Context, c *claim) error {
	query := `UPDATE import_runs SET lease_until = ` + e.db.Dialect().NowPlus("$3") + `, ` + noTry + `
		WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`
	for {
		_, err := e.execute(context.WithoutCancel(drain), e.o.Lease, query, c.ID, c.epoch, outagePause.Seconds())
		if err == nil || !outage(err) || drain.Err() != nil {
			return err
		}
		select {
		case <-drain.Done():
		case <-time.After(time.Second):
		}
	}
}

// execute runs one statement within the time and counts the rows it changed.
func (e *Engine) execute(ctx context.Context, within time.Duration, query string, args ...any) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	res, err := e.db.SQL().ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
