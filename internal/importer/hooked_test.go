package importer

import (
	"context"
	"slices"
	"sync/atomic"

	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// hooked is a kind with something to happen on the way. Each hook is
// called once for each batch, with the number of the batch's turn in this engine from 0. Where batches are in flight
// the hooks may be called at the same time.
type hooked struct {
	kind.Kind
	turn    *atomic.Int64                                                   // the last batch whose importer's rights were checked
	reads   *atomic.Int64                                                   // batches that were read
	between func(turn int)                                                  // outside of any transaction
	inTx    func(ctx context.Context, tx *database.Tx, b hookedBatch) error // before the rows are planned
	planned func()                                                          // in the transaction, each time that rows were planned
	loaded  func(turn int) error                                            // behind that, when all is written and nothing committed
}

// hook puts hooks into an engine.
func (e *Engine) hook(h hooked) {
	h.turn, h.reads = new(atomic.Int64), new(atomic.Int64)
	e.kinds = slices.Clone(e.kinds)
	for i, k := range e.kinds {
		h.Kind = k
		e.kinds[i] = h
	}
}

func (h hooked) AuthoriseImport(ctx context.Context, v viewer.Viewer, company id.ID) error {
	turn := int(h.turn.Add(1)) - 1
	if h.between != nil {
		h.between(turn)
	}
	return h.Kind.AuthoriseImport(ctx, v, company)
}

func (h hooked) Read(run *kind.Run, rows []sheet.Row) kind.Batch {
	return hookedBatch{h.Kind.Read(run, rows), h, run, rows, rows[0].Number, int(h.reads.Add(1)) - 1}
}

func (h hooked) Undoer() kind.Undoer {
	if of := h.Kind.Undoer(); of != nil {
		return hookedUndoer{of, h}
	}
	return nil
}

type hookedUndoer struct {
	kind.Undoer
	h hooked
}

func (u hookedUndoer) Undo(run *kind.Run, of kind.Undone) kind.Batch {
	return hookedBatch{u.Undoer.Undo(run, of), u.h, run, nil, of.Rows[0].Number, int(u.h.reads.Add(1)) - 1}
}

type hookedBatch struct {
	kind.Batch
	h     hooked
	run   *kind.Run
	rows  []sheet.Row
	first int
	turn  int // as long as the engine works on one claim alone
}

func (b hookedBatch) Plan(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*kind.Outcome, kind.Write, error) {
	if b.h.inTx != nil {
		if err := b.h.inTx(ctx, tx, b); err != nil {
			return nil, nil, err
		}
	}
	o, write, err := b.Batch.Plan(ctx, tx, rows)
	return o, func() error {
		if b.h.planned != nil {
			b.h.planned()
		}
		if err := write(); err != nil || b.h.loaded == nil {
			return err
		}
		return b.h.loaded(b.turn)
	}, err
}

func (b hookedBatch) Cut(rows int) (head, rest kind.Batch) {
	head, rest = b.Batch.Cut(rows)
	return hookedBatch{head, b.h, b.run, b.rows[:rows], b.first, b.turn}, hookedBatch{rest, b.h, b.run, b.rows[rows:], b.first + rows, b.turn}
}
