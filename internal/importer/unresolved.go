package importer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tenantry/ent/generated/ent"
	"tenantry/internal/csvfile"
	"tenantry/internal/importer/sheet"
)

// unresolvedRejects reads an import's rejects file without the rows that retries have imported since
// (rule J15). The stored file stays as it is: it has the failed rows in their order, as the ledger has. So no
// moment of a retry leaves it wrong, and it can do without the upload, which is kept for a shorter time.
type unresolvedRejects struct {
	ctx     context.Context
	ledger  ledger
	rows    *csvfile.Reader // the file's rows, for their positions
	text    io.Reader       // its bytes, from where they were read to
	keep    int64           // how many of its next bytes are to be given out
	begun   bool
	closers []io.Closer
}

// rejectsMark is how many bytes the byte order mark takes with which the file begins.
const rejectsMark = 3

// openUnresolved opens it for the context's viewer, who sees the import.
func (e *Engine) openUnresolved(ctx context.Context, run *ent.ImportRun) (_ io.ReadCloser, err error) {
	layout, err := e.LayoutOf(run)
	if err != nil {
		return nil, err
	}
	u := &unresolvedRejects{ctx: ctx, ledger: ledger{engine: e, run: run.ID}}
	defer func() {
		if err != nil {
			err = errors.Join(err, u.Close())
		}
	}()
	open := func(offset int64) (io.Reader, error) {
		file, err := e.blobs.OpenAt(ctx, *run.RejectsKey, offset)
		if err == nil {
			u.closers = append(u.closers, file)
		}
		return file, err
	}
	text, err := open(0)
	if err != nil {
		return nil, err
	}
	rows, err := open(rejectsMark)
	if err != nil {
		return nil, err
	}
	header := sheet.RejectsOf(&layout).Header
	format := csvfile.Format{Encoding: csvfile.UTF8, Delimiter: layout.File.Delimiter, Header: header, Columns: len(header)}
	u.text, u.rows = text, csvfile.NewReader(rows, format, csvfile.Position{Offset: rejectsMark, Line: 1})
	return u, nil
}

// Read is io.Reader's.
func (u *unresolvedRejects) Read(p []byte) (int, error) {
	for u.keep == 0 {
		if err := u.next(); err != nil {
			return 0, err
		}
	}
	n, err := u.text.Read(p[:min(int64(len(p)), u.keep)])
	u.keep -= int64(n)
	if errors.Is(err, io.EOF) {
		if err = nil; u.keep > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// next goes on to the next row, which is kept or passed over; io.EOF at the end.
func (u *unresolvedRejects) next() error {
	rec, err := u.rows.Next()
	if err != nil {
		return err // io.EOF at the end
	}
	if !u.begun { // the header
		u.begun, u.keep = true, rec.End
		return nil
	}
	failed, err := u.ledger.nextRow(u.ctx)
	if err != nil {
		return err
	}
	if failed == nil {
		return fmt.Errorf("the rejects file has more rows than the import of %s has failed ones", u.ledger.run)
	}
	if !failed.resolved {
		u.keep = rec.End - rec.Offset
		return nil
	}
	_, err = io.CopyN(io.Discard, u.text, rec.End-rec.Offset)
	return err
}

// Close closes the file.
func (u *unresolvedRejects) Close() error {
	var errs []error
	for _, c := range u.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
