package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// undoneBatches reads the journal of the import that this one takes back, in the place of a file: from the
// batch that was written last to the first, and each from the row that was worked on last (rule J14). A
// batch of that import is one here; those that changed nothing are passed over.
func (e *Engine) undoneBatches(ctx context.Context, k kind.Kind, c *claim, out chan<- *batch) error {
	defer close(out)
	undoer := k.Undoer()
	if undoer == nil {
		return fmt.Errorf("imports of %s cannot be undone", k.Name())
	}
	began, err := e.beganWriting(ctx, *c.undoes)
	if err != nil {
		return err
	}
	of := kind.Undone{Import: *c.undoes, BeganAt: began, Backwards: c.backwards}
	at := csvfile.Position{Offset: c.offset, Row: c.processed, Line: c.line}
	for at.Row < c.total {
		first, read, err := e.undoneBatch(ctx, of, at, c.total-at.Row)
		if err != nil {
			return err
		}
		if at.Offset == first { // a part of it is undone already
			if _, read = read.Cut(min(at.Line, len(read.Rows))); len(read.Rows) == 0 {
				at.Line = wholeBatch
				continue
			}
		} else {
			at.Offset, at.Line = first, 0
		}
		b := &batch{run: c, first: at.Row + 1, rows: make([]sheet.Row, len(read.Rows))}
		for i, r := range read.Rows {
			at.Row++
			at.Line++
			b.rows[i] = sheet.Row{Number: r.Number, Line: r.Line, After: at}
		}
		b.after, b.last = at, at.Row == c.total
		b.as = &kind.Run{ID: c.ID, Company: c.Company, CreatedBy: c.CreatedBy, DryRun: c.DryRun, Layout: c.Layout}
		b.cells = undoer.Undo(b.as, read)
		at.Line = wholeBatch
		select {
		case out <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// wholeBatch stands for the number of rows of a batch that is behind us.
const wholeBatch = 1 << 30

// undoneBatch is the next one at the position, of so many rows that are left: the batch that begins with the row which it
// names, unless that is behind us. Batches that are in flight write their journal in any order, so that it is the
// rows by which they follow each other. What batches that changed nothing made for their rows goes with the next one, and behind
// the last one with that.
func (e *Engine) undoneBatch(ctx context.Context, of kind.Undone, at csvfile.Position, left int) (first int64, _ kind.Undone, err error) {
	low, high := int64(0), int64(1<<63-1)
	again := at.Offset > 0 && at.Line < wholeBatch
	switch {
	case of.Backwards:
		if at.Offset > 0 {
			high = at.Offset
		}
		if again {
			high++
		}
	default:
		if low = at.Offset; again {
			low--
		}
	}
	var made []journal.Reference
	for of.Rows == nil || len(of.Rows) >= left {
		next, err := e.nextUndone(ctx, of, low, high)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return 0, of, fmt.Errorf("reading the journal of the import that is undone: %w", err)
		}
		if low = next.first; of.Backwards {
			low, high = 0, next.first
		}
		rows, references, err := undoneRows(next.outcomes, next.images, int(next.first), next.rows)
		if err != nil {
			return 0, of, err
		}
		if len(rows) > 0 && of.Rows != nil {
			break
		}
		if made = append(made, references...); len(rows) == 0 {
			continue
		}
		if of.Rows, of.First, of.WrittenAt, first = rows, int(next.first), next.writtenAt, next.first; of.Backwards {
			slices.Reverse(of.Rows)
		}
		if again { // a part of it is undone
			left += at.Line
		}
	}
	if of.Made = made; of.Rows == nil {
		return 0, of, errors.New("the journal of the import that is undone has fewer rows than it had")
	}
	return first, of, nil
}

// undoneJournal is a batch as it is stored.
type undoneJournal struct {
	first            int64
	rows             int
	writtenAt        time.Time
	outcomes, images []byte
}

// nextUndone reads the next batch between the rows that did something; sql.ErrNoRows where there is none.
func (e *Engine) nextUndone(ctx context.Context, of kind.Undone, low, high int64) (b undoneJournal, err error) {
	order := ""
	if of.Backwards {
		order = " DESC"
	}
	var written database.Time
	err = e.db.SQL().QueryRowContext(ctx, `SELECT first_row, "rows", written_at, outcomes, images FROM import_batches
		WHERE import_run_id = $1 AND (created_count + updated_count + deleted_count > 0 OR images IS NOT NULL) AND first_row > $2 AND first_row < $3
		ORDER BY first_row`+order+` LIMIT 1`, of.Import, low, high).
		Scan(&b.first, &b.rows, &written, &b.outcomes, &b.images)
	b.writtenAt = written.Time
	return b, err
}

// backwards reports whether the undo of the import goes through the file from its end: the other way round than
// that one.
func backwards(ctx context.Context, tx *database.Tx, of id.ID) (yes bool, err error) {
	for run := (sql.Null[id.ID]{V: of, Valid: true}); run.Valid; yes = !yes {
		err := tx.QueryRowContext(ctx, `SELECT undoes_id FROM import_runs WHERE id = $1`, run.V).Scan(&run)
		if errors.Is(err, sql.ErrNoRows) {
			return yes, nil
		}
		if err != nil {
			return false, fmt.Errorf("reading what is undone: %w", err)
		}
	}
	return yes, nil
}

// undoneRows are the rows of a batch that did something, in the file's order, and what it made for them.
func undoneRows(outcomes, images []byte, first, rows int) ([]kind.UndoneRow, []journal.Reference, error) {
	all, replaced, made, err := journal.Decode(outcomes, images, first, rows)
	if err != nil {
		return nil, nil, err
	}
	undone := make([]kind.UndoneRow, 0, rows)
	for i, r := range all {
		one := kind.UndoneRow{Row: r}
		if len(replaced) > 0 && replaced[0].Row == i {
			one.Image, replaced = &replaced[0], replaced[1:]
		}
		if r.Result.Changes() {
			undone = append(undone, one)
		}
	}
	return undone, made, nil
}

// beganWriting is the earliest updated_at of the records that the import has written.
func (e *Engine) beganWriting(ctx context.Context, run id.ID) (time.Time, error) {
	var at database.Time
	err := e.db.SQL().QueryRowContext(ctx, `SELECT min(written_at) FROM import_batches
		WHERE import_run_id = $1 AND created_count + updated_count + deleted_count > 0`, run).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the journal of the import that is undone: %w", err)
	}
	return at.Time, nil
}

// undoable counts the rows of the import that an undo takes back. complete is false where it is not known
// any more what they replaced.
func (e *Engine) undoable(ctx context.Context, run id.ID) (rows int, complete bool, err error) {
	var missing int
	err = e.db.SQL().QueryRowContext(ctx, `SELECT COALESCE(sum(created_count + updated_count + deleted_count), 0),
		COALESCE(sum(CASE WHEN images IS NULL AND created_count + updated_count + deleted_count > 0 THEN 1 ELSE 0 END), 0)
		FROM import_batches WHERE import_run_id = $1`, run).Scan(&rows, &missing)
	if err != nil {
		return 0, false, fmt.Errorf("reading the journal of an import: %w", err)
	}
	return rows, missing == 0, nil
}

// endOfUndo is when the import can be undone no longer.
func (e *Engine) endOfUndo(finished time.Time) time.Time { return finished.Add(e.o.UndoPeriod) }
