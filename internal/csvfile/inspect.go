package csvfile

import (
	"errors"
	"fmt"
	"io"
)

// Options say what Inspect is to do besides. The zero value works.
type Options struct {
	// Encoding is a label of the WHATWG Encoding Standard (F2). A byte order mark goes before it. Empty: detected.
	Encoding string

	Delimiter  string // comma, semicolon, tab or pipe: see ParseDelimiter; empty: found
	HeaderLine int    // the physical line that holds the column names, 1-based; 0: found

	// Score is how many of the column names are recognised; the delimiter with the most
	// is taken (F1). It may be called for each of the four, with some names more than MaxColumns.
	// Nil: the one that gives most columns.
	Score func(header []string) int

	// Suffices reports whether the names are those that a file cannot be without. Where no name of the
	// first row is recognised, the first of the next ten of which two are, or which suffices, is the
	// header (F1). Nil, or Score nil: see Score.
	Suffices func(header []string) bool

	// Likely is how many of the names, of which none is recognised, seem to be column names all the same: a first
	// row with such is the header where no row below has more that is recognised. Nil: none.
	Likely func(header []string) int

	// Uncounted reports the columns that a file may have beside MaxColumns others; three at most.
	// Nil: none.
	Uncounted func(name string) bool

	// Header is called once, as soon as the column names are known and before any row. Of a
	// Format whose names are ASCII the encoding is provisional then: UTF-8 may turn out to be another (F2). An error
	// ends the inspection and is returned as it is.
	Header func(Format) error

	// Quotable reports whether a cell of the column, counted from 0, may stand in a problem: of a file whose encoding is
	// not sure one cell is shown as each would read it (F2). It is asked after Header. Nil: none may.
	Quotable func(column int) bool

	// Record is called for each row, in order; the record is the callee's to keep. An error
	// ends the inspection and is returned as it is. It may be called for rows of a file that
	// is refused further on. Nil is faster: then cells are not gathered.
	Record func(*Record) error

	// RecordIf is asked before each row whether Record is to be called for it. Nil: always.
	RecordIf func() bool

	MaxRows  int   // over it: TooManyRows (F4); 0: unlimited
	MaxBytes int64 // of the stored file; over it: TooLarge; 0: unlimited
}

// Report is what Inspect found.
type Report struct {
	Format
	Rows  int   // rows behind the header that are not blank
	Bytes int64 // length of the file
	// Filled are the numbers, from 1, of the columns without a name that have a cell that is not blank
	// (F1); in order, and the first MaxColumns of them.
	Filled []int
}

// Inspect reads a file to its end, once, and checks all of it but the contents of its
// cells (F1, F2, F3). Memory does not grow with the file, a record or a cell: 200 KiB as a
// rule, 2 MiB where the column names take all they may; with Options.Record as much as a
// record may have, which is some 200 cells of MaxCell bytes, a few times over.
//
// A file that is refused gives a *Problem at the first byte that settles it; the rest is
// not read, and the Report is what was known by then. Errors of r come wrapped.
func Inspect(r io.Reader, o Options) (Report, error) {
	var report Report
	var enc Encoding
	if o.Encoding != "" {
		var p *Problem
		if enc, p = LookupEncoding(o.Encoding); p != nil {
			return report, p
		}
	}
	src := newSource(r, enc, o.MaxBytes)
	err := inspect(src, o, &report)
	report.Bytes = src.read
	return report, err
}

func inspect(src *source, o Options, report *Report) error {
	first, err := src.peek(peeked)
	if err != nil {
		return err
	}
	if p := notText(first); p != nil {
		return p
	}
	rows, err := open(src, first, o)
	if err != nil {
		return err
	}
	if report.Format, err = rows.header(o.Uncounted); err != nil {
		return err
	}
	if o.Header != nil {
		if err := o.Header(report.Format); err != nil {
			return err
		}
	}

	if o.Quotable != nil {
		src.quotable = func() bool { return o.Quotable(rows.scan.column()) }
	}
	rows.row = 0
	rows.scan.shape = shapeOf(report.Header, report.Unnamed)
	rows.scan.shape.watch(report.Header)
	for {
		rows.scan.collect = o.Record != nil && (o.RecordIf == nil || o.RecordIf())
		switch err := rows.next(); {
		case err == io.EOF && rows.row == 0:
			return problem(Empty, 0, acceptedRows, "the file has column names, but no row of data")
		case err == io.EOF:
			report.Encoding = src.encoding()
			report.Filled = rows.scan.shape.filled(report.Header)
			return nil
		case err != nil:
			return err
		}
		if o.MaxRows > 0 && rows.row > o.MaxRows {
			return rows.tooMany(o.MaxRows)
		}
		report.Rows = rows.row
		if rows.scan.collect {
			if err := o.Record(rows.scan.record(rows.row, &roomyRecord{})); err != nil {
				return err
			}
		}
	}
}

