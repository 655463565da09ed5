package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Import is the state of an import at a moment. CreatedCount, UpdatedCount, DeletedCount, UnchangedCount,
// SkippedCount and FailedCount together are ProcessedRows, always.
type Import struct {
	ID, Kind, Status, FileName                string
	TotalRows, ProcessedRows                  int
	CreatedCount, UpdatedCount                int
	DeletedCount                              int // of an undo, else 0
	UnchangedCount, SkippedCount, FailedCount int
	ResolvedCount                             int      // failed rows that retries have imported since; it grows after the end
	Revision                                  int      // of two states the one with the higher is the newer
	QueuePosition                             *int     // nil once it runs
	RowsPerSecond                             *float64 // nil before it runs
	SecondsLeft                               *int     // nil where there is no estimate
	StartedAt, FinishedAt                     *time.Time
	Failure                                   *ImportFailure // nil unless Status is FAILED
	RejectsURL                                *string        // the failed rows as a CSV, for 15 minutes; nil where there are none
}

// ImportFailure is why a whole import stopped.
type ImportFailure struct{ Code, Message string }

// ImportFields are the fields of an ImportRun that [Import] has, for documents of one's own.
const ImportFields = `id kind status fileName totalRows processedRows createdCount updatedCount deletedCount unchangedCount skippedCount failedCount
	resolvedCount revision queuePosition rowsPerSecond secondsLeft startedAt finishedAt failure { code message } rejectsUrl`

// Ended reports whether nothing comes behind this state.
func (i Import) Ended() bool {
	return i.Status == "COMPLETED" || i.Status == "FAILED" || i.Status == "CANCELED"
}

// WatchImport calls each (if not nil) with every newer state of the import until it has ended,
// and returns the last one. An error of each ends the watching.
func (c *Client) WatchImport(ctx context.Context, id string, each func(Import) error) (Import, error) {
	last := Import{ID: id}
	err := c.Subscribe(ctx, `subscription($id: ID!) { importProgress(id: $id) { `+ImportFields+` } }`, Vars{"id": id},
		func(data json.RawMessage) error {
			var out struct{ ImportProgress Import }
			if err := json.Unmarshal(data, &out); err != nil {
				return err
			}
			if out.ImportProgress.Revision <= last.Revision {
				return nil // the first one after a reconnection may be known
			}
			last = out.ImportProgress
			if each == nil {
				return nil
			}
			return each(last)
		})
	if err == nil && !last.Ended() {
		err = fmt.Errorf("the stream is complete, but the import is %s", last.Status)
	}
	return last, err
}

// CancelImport asks the server to stop the import. What its batches have written stays.
func (c *Client) CancelImport(ctx context.Context, id string) error {
	err := c.Do(ctx, `mutation($id: ID!) { cancelImport(input: {id: $id}) { importRun { id } } }`, Vars{"id": id}, nil)
	if e, ok := errors.AsType[*Error](err); ok && e.Code() == "FAILED_PRECONDITION" {
		return nil // it has ended already
	}
	return err
}

// RetryRow is a failed row of an import and its corrected cells.
type RetryRow struct {
	Row   int         `json:"row"`   // 1 is the first data row of the file
	Cells []RetryCell `json:"cells"` // the others stay as they were in the file
}

// RetryCell is a corrected cell.
type RetryCell struct {
	Column string `json:"column"` // the header
	Value  string `json:"value"`
}

// Retry is what [Client.RetryRows] is given.
type Retry struct {
	Import string
	Rows   []RetryRow // at most 1,000
	// IdempotencyKey makes it harmless to ask for the same again within 24 hours; empty: one at random.
	IdempotencyKey string
}

// RetryRows imports failed rows of an import that has ended once more, with corrected cells, and returns
// the import that the server has queued for them. Rows that it imports are resolved in the first one. Where the
// connection breaks they are sent again; the idempotency key sees to it that there is one retry.
func (c *Client) RetryRows(ctx context.Context, r Retry) (Import, error) {
	input := Vars{"id": r.Import, "rows": r.Rows, "idempotencyKey": cmp.Or(r.IdempotencyKey, rand.Text())}
	again := backoff{giveUp: c.options.GiveUp}
	for {
		var out struct{ RetryRows struct{ ImportRun Import } }
		err := c.Do(ctx, `mutation($input: RetryRowsInput!) { retryRows(input: $input) { importRun { `+ImportFields+` } } }`, Vars{"input": input}, &out)
		if err == nil {
			return out.RetryRows.ImportRun, nil
		}
		if err := again.failed(ctx, err); err != nil {
			return Import{}, err
		}
	}
}

// Undo is what [Client.UndoImport] is given.
type Undo struct {
	Import string
	DryRun bool // say what would become of each row, and write nothing
	// IdempotencyKey makes it harmless to ask for the same again within 24 hours; empty: one at random.
	IdempotencyKey string
}

// UndoImport takes an import of contacts or customers back, and returns the import that the server has
// queued for that. What somebody has changed since stays, and is listed as an issue EDITED_SINCE.
func (c *Client) UndoImport(ctx context.Context, u Undo) (Import, error) {
	var out struct{ UndoImport struct{ ImportRun Import } }
	err := c.Do(ctx, `mutation($input: UndoImportInput!) { undoImport(input: $input) { importRun { `+ImportFields+` } } }`,
		Vars{"input": Vars{"id": u.Import, "dryRun": u.DryRun, "idempotencyKey": cmp.Or(u.IdempotencyKey, rand.Text())}}, &out)
	return out.UndoImport.ImportRun, err
}
