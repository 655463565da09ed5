package client

import (
	"context"
	"fmt"
)

// ImportRow is what became of a row of an import.
type ImportRow struct {
	Row, Line int     // 1 is the first data row, and the first line, of the file
	Outcome   string  // CREATED, UPDATED, UNCHANGED, SKIPPED or FAILED; of an undo also DELETED
	Resolved  bool    // a retry has imported it since
	Record    *Record // nil where there is none, or it is gone
}

// Record is the contact, company or user that a row is about.
type Record struct{ ID string }

const importRows = `query($id: ID!, $after: Cursor, $outcome: [RowOutcome!]) { importRun(id: $id) {
	rows(first: 100, after: $after, outcome: $outcome) { nodes { row line outcome resolved record { id } } pageInfo { hasNextPage endCursor } } } }`

// ImportRows calls each with the rows of the import that came to one of the outcomes (none: to any), in the
// file's order. It asks for a hundred of them at a time. An error of each ends it.
func (c *Client) ImportRows(ctx context.Context, id string, each func(ImportRow) error, outcomes ...string) error {
	variables := Vars{"id": id}
	if len(outcomes) > 0 {
		variables["outcome"] = outcomes
	}
	for {
		var out struct {
			ImportRun *struct {
				Rows struct {
					Nodes    []ImportRow
					PageInfo struct {
						HasNextPage bool
						EndCursor   *string
					}
				}
			}
		}
		if err := c.Do(ctx, importRows, variables, &out); err != nil {
			return err
		}
		if out.ImportRun == nil {
			return fmt.Errorf("there is no import %s", id)
		}
		for _, row := range out.ImportRun.Rows.Nodes {
			if err := each(row); err != nil {
				return err
			}
		}
		if !out.ImportRun.Rows.PageInfo.HasNextPage {
			return nil
		}
		variables["after"] = out.ImportRun.Rows.PageInfo.EndCursor
	}
}
