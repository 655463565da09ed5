package importer

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// rowsPage is how many rows are held at a time while the list is sent: as many as a batch has by default.
const rowsPage = 2_500

// rowsColumns are those of a list of rows, in front of the kind's.
var rowsColumns = []string{"row", "line", "outcome", "code", "resolved", "id"}

// RowsFile is a list of an import's rows as a CSV file that is about to be sent (rule J13).
type RowsFile struct {
	Name string

	engine   *Engine
	kind     kind.Kind
	by       viewer.Principal
	run      id.ID
	outcomes []enum.RowOutcome
}

// OpenRows makes the list of the rows that came to these outcomes (none: to any), for the caller, whose rights
// are those of now. NOT_FOUND where they may not know of the import, or one of the outcomes is none.
func (e *Engine) OpenRows(ctx context.Context, by viewer.Principal, runID id.ID, outcomes []enum.RowOutcome) (*RowsFile, error) {
	for _, o := range outcomes {
		if _, ok := resultOf[o]; !ok {
			return nil, fault.New(fault.NotFound, "there is no such list of rows")
		}
	}
	_, run, err := e.visibleTo(ctx, by, runID)
	if err != nil {
		return nil, err
	}
	k, err := e.kindOf(run.Kind)
	if err != nil {
		return nil, err
	}
	return &RowsFile{Name: nameFrom(run, "rows"), engine: e, kind: k, by: by, run: runID, outcomes: outcomes}, nil
}

// Send writes the file, page by page. It holds neither a transaction nor a connection while the client
// reads. The rights of the caller are checked again for each page; if they end, the file is cut off.
func (f *RowsFile) Send(ctx context.Context, to io.Writer) error {
	w := csvfile.NewSpreadsheetWriter(to, ',')
	if err := w.Write(append(rowsColumns[:len(rowsColumns):len(rowsColumns)], f.kind.RecordColumns()...)); err != nil {
		return err
	}
	q := RowsQuery{Outcomes: f.outcomes, Most: rowsPage}
	for {
		viewing, _, err := f.engine.visibleTo(ctx, f.by, f.run)
		if err != nil {
			return err
		}
		found, err := f.engine.Rows(ctx, []id.ID{f.run}, q)
		if err != nil {
			return err
		}
		rows := found[f.run]
		if err := f.write(viewing, w, rows); err != nil {
			return err
		}
		if err := w.Flush(); err != nil || len(rows) < q.Most {
			return err
		}
		q.After = &rows[len(rows)-1].Place
	}
}

// write writes some of the rows.
func (f *RowsFile) write(ctx context.Context, w *csvfile.Writer, rows []*Row) error {
	var ids []id.ID
	for _, r := range rows {
		if r.Record != (id.ID{}) {
			ids = append(ids, r.Record)
		}
	}
	records, err := f.kind.Records(ctx, ids)
	if err != nil {
		return fmt.Errorf("reading the records of rows: %w", err)
	}
	codes, err := f.engine.codesOf(ctx, f.run, rows)
	if err != nil {
		return err
	}
	blank := make([]string, len(f.kind.RecordColumns()))
	for _, r := range rows {
		ours, cells := "", blank
		if seen := records[r.Record]; seen != nil { // else it is gone, or not the viewer's to know
			ours, cells = r.Record.String(), seen
		}
		line := []string{
			strconv.Itoa(r.Number), strconv.Itoa(r.Line), string(r.Outcome), strings.Join(codes[r.Number], "; "), strconv.FormatBool(r.Resolved), ours,
		}
		if err := w.Write(append(line, cells...)); err != nil {
			return err
		}
	}
	return nil
}

// codesOf are the codes of the rows' issues, each once.
func (e *Engine) codesOf(ctx context.Context, run id.ID, rows []*Row) (map[int][]string, error) {
	var numbers []int
	for _, r := range rows {
		if r.Outcome != enum.RowCreated && r.Outcome != enum.RowUnchanged {
			numbers = append(numbers, r.Number)
		}
	}
	codes := map[int][]string{}
	if len(numbers) == 0 {
		return codes, nil
	}
	d := e.db.Dialect()
	found, err := e.db.SQL().QueryContext(ctx, `SELECT "row", code FROM import_issues WHERE import_run_id = $1 AND "row"`+d.AmongNumbers("$2")+`
		GROUP BY "row", code ORDER BY "row", min(ordinal)`, run, d.Numbers(numbers))
	if err != nil {
		return nil, fmt.Errorf("reading the codes of rows: %w", err)
	}
	return codes, eachCode(found, func(row int, code string) { codes[row] = append(codes[row], code) })
}

// eachCode reads rows of a number and a code, and closes them.
func eachCode(found *sql.Rows, each func(row int, code string)) error {
	defer found.Close()
	for found.Next() {
		var row int
		var code string
		if err := found.Scan(&row, &code); err != nil {
			return err
		}
		each(row, code)
	}
	return found.Err()
}
