// Package journal writes and reads what the database keeps of a batch of an import: what became of
// each row (rule J13), and what the batch replaced, which an undo puts back (rule J14). It turns
// values into bytes and back, and knows no database.
//
//   - [EncodeOutcomes] and [DecodeOutcomes] are for the column outcomes of import_batches: number,
//     line, result and record of each row.
//   - [ImageWriter] and [DecodeImages] are for the column images: one [Image] of each record that the
//     batch created, changed or deleted, and what it made for its rows besides.
//
// Both are written column by column, since a column's values are alike: most of a batch's ids were
// made together, and most rows came to the same result. What has a pattern is compressed by zstd.
// Random bytes (most of an id, and hashes) stand uncompressed behind that. A batch is decoded by
// itself.
//
// The first byte is the version of the form. A form that was released is never changed: what is
// stored lives as long as the import.
package journal

import (
	"errors"
	"fmt"
)

// Result is what became of a row.
type Result byte

// The results. The numbers are stored: they are never reused and never renumbered.
const (
	Created   Result = 1
	Updated   Result = 2
	Deleted   Result = 3
	Unchanged Result = 4
	Skipped   Result = 5
	Failed    Result = 6
)

// Changes reports whether the row changed a record: created, updated or deleted one.
func (r Result) Changes() bool { return r >= Created && r <= Deleted }

// ErrMalformed says that bytes are not what this package writes.
var ErrMalformed = errors.New("malformed journal")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
