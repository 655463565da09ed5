package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

const (
	mostUnnamed  = 50_000 // issues that are completed in one pass over the file: some 8 MiB
	otherRowPage = 1_000  // rows of the file that are read at a time
)

// nameOtherRows completes the issues of emails that another contact has: with the row of this file
// that named that contact, where one did (rule I9). A batch knows its own rows alone, so that
// this takes the file once more; for an import without such issues it reads one entry of an index.
// Done again after a crash it changes nothing that is complete.
func (e *Engine) nameOtherRows(ctx context.Context, c *claim) error {
	k, err := e.kinds.Named(c.kind)
	if err != nil {
		return nil //nolint:nilerr // an import of a newer version's kind ends without
	}
	bypass := viewer.BypassTenancy(ctx, "the issues of an import, for its own end")
	for behind := 0; ; {
		unnamed, err := e.db.Ent().ImportIssue.Query().
			Where(importissue.ImportRunID(c.ID), importissue.CodeEQ(enum.EmailTaken), importissue.OtherRowIsNil(), importissue.RowGT(behind)).
			Order(ent.Asc(importissue.FieldRow, importissue.FieldOrdinal)).Limit(mostUnnamed).
			Select(importissue.FieldRow, importissue.FieldOrdinal, importissue.FieldMessage).All(bypass)
		if err != nil {
			return fmt.Errorf("reading the issues of emails that are taken: %w", err)
		}
		if len(unnamed) == 0 {
			return nil
		}
		if c.By.UserID == (id.ID{}) { // this claim had no batch
			if err := e.authorise(ctx, k, c); err != nil && fault.Of(err) == nil {
				return err
			} // without rights the importer is not shown what rows of other companies have in common
		}
		if emails, err := e.emailsOf(ctx, k, c, nil); emails == nil {
			return err // the kind's issues name no rows
		}
		behind = unnamed[len(unnamed)-1].Row
		found, err := e.otherRows(ctx, k, c, unnamed)
		if err != nil {
			return err
		}
		err = e.db.InTx(database.Bulk(ctx), func(ctx context.Context, tx *database.Tx) error {
			return database.Set(ctx, tx, importissue.Table, issueKey, otherRowColumns, found)
		})
		if err != nil {
			return fmt.Errorf("naming the rows that conflict: %w", err)
		}
		if len(unnamed) < mostUnnamed {
			return nil
		}
	}
}

// issueKey finds an issue.
var issueKey = issueColumnsNamed(importissue.FieldImportRunID, importissue.FieldRow, importissue.FieldOrdinal)

// otherRowColumns are what is changed of one whose other row was found.
var otherRowColumns = issueColumnsNamed(importissue.FieldMessage, importissue.FieldOtherRow)

func issueColumnsNamed(names ...string) []database.Column[storedIssue] {
	var columns []database.Column[storedIssue]
	for _, name := range names {
		for _, c := range issueColumns {
			if c.Name == name {
				columns = append(columns, c)
			}
		}
	}
	return columns
}

// otherRows finds for each of the issues, which are in the file's order, the last row before its own
// that was imported and has the same email. It gives those for which there is one.
func (e *Engine) otherRows(ctx context.Context, k kind.Kind, c *claim, unnamed []*ent.ImportIssue) ([]storedIssue, error) {
	first, last := unnamed[0].Row, unnamed[len(unnamed)-1].Row
	unread, emails := unnamed, map[string]int{} // by the row's email: the row that was last imported with it
	err := e.eachEmail(ctx, k, c, last, func(row int, email kind.RowEmail) error {
		if len(unread) > 0 && row == unread[0].Row {
			emails[email.Key] = 0
			unread = unread[1:]
		}
		return nil
	}, first)
	if err != nil {
		return nil, err
	}
	rejected, unread := &rejectedRows{engine: e, claim: c}, unnamed
	var named []storedIssue
	err = e.eachEmail(ctx, k, c, last, func(row int, email kind.RowEmail) error {
		other, wanted := emails[email.Key]
		if len(unread) > 0 && row == unread[0].Row {
			if other > 0 {
				i := sheet.Issue{Row: row, Message: unread[0].Message + sheet.NamedInRow(other), Data: sheet.Data{OtherRow: other}}
				named = append(named, storedIssue{i, c.ID, unread[0].Ordinal})
			}
			unread = unread[1:]
			return nil
		}
		if !wanted || !email.Given {
			return nil
		}
		bad, err := rejected.has(ctx, row)
		if !bad {
			emails[email.Key] = row
		}
		return err
	}, 1)
	return named, err
}

// eachEmail calls each for the file's rows from first to last, with what [kind.Kind]
// says of them.
func (e *Engine) eachEmail(ctx context.Context, k kind.Kind, c *claim, last int, each func(row int, email kind.RowEmail) error, first int) error {
	start := c.Layout.File.Start()
	file, err := e.openUpload(ctx, c, start.Offset)
	if err != nil {
		return unreadable("opening the upload", err)
	}
	defer file.Close()
	reader := csvfile.NewReader(file, c.Layout.File, start)
	for at := 0; at < last; {
		var rows []sheet.Row
		for spare := e.o.BatchBytes; at < last && len(rows) < otherRowPage && spare > 0; {
			rec, err := reader.Next()
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("the file ends before row %d, which has issues", last)
			}
			if err != nil {
				return unreadable("reading the upload", err)
			}
			if at = c.Layout.Place(rec).Row; at < first {
				continue
			}
			r := c.Layout.Read(rec)
			spare -= rec.End - rec.Offset + r.IssueBytes()
			rows = append(rows, r)
		}
		emails, err := e.emailsOf(ctx, k, c, rows)
		if err != nil {
			return err
		}
		for i, email := range emails {
			if err := each(rows[i].Number, email); err != nil {
				return err
			}
		}
	}
	return nil
}

// emailsOf gives the emails in the rows; nil where the kind's issues name no rows, however many they are.
func (e *Engine) emailsOf(ctx context.Context, k kind.Kind, c *claim, rows []sheet.Row) (emails []kind.RowEmail, err error) {
	err = e.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) (err error) {
		emails, err = k.Emails(ctx, tx, &c.Run, rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the emails of rows: %w", err)
	}
	return emails, nil
}

// rejectedRows walks through the rows that have issues: those that were not imported.
type rejectedRows struct {
	engine *Engine
	claim  *claim
	page   []int
	read   int // the last row that was read
	done   bool
}

// has reports whether the row has issues. It is asked for rows in ascending order.
func (r *rejectedRows) has(ctx context.Context, row int) (bool, error) {
	for {
		for len(r.page) > 0 && r.page[0] < row {
			r.page = r.page[1:]
		}
		if len(r.page) > 0 || r.done {
			return len(r.page) > 0 && r.page[0] == row, nil
		}
		err := r.engine.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
			r.page = r.page[:0]
			return tx.Each(ctx, "the rows that have issues", func(rows *sql.Rows) error {
				var n int
				err := rows.Scan(&n)
				r.page = append(r.page, n)
				return err
			}, `SELECT DISTINCT row FROM import_issues WHERE import_run_id = $1 AND row > $2 ORDER BY row LIMIT $3`,
				r.claim.ID, max(r.read, row-1), rejectsPage)
		})
		if err != nil {
			return false, err
		}
		if r.done = len(r.page) < rejectsPage; len(r.page) > 0 {
			r.read = r.page[len(r.page)-1]
		}
	}
}
