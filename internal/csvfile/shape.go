package csvfile

// shape is what a file's column names say of its rows (F1).
type shape struct {
	columns int // that have a place in Format.Header
	named   int // of these, up to the last with a name: a row that ends behind it is whole
	behind  int // columns without a name behind those
	kept    int // how many cells of a row have a place in its record
	// skip are the columns of which no text is kept, in files with so many that have no name that it
	// would take too much memory; nil: none.
	skip []bool

	// watchFrom is the first field of which it matters whether it is blank: one without a name,
	// or behind the columns.
	watchFrom int
	unnamed   []bool // for each column, whether it has no name and only blank cells so far; nil: nobody asks
}

// unknownShape is that of rows of which one is to be the header.
var unknownShape = shape{columns: widest, named: widest, kept: widest, watchFrom: widest}

// shapeOf gives the shape of the rows below such a header.
func shapeOf(header []string, behind int) shape {
	s := shape{columns: len(header), behind: behind, kept: keptFields, watchFrom: len(header)}
	for i, name := range header {
		if name != "" {
			s.named = i + 1
		}
	}
	if s.columns < s.kept {
		return s
	}
	s.kept = s.columns + 1
	s.skip = make([]bool, s.columns)
	room := keptFields
	for _, name := range header {
		if name != "" {
			room--
		}
	}
	for i, name := range header {
		if name == "" {
			room--
			s.skip[i] = room < 0
		}
	}
	return s
}

// watch finds out from now on which of the columns without a name have only blank cells.
func (s *shape) watch(header []string) {
	for i, name := range header {
		if name == "" {
			s.watchFrom = min(s.watchFrom, i)
		}
	}
	if s.watchFrom == s.columns && s.behind == 0 {
		return
	}
	s.unnamed = make([]bool, s.columns+s.behind)
	for i := range s.unnamed {
		s.unnamed[i] = i >= s.columns || header[i] == ""
	}
}

// skips reports whether no text of the field is kept, though it has a place.
func (s *shape) skips(field int) bool { return field < len(s.skip) && s.skip[field] }

// met notes that the field under way, which is watched, is not blank.
func (s *scanner) met() {
	if s.fields >= s.shape.columns {
		s.surplus = s.fields + 1
	}
	if s.fields < len(s.shape.unnamed) {
		s.shape.unnamed[s.fields] = false
	}
}

// filled are the numbers of the columns without a name that have a cell that is not blank.
func (s *shape) filled(header []string) []int {
	var filled []int
	for i, blank := range s.unnamed {
		if !blank && (i >= len(header) || header[i] == "") && len(filled) < MaxColumns {
			filled = append(filled, i+1)
		}
	}
	return filled
}
