package kind

import (
	"time"

	"tenantry/ent/viewer"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
)

// Undoer takes imports of a kind back (rule J14).
type Undoer interface {
	// Undo gives what takes back what a batch of an import did, by its journal. Its rows are planned and
	// written as those of a file are; nothing of a row but its number and its line is there. It does no
	// work beside that.
	//
	// It is for the undo to say, in the images of its own outcome, what it has replaced, so that it can be
	// undone as well.
	Undo(run *Run, of Undone) Batch

	// AuthoriseUndo refuses whoever may import, but not take that back, as FORBIDDEN.
	AuthoriseUndo(v viewer.Viewer) error
}

// Undone is a batch of an import that is taken back, or a part of it.
type Undone struct {
	Import    id.ID     // whose batch it is
	First     int       // the number of its first row, by which it is found
	BeganAt   time.Time // the earliest updated_at that the import has given a record: what was written before is not by it
	WrittenAt time.Time // updated_at of the records that the batch wrote
	// Backwards: the rows are in the opposite order of the file's, which is that of a journal and its images.
	Backwards bool
	// Rows are those that created, changed or deleted a record: what an import did last is undone first.
	Rows []UndoneRow
	// Made are what the batch made for its rows beside their records, or deleted. An undo deletes the ones behind
	// all rows of the batch, and makes the others again before them.
	Made []journal.Reference
}

// UndoneRow is what a row did.
type UndoneRow struct {
	journal.Row
	// Image is what the batch did to the record; nil where a later row of the batch has the image, or
	// the record was deleted since.
	Image *journal.Image
}

// Cut parts it behind so many rows, as [Batch.Cut] does.
func (u Undone) Cut(rows int) (head, rest Undone) {
	head, rest = u, u
	head.Rows, rest.Rows = u.Rows[:rows], u.Rows[rows:]
	head.Made, rest.Made = nil, nil
	for _, r := range u.Made {
		if r.Deleted {
			head.Made = append(head.Made, r)
		} else {
			rest.Made = append(rest.Made, r)
		}
	}
	return head, rest
}
