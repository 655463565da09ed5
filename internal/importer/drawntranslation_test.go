package importer

import (
	"slices"
	"strings"
	"unicode"

	"pgregory.net/rapid"

	"tenantry/internal/importer/sheet"
)

// drawnTranslation is a mapping that translates cells of a drawn file (rule F5): the oracle's cells are
// those that the engine's are translated to.
type drawnTranslation struct {
	column int
	to     string
}

const (
	writtenCell = "As we write it"
	fromCell    = " as WE write it "
)

// translate draws a cell whose place another one takes in the file, with the mapping that undoes it.
func (s *drawnSheet) translate(t *rapid.T) {
	if !rapid.Bool().Draw(t, "translate") {
		return
	}
	column := rapid.IntRange(0, len(s.header)-1).Draw(t, "translated column")
	field := s.fields[column]
	if field == "" || sheet.IsRejectColumn(field) || field == "password" {
		return
	}
	for _, row := range s.rows {
		if len(row) != len(s.header) || slices.Contains(row, "WRONG_FIELD_COUNT") {
			continue
		}
		to := row[column]
		if strings.TrimSpace(to) == "" || len(to) > 100 || strings.ContainsFunc(to, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }) {
			continue
		}
		s.translated = &drawnTranslation{column, to}
		s.mappings = append(s.mappings, sheet.Mapping{Header: s.header[column], Field: &field, Values: []sheet.ValueMapping{{From: fromCell, To: to}}})
		return
	}
}

// written is the row as the file has it.
func (d *drawnTranslation) written(row []string, columns int) []string {
	if d == nil || len(row) != columns || row[d.column] != d.to {
		return row
	}
	row = slices.Clone(row)
	row[d.column] = writtenCell
	return row
}
