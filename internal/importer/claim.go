package importer

import (
	"errors"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// errSuperseded: another claim has the import, or it is gone. Whoever meets it stops.
var errSuperseded = errors.New("another worker has taken the import over, or it is gone")

// claim is the right to work on an import until the lease runs out, and what it is.
type claim struct {
	kind.Run
	by        viewer.Principal // who started it
	epoch     int64
	kind      enum.ImportKind
	uploadKey string
	secret    *string // what the upload is encrypted to; nil: it is not
	format    []byte
	total     int
	offset    int64 // where the next record begins; 0 before the first batch
	processed int   // before the claim
	line      int
	claims    int
	cancel    bool
	undoes    *id.ID  // the import that it takes back; then position_offset is the batch of that one's journal that it has reached, and position_line how many rows of it
	backwards bool    // it goes through the file from its end
	related   []id.ID // of a retry: the other imports that have its rows

	imported, rejected int // rows, until the last commit
}

// count adds what came of a batch that is committed.
func (c *claim) count(o *kind.Outcome) {
	accepted := o.Counts().Accepted()
	c.imported += accepted
	c.rejected += len(o.Rows) - accepted
}

// mayKill: the claim before this one neither committed anything nor was handed over.
func (c *claim) mayKill() bool { return c.claims > 1 }
