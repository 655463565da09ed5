package importer

import (
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/importer/oracle"
	"tenantry/internal/importer/sheet"
)

// drawnSheet is a drawn file: for the engine as text, for the oracle as it is.
type drawnSheet struct {
	header, fields []string
	mappings       []sheet.Mapping
	rows           [][]string
	shape          drawnShape
	leaveOut       bool              // what is not recognised, with all others (rule F5)
	translated     *drawnTranslation // nil: no mapping translates cells
}

// columnOf is how a drawn file's column comes about.
type columnOf struct {
	field   string
	headers []string // its name and some aliases
	always  bool
	cell    *rapid.Generator[string]
}

// columnsOf are the columns that files of the kind have, by all their names in several spellings,
// with cells drawn by these. A column for which there are none fails the test.
func columnsOf(t *rapid.T, name enum.ImportKind, cells map[string]*rapid.Generator[string]) []columnOf {
	k, err := kinds.Unopened().Named(name)
	if err != nil {
		t.Fatal(err)
	}
	known := k.Columns()
	columns := make([]columnOf, len(known))
	for i, c := range known {
		if columns[i] = (columnOf{field: c.Name, cell: cells[c.Name]}); columns[i].cell == nil {
			t.Fatalf("the drawn files of %s have no cells for the column %s", name, c.Name)
		}
		for _, n := range c.Spellings() {
			columns[i].headers = append(columns[i].headers, n, strings.ToUpper(n), strings.ReplaceAll(n, "_", " "), strings.ReplaceAll(n, " ", "-"),
				strings.ReplaceAll(n, "_", "\u2011"), n+" [Required]")
		}
	}
	if len(cells) != len(known) {
		t.Fatalf("the drawn files of %s have cells for %d columns, of which it knows %d", name, len(cells), len(known))
	}
	return columns
}

// drawSheet draws a file of some of the columns in any order, with rows that have a cell
// too few or too many, and blank ones, among them.
func drawSheet(t *rapid.T, tag string, most int, columns []columnOf) drawnSheet {
	columns = append(columns,
		columnOf{field: "", headers: []string{"Remarks!"}, cell: often([]string{"", "x"}, "=x", "<svg>", "'=x")},
		columnOf{field: sheet.ProblemColumn, headers: []string{"import_problem", "Import Problem"}, cell: rapid.Just("=as it was")},
		columnOf{field: sheet.CodeColumn, headers: []string{"import_code"}, cell: rapid.SampledFrom([]string{"", "REQUIRED", "WRONG_FIELD_COUNT; TOO_LONG"})})
	var s drawnSheet
	var cells []*rapid.Generator[string]
	for _, c := range rapid.Permutation(columns).Draw(t, "order") {
		most := 6 // in ten
		if c.field == "" || sheet.IsRejectColumn(c.field) {
			most = 1
		}
		if !c.always && rapid.IntRange(0, 9).Draw(t, "there") >= most {
			continue
		}
		h := rapid.SampledFrom(c.headers).Draw(t, "header")
		s.header, s.fields, cells = append(s.header, h), append(s.fields, c.field), append(cells, c.cell)
		if c.field == "" {
			if s.leaveOut = rapid.Bool().Draw(t, "leave out"); !s.leaveOut {
				s.mappings = append(s.mappings, sheet.Mapping{Header: h})
			}
		}
	}
	s.shape = drawShape(t)
	for range rapid.IntRange(1, most).Draw(t, "rows") {
		var row []string
		for i, c := range cells {
			row = append(row, c.Draw(t, s.header[i]))
		}
		switch rapid.IntRange(0, 39).Draw(t, "shape") {
		case 1:
			row = append(row, "more")
		case 2:
			row = row[:1]
		case 3:
			row = make([]string, len(row)) // blank: no row at all (F1)
		case 4: // as a spreadsheet fills up a rejects file's row that was too short (R6)
			code := slices.Index(s.fields, sheet.CodeColumn)
			if at := rapid.IntRange(0, len(row)).Draw(t, "too short"); code >= 0 && at < len(row)-1 && at+1 != code {
				copy(row[at:], []string{"7", "WRONG_FIELD_COUNT", "the row is too short"})
			}
		}
		s.rows = append(s.rows, row)
	}
	if len(s.file().Rows) == 0 {
		s.rows = append(s.rows, append([]string{"x " + tag}, make([]string, len(s.header)-1)...))
	}
	s.translate(t)
	return s
}

// often draws one of the good ones, and now and then one of the bad.
func often(good []string, bad ...string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if len(bad) == 0 || rapid.IntRange(0, 8).Draw(t, "bad") != 1 {
			return rapid.SampledFrom(good).Draw(t, "good cell")
		}
		return rapid.SampledFrom(bad).Draw(t, "bad cell")
	})
}

// text is the file as it is uploaded.
func (s drawnSheet) text() string { return s.shape.encoded(s.plainText()) }

func (s drawnSheet) plainText() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	for _, title := range s.shape.titles {
		b.WriteString(title + "\n")
	}
	_ = w.Write(s.shape.header(s.header))
	for i, row := range s.rows {
		w.Flush()
		b.WriteString(s.shape.markOf(i))
		row = s.translated.written(row, len(s.header))
		if row = s.shape.row(i, len(s.header), row); len(row) == 1 && row[0] == "" {
			b.WriteString("\n") // encoding/csv would quote it
			continue
		}
		_ = w.Write(row)
	}
	w.Flush()
	return b.String() + s.shape.end
}

var lineEnd = regexp.MustCompile(`\r\n|\r|\n`)

// file is the drawnSheet as its reader should see it.
func (s drawnSheet) file() oracle.File {
	f := oracle.File{Header: s.header, Fields: s.fields}
	line := 2 + len(s.shape.titles)
	for _, row := range s.rows {
		if strings.TrimFunc(strings.Join(row, ""), func(r rune) bool { return strings.ContainsRune(" \t\r\n\u200b", r) }) != "" {
			f.Rows = append(f.Rows, oracle.Row{Line: line, Cells: row})
		}
		line += 1 + len(lineEnd.FindAllString(strings.Join(row, ""), -1))
	}
	return f
}

var longRun = regexp.MustCompile(`x{50,}|y{50,}|z{50,}|l{50,}|p{50,}|u{50,}`)

// String is for a person: without the long cells' length.
func (s drawnSheet) String() string {
	return fmt.Sprintf("%q in %q mapped %v", longRun.ReplaceAllStringFunc(s.plainText(), func(run string) string {
		return fmt.Sprintf("(%d %c)", len(run), run[0])
	}), s.shape.encoding, s.mappings)
}
