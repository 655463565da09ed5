package importer

import (
	"context"

	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// hooked is a kind with something to happen on the way. Each hook is
// called once for each batch, with the number of the batch's turn in this engine from 0.
type hooked struct {
	kind
	turn    *int
	between func(turn int)                                             // outside of any transaction
	inTx    func(ctx context.Context, tx *database.Tx, b *batch) error // behind the fence, before the rows are judged
	loaded  func(turn int) error                                       // behind that, when all is written and nothing committed
}

// hook puts hooks into an engine.
func (e *Engine) hook(h hooked) {
	h.turn = new(int)
	*h.turn = -1
	for k, of := range e.kinds {
		h.kind = of
		e.kinds[k] = h
	}
}

func (h hooked) authorise(ctx context.Context, v viewer.Viewer, company id.ID) error {
	*h.turn++
	if h.between != nil {
		h.between(*h.turn)
	}
	return h.kind.authorise(ctx, v, company)
}

func (h hooked) judge(ctx context.Context, tx *database.Tx, b *batch) (*outcome, func() error, error) {
	if h.inTx != nil {
		if err := h.inTx(ctx, tx, b); err != nil {
			return nil, nil, err
		}
	}
	o, write, err := h.kind.judge(ctx, tx, b)
	return o, func() error {
		if err := write(); err != nil || h.loaded == nil {
			return err
		}
		return h.loaded(*h.turn)
	}, err
}
