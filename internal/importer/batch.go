package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"

	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/faultpoint"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/progress"
)

// errCanceled: somebody asked for the import to stop (rule J5).
var errCanceled = errors.New("the import was canceled")

// batch is some rows of the file and where they end.
type batch struct {
	run   *claim
	as    *kind.Run // the same for the kind, with the rights of the batch's own check
	rows  []sheet.Row
	first int // the number of its first row
	after csvfile.Position
	last  bool       // of the file
	cells kind.Batch // what the kind has read in them

	resolved []id.ID // of a retry: the imports in which it has resolved issues
}

// mostSecrets is how many secrets a batch has at most: each takes a hash of some 16 ms, and
// progress is to move meanwhile.
const mostSecrets = 64

// batchRows is how many rows one transaction takes: few enough that an import shows its
// progress, enough that it runs at the database's speed. Each costs some milliseconds beside its
// rows. A kind that takes thousands a second has nothing to show of a small file: its rows are parted
// between the batches that are worked on at once.
func (e *Engine) batchRows(k kind.Kind, total int) int {
	rows := max(total/10, 200)
	if k.Overlaps() {
		n := e.inFlight(k)
		rows = max((total+n-1)/n, 1_000)
	}
	return min(rows, e.o.BatchRows)
}

// short is how many rows an import of the kind has left at most that is not kept waiting for
// the end of another's turn: it will be over in about the time of one full batch.
func (e *Engine) short(k kind.Kind) int {
	if slices.ContainsFunc(k.Columns(), func(c sheet.Column) bool { return c.Secret }) {
		return min(mostSecrets, e.o.BatchRows)
	}
	return e.o.BatchRows
}

// source reads an import's rows, batch after batch.
func (e *Engine) source(c *claim) func(ctx context.Context, k kind.Kind, c *claim, out chan<- *batch) error {
	if c.undoes != nil {
		return e.undoneBatches
	}
	return e.batches
}