// tooMany refuses a file at the first row above the limit. It reads on to report how many rows
// there are, so that one knows into how many files they go.
func (r *records) tooMany(limit int) error {
	line, err := r.scan.begin.Line, error(nil)
	for r.scan.collect = false; err == nil; {
		err = r.next()
	}
	has := fmt.Sprintf("the file has %d rows, and here is the first one too many; split it into %d files", r.row, (r.row+limit-1)/limit)
	if err != io.EOF {
		if _, ok := errors.AsType[*Problem](err); !ok {
			return err
		}
		has = fmt.Sprintf("the file has more than %d rows, and here is the first one too many; split it", limit)
	}
	return limited(TooManyRows, line, int64(limit), fmt.Sprintf("up to %d rows in one file", limit), "%s", has)
}

// open goes to the header and reads it: it takes what stands above, and finds out the encoding,
// so far, and the delimiter.
func open(src *source, first []byte, o Options) (*records, error) {
	if o.HeaderLine < 0 {
		return nil, problem(MissingColumn, 0, acceptedLine, "there is no line %d", o.HeaderLine)
	}
	enc, mark := byteOrderMark(first)
	if mark > 0 {
		src.use(enc)
	}
	src.start += mark
	h := &head{src: src, at: Position{Offset: int64(mark), Line: 1}, line: 1}
	h.dropMarks()
	for len(h.win) < peeked && h.more() {
	}
	if p := notCSV(h.win[:min(len(h.win), peeked)]); p != nil {
		return nil, p
	}
	find := &search{among: delimiters, exactly: o.HeaderLine > 0, score: o.Score, suffices: o.Suffices, likely: o.Likely}
	if o.HeaderLine != 1 {
		if delim := h.dropSep(); delim != 0 {
			find.among = string(delim)
		}
	}
	if o.Delimiter != "" {
		delim, err := ParseDelimiter(o.Delimiter)
		if err != nil {
			return nil, problem(Malformed, 0, acceptedDelimiter, "%v", err)
		}
		find.among = string(delim)
	}
	if find.exactly {
		if err := h.skipTo(o.HeaderLine); err != nil {
			return nil, err
		}
	} else if err := h.dropBlankLines(); err != nil {
		return nil, err
	}
	delim, above, err := h.header(find)
	if err != nil {
		return nil, err
	}
	scan := newScanner(src, delim, h.at)
	scan.collect = true
	rows := &records{src: src, scan: scan, block: h.win}
	for range above + 1 {
		if err := rows.next(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// header makes the Format of the record that was met, which has the column names.
func (r *records) header(uncounted func(string) bool) (Format, error) {
	s := r.scan
	rec := s.record(0, &roomyRecord{})
	columns, last, named, counted := names(rec), 0, 0, 0
	for i, name := range columns {
		if name == "" {
			continue
		}
		last = i + 1
		named++
		if uncounted == nil || !uncounted(name) {
			counted++
		}
	}
	switch {
	case s.surplus > 0:
		return Format{}, tooWide(rec.Line)
	case counted > MaxColumns || named >= keptFields:
		return Format{}, tooManyColumns(rec.Line, named)
	case rec.Overlong != nil:
		return Format{}, limited(Malformed, rec.Line, MaxCell, acceptedFile,
			"the name of column %d has more than %d bytes", rec.Overlong[0]+1, MaxCell)
	}
	columns = columns[:min(len(columns), max(last, keptFields))]
	f := Format{
		Encoding: r.src.encoding(), Delimiter: s.delim, HeaderLine: rec.Line,
		Header: columns, Columns: len(columns), Unnamed: s.fields - len(columns),
		DataOffset: rec.End, DataLine: rec.EndLine,
	}
	// What was read ahead must not show, for how much that is depends on the reader.
	if r.src.detected && plainRun(s.text) == len(s.text) {
		f.Encoding = UTF8
	}
	return f, nil
}
