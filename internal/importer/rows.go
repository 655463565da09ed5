package importer

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/importbatch"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
)

// Row is what became of a row of an import (rule J13).
type Row struct {
	// Place is its place among the rows of the import, in the file's order and from 1. Of an import of a file
	// it is the row's number; a retry and an undo have not all rows of their file.
	Place    int
	Number   int // 1 is the first data row of the file
	Line     int // of the file, on which it begins
	Outcome  enum.RowOutcome
	Record   id.ID // which it is about; the nil UUID: none, or it is not known
	Resolved bool  // a retry has imported it since
}

// RowsQuery says which rows of an import are wanted. The bounds are places.
type RowsQuery struct {
	Outcomes      []enum.RowOutcome // none: all
	After, Before *int              // nil: no bound
	Most          int               // the first so many of them
	Last          bool              // the last so many in place of the first
}

// resultOf is each outcome in the journal, and where a batch has the number of such rows.
var resultOf = map[enum.RowOutcome]struct {
	result journal.Result
	column string
}{
	enum.RowCreated:   {journal.Created, importbatch.FieldCreatedCount},
	enum.RowUpdated:   {journal.Updated, importbatch.FieldUpdatedCount},
	enum.RowDeleted:   {journal.Deleted, importbatch.FieldDeletedCount},
	enum.RowUnchanged: {journal.Unchanged, importbatch.FieldUnchangedCount},
	enum.RowSkipped:   {journal.Skipped, importbatch.FieldSkippedCount},
	enum.RowFailed:    {journal.Failed, importbatch.FieldFailedCount},
}

// outcomeOf is the inverse.
var outcomeOf = func() (of [journal.Failed + 1]enum.RowOutcome) {
	for outcome, r := range resultOf {
		of[r.result] = outcome
	}
	return of
}()

// resultsOf are the results of the outcomes, none: of all, and the SQL of how many rows of a batch came to one of them.
func resultsOf(outcomes []enum.RowOutcome) (wanted func(journal.Result) bool, count string) {
	var columns []string
	for _, outcome := range enum.RowOutcome("").Values() {
		if o := enum.RowOutcome(outcome); len(outcomes) == 0 || slices.Contains(outcomes, o) {
			columns = append(columns, resultOf[o].column)
		}
	}
	wanted = func(r journal.Result) bool { return len(outcomes) == 0 || slices.Contains(outcomes, outcomeOf[r]) }
	return wanted, strings.Join(columns, " + ")
}

// Rows are rows of some imports, in the file's order; all imports' are read by two statements. The
// caller has made sure that the viewer sees the imports. Only the batches are read that have the rows,
// and one of them at a time.
func (e *Engine) Rows(ctx context.Context, runs []id.ID, q RowsQuery) (map[id.ID][]*Row, error) {
	ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
	defer cancel()
	found := make(map[id.ID][]*Row, len(runs))
	if q.Most == 0 {
		return found, nil
	}
	if err := e.readRows(ctx, runs, q, found); err != nil {
		return nil, err
	}
	return found, e.markResolved(ctx, found)
}

func (e *Engine) readRows(ctx context.Context, runs []id.ID, q RowsQuery, found map[id.ID][]*Row) error {
	low, high, order := 0, math.MaxInt, "" // the rows lie between these places
	if q.After != nil {
		low = max(low, *q.After)
	}
	if q.Before != nil {
		high = *q.Before
	}
	if q.Last {
		order = " DESC"
	}
	wanted, count := resultsOf(q.Outcomes)
	d := e.db.Dialect()
	// Of batches that lie within the bounds it is known how many of the rows they have. One behind so many is not read.
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT c.import_run_id, c.first_row, c.n, b.outcomes FROM (
			SELECT w.id, w.import_run_id, w.first_row, w.n, sum(w.certain) OVER (PARTITION BY w.import_run_id ORDER BY w.first_row`+order+`) - w.certain AS ahead FROM (
				SELECT id, import_run_id, first_row, "rows" AS n,
					CASE WHEN first_row > $2 AND first_row + "rows" <= $3 THEN `+count+` ELSE 0 END AS certain
				FROM import_batches WHERE import_run_id`+d.AmongIDs("$1")+` AND first_row + "rows" - 1 > $2 AND first_row < $3 AND `+count+` > 0) AS w) AS c
		JOIN import_batches b ON b.id = c.id WHERE c.ahead < $4 ORDER BY c.import_run_id, c.first_row`+order, d.IDs(runs), low, high, q.Most)
	if err != nil {
		return fmt.Errorf("reading an import's journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var run id.ID
		var firstRow, n int
		var outcomes []byte
		if err := rows.Scan(&run, &firstRow, &n, &outcomes); err != nil {
			return err
		}
		var some []*Row // of the batch
		err := journal.FindOutcomes(outcomes, firstRow, n, wanted, func(i int, r journal.Row) {
			if place := firstRow + i; place > low && place < high && (q.Last || len(found[run])+len(some) < q.Most) {
				some = append(some, &Row{Place: place, Number: r.Number, Line: r.Line, Outcome: outcomeOf[r.Result], Record: r.Record})
			}
		})
		if err != nil {
			return fmt.Errorf("import %s, batch of row %d: %w", run, firstRow, err)
		}
		if q.Last {
			slices.Reverse(some)
			some = some[:min(len(some), q.Most-len(found[run]))]
		}
		found[run] = append(found[run], some...)
	}
	if q.Last {
		for _, list := range found {
			slices.Reverse(list)
		}
	}
	return rows.Err()
}

// markResolved notes which of the rows retries have imported since.
func (e *Engine) markResolved(ctx context.Context, found map[id.ID][]*Row) error {
	var runs []id.ID
	var numbers []int
	for run, list := range found {
		runs = append(runs, run)
		for _, r := range list {
			if r.Outcome == enum.RowFailed || r.Outcome == enum.RowSkipped {
				numbers = append(numbers, r.Number)
			}
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	d := e.db.Dialect()
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT import_run_id, "row" FROM import_issues
		WHERE import_run_id`+d.AmongIDs("$1")+` AND "row"`+d.AmongNumbers("$2")+` AND ordinal = 0 AND resolved`, d.IDs(runs), d.Numbers(numbers))
	if err != nil {
		return fmt.Errorf("reading which rows are resolved: %w", err)
	}
	defer rows.Close()
	type place struct {
		run id.ID
		row int
	}
	resolved := map[place]bool{}
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.run, &p.row); err != nil {
			return err
		}
		resolved[p] = true
	}
	for run, list := range found {
		for _, r := range list {
			r.Resolved = resolved[place{run, r.Number}]
		}
	}
	return rows.Err()
}

// CountRows counts the rows of the outcomes (none: all) in each of the imports, which the viewer sees.
func (e *Engine) CountRows(ctx context.Context, runs []id.ID, outcomes []enum.RowOutcome) (map[id.ID]int, error) {
	ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
	defer cancel()
	_, count := resultsOf(outcomes)
	d := e.db.Dialect()
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT import_run_id, sum(`+count+`) FROM import_batches WHERE import_run_id`+d.AmongIDs("$1")+`
		GROUP BY import_run_id`, d.IDs(runs))
	if err != nil {
		return nil, fmt.Errorf("counting an import's rows: %w", err)
	}
	defer rows.Close()
	counts := make(map[id.ID]int, len(runs))
	for rows.Next() {
		var run id.ID
		var n int
		if err := rows.Scan(&run, &n); err != nil {
			return nil, err
		}
		counts[run] = n
	}
	return counts, rows.Err()
}