// batches reads the file from the claim's position, validates its cells and sends batch after
// batch until the end, an error or the context's end. One batch is read ahead while another is loaded.
func (e *Engine) batches(ctx context.Context, k kind.Kind, c *claim, out chan<- *batch) error {
	defer close(out)
	at := c.Layout.File.Start()
	if c.processed > 0 {
		at = csvfile.Position{Offset: c.offset, Row: c.processed, Line: c.line}
	}
	file, err := e.openUpload(ctx, c, at.Offset)
	if err != nil {
		return unreadable("opening the upload", err)
	}
	defer file.Close()
	reader, most := csvfile.NewReader(file, c.Layout.File, at), e.batchRows(k, c.total)
	expected := min(most, c.total-at.Row) // as many rows as the batch before, mostly
	for {
		b, secrets, spare := &batch{run: c, first: at.Row + 1, after: at, rows: make([]sheet.Row, 0, max(expected, 0))}, 0, e.o.BatchBytes
		for len(b.rows) < most && secrets < mostSecrets && spare > 0 {
			rec, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return unreadable("reading the upload", err)
			}
			r := c.Layout.Read(rec)
			r.After = rec.After()
			b.rows = append(b.rows, r)
			b.after = r.After
			spare -= rec.End - rec.Offset + r.IssueBytes()
			if !c.DryRun {
				secrets += r.Secrets()
			}
		}
		if len(b.rows) == 0 {
			return nil
		}
		b.as = &kind.Run{ID: c.ID, Company: c.Company, CreatedBy: c.CreatedBy, DryRun: c.DryRun, Layout: c.Layout}
		b.cells = k.Read(b.as, b.rows)
		b.last, expected = b.after.Row == c.total, min(len(b.rows), c.total-b.after.Row)
		at = b.after
		select {
		case out <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// cut parts the batch behind so many rows.
func (b *batch) cut(rows int) (head, rest *batch) {
	h, r := *b, *b
	h.rows, h.after, h.last = b.rows[:rows], b.rows[rows-1].After, false
	r.rows, r.first = b.rows[rows:], b.first+rows
	h.cells, r.cells = b.cells.Cut(rows)
	return &h, &r
}

// commit writes a batch: its records, issues, counts and position in one transaction,
// fenced by the epoch (rule J2). Errors: errSuperseded, errCanceled, the database's.
//
// Where the batch refers to more than may be read at once it is written in parts.
//
// What somebody else took or deleted between planning and writing shows as a violation:
// then the rows are planned once more, by what there is now.
func (e *Engine) commit(ctx context.Context, b *batch) error {
	for violations := 0; ; {
		o, err := e.tryCommit(ctx, b)
		if later, ok := errors.AsType[*kind.Postponed](err); ok {
			if err := later.Do(ctx); err != nil {
				return err
			}
			continue
		}
		if much, ok := errors.AsType[*kind.TooMuch](err); ok {
			head, rest := b.cut(much.Rows)
			if err := e.commit(ctx, head); err != nil {
				return err
			}
			e.publish(ctx, progress.ImportTopic(b.run.ID))
			return e.commit(ctx, rest)
		}
		taken := database.IsUniqueViolation(err) || database.IsForeignKeyViolation(err) || errors.Is(err, database.ErrTenantDeleted)
		if violations++; violations < 5 && taken {
			// It may be another worker's batch of the same rows that was first.
			if err := e.checkClaim(ctx, e.db.SQL(), b); err != nil {
				return err
			}
			continue
		}
		if err == nil {
			e.notified(ctx, b, o)
		}
		return err
	}
}

// notified wakes those who have a new notification of a batch that is committed, and who watches the
// imports whose issues it has resolved.
func (e *Engine) notified(ctx context.Context, b *batch, o *kind.Outcome) {
	for _, run := range b.resolved {
		e.publish(ctx, progress.ImportTopic(run))
	}
	for _, user := range o.Notified {
		e.publish(ctx, progress.UserTopic(user))
	}
}

func (e *Engine) tryCommit(ctx context.Context, b *batch) (o *kind.Outcome, err error) {
	err = e.db.InTx(database.Bulk(ctx), func(ctx context.Context, tx *database.Tx) (err error) {
		// InTx may run this again: the rows are planned afresh each time.
		if o, err = e.write(ctx, tx, b, func() {}); err != nil {
			return err
		}
		return e.advance(ctx, tx, b, o)
	})
	if err == nil {
		b.run.count(o)
	}
	return o, err
}

// write plans the batch, calls planned, and writes its records, issues and journal.
func (e *Engine) write(ctx context.Context, tx *database.Tx, b *batch, planned func()) (*kind.Outcome, error) {
	o, write, err := b.cells.Plan(ctx, tx, slices.Clone(b.rows))
	if err != nil {
		return nil, err
	}
	planned()
	if err := write(); err != nil {
		return nil, err
	}
	if len(o.Rows) != len(b.rows) {
		return nil, fmt.Errorf("%d rows came to %d results", len(b.rows), len(o.Rows))
	}
	faultpoint.Hit("batch.mid", b.run.ID)
	if err := writeIssues(ctx, tx, b.run.ID, o.Issues); err != nil {
		return nil, err
	}
	return o, writeJournal(ctx, tx, b, o)
}

// advance moves the import on behind the batch, unless it is not the claim's any more, or is
// canceled: then nothing of the batch remains. The update is the fence. It comes last, since it
// holds the import's row until the commit: so the heartbeat goes on and a cancellation is
// answered while the batch is under way.
func (e *Engine) advance(ctx context.Context, tx *database.Tx, b *batch, o *kind.Outcome) error {
	c, d := b.run, tx.Dialect()
	err := keepNames(ctx, tx, b, o)
	if err == nil {
		b.resolved, err = e.resolve(ctx, tx, b, o)
	}
	if err != nil {
		return err
	}
	n := o.Counts()
	res, err := tx.ExecContext(ctx, `UPDATE import_runs SET
		processed_rows = processed_rows + $2, created_count = created_count + $3, updated_count = updated_count + $4 + $13, deleted_count = deleted_count + $13,
		unchanged_count = unchanged_count + $5, skipped_count = skipped_count + $6, failed_count = failed_count + $7,
		position_offset = $8, position_line = $9, revision = revision + 1, claims = 0, progressed_at = `+d.Now()+`,
		lease_until = `+d.NowPlus("$10")+` WHERE id = $1 AND epoch = $11 AND status = 'RUNNING' AND processed_rows = $12 AND NOT cancel_requested`,
		c.ID, len(o.Rows), n.Created, n.Updated, n.Unchanged, n.Skipped, n.Failed,
		b.after.Offset, b.after.Line, e.o.Lease.Seconds(), c.epoch, b.first-1, n.Deleted)
	if err != nil {
		return err
	}
	moved, err := res.RowsAffected()
	if err == nil && moved == 0 {
		if err = e.checkClaim(ctx, tx, b); err == nil {
			err = errSuperseded // a moment ago
		}
	}
	faultpoint.Hit("batch.before-commit", c.ID)
	return err
}

// checkClaim says why the batch cannot be committed; nil where it can. Errors: errSuperseded,
// errCanceled, the database's.
func (e *Engine) checkClaim(ctx context.Context, on querier, b *batch) error {
	var cancel bool
	var processed int
	err := on.QueryRowContext(ctx, `SELECT cancel_requested, processed_rows FROM import_runs WHERE id = $1 AND epoch = $2 AND status = 'RUNNING'`,
		b.run.ID, b.run.epoch).Scan(&cancel, &processed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errSuperseded
	case err != nil:
		return err
	case cancel:
		return errCanceled
	case processed != b.first-1:
		return fmt.Errorf("%w: %d rows are processed, the batch begins with row %d", errSuperseded, processed, b.first)
	}
	return nil
}
