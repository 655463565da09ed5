package sheet_test

import (
	"strings"
	"testing"

	"tenantry/ent/enum"
)

// R6: the message says which of the two, how many, and what to do.
func TestR6TheMessageSaysWhatIsWrongWithTheNumberOfCells(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, want string }{
		{three + "Acme,x", "the row has 2 cells for 3 columns: a cell is missing; add it where it belongs"},
		{three + "Acme", "the row has 1 cell for 3 columns: 2 cells are missing; add them where they belong"},
		{three + "Acme,a,b,c", `the row has 4 cells for 3 columns: one cell is too many; take it away, or put the cell that holds the delimiter (",") in quotes`},
		{three + "Acme,a,b,c,,d,,", "the row has 6 cells for 3 columns: 3 cells are too many; take them away"},
		{strings.ReplaceAll(three, ",", ";") + "Acme", `(an empty one is nothing between two delimiters, ";")`},
	} {
		issues := read(t, c.file+"\n")[0].Issues()
		if len(issues) == 0 || issues[0].Code != enum.WrongFieldCount || !strings.Contains(issues[0].Message, c.want) {
			t.Errorf("%q: %+v, want %q", c.file, issues, c.want)
		}
	}
}
