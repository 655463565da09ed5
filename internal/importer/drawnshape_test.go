package importer

import (
	"slices"

	"golang.org/x/text/encoding/htmlindex"
	"pgregory.net/rapid"
)

// drawnShape is what spreadsheets and people leave around a drawn file's header and rows, which is
// passed over (rules F1, F2): the oracle knows nothing of it.
type drawnShape struct {
	titles  []string // lines above the header
	unnamed int      // columns without a name behind the others, all blank
	behind  []int    // blank cells behind the rows, by turns
	mark    string   // in front of every third row, as joined files have it
	end     string   // behind the last row

	encoding string // the label that is given with it; empty: it is in UTF-8, and nobody says so
}

// encode draws an encoding that has all characters of the text, and from which it comes back as it was.
func (s *drawnShape) encode(t *rapid.T, text string) {
	label := rapid.SampledFrom([]string{"", "", "", "utf-16le", "utf-16be", "gb18030", "shift_jis", "big5", "windows-1252", "euc-kr"}).Draw(t, "encoding")
	if label == "" {
		return
	}
	of, err := htmlindex.Get(label)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := of.NewEncoder().String(text)
	if err != nil {
		return
	}
	if back, err := of.NewDecoder().String(raw); err == nil && back == text {
		s.encoding = label
	}
}

// encoded is the text in the drawn encoding.
func (s *drawnShape) encoded(text string) string {
	if s.encoding == "" {
		return text
	}
	of, err := htmlindex.Get(s.encoding)
	if err != nil {
		panic(err)
	}
	raw, err := of.NewEncoder().String(text)
	if err != nil {
		panic(err) // encode has tried
	}
	return raw
}

func drawShape(t *rapid.T) drawnShape {
	if rapid.Bool().Draw(t, "plain") {
		return drawnShape{behind: []int{0}}
	}
	return drawnShape{
		titles:  rapid.SliceOfN(rapid.SampledFrom([]string{"Drawn up,", "\"§, 2026\"", "", ",,", "19\" racks,"}), 0, 5).Draw(t, "titles"),
		unnamed: rapid.IntRange(0, 2).Draw(t, "unnamed"),
		behind:  rapid.SliceOfN(rapid.IntRange(0, 4), 1, 3).Draw(t, "behind"),
		mark:    rapid.SampledFrom([]string{"", "\uFEFF"}).Draw(t, "mark"),
		end:     rapid.SampledFrom([]string{"", "\x1A", "\x1A\x1A"}).Draw(t, "end"),
	}
}

// header adds the columns without a name.
func (s drawnShape) header(names []string) []string {
	return append(slices.Clone(names), make([]string, s.unnamed)...)
}

// row adds blank cells to a row that has all of its own. One that has more keeps them behind
// all columns: in one without a name they would be refused.
func (s drawnShape) row(i, columns int, cells []string) []string {
	if len(cells) < columns || s.behind == nil {
		return cells
	}
	cells = slices.Clone(cells)
	if len(cells) > columns {
		cells = slices.Insert(cells, columns, make([]string, s.unnamed)...)
	}
	return append(cells, make([]string, s.behind[i%len(s.behind)])...)
}

// markOf is what stands in front of the row.
func (s drawnShape) markOf(i int) string {
	if i%3 == 2 {
		return s.mark
	}
	return ""
}
