package oracle

import (
	"regexp"
	"strings"
)

// guarded takes away the one ' that whoever wrote the file may have put before a beginning
// that is unsafe, or before 's that precede one (F7).
//
// Read ("before = + - @"): also before those in full width, which spreadsheets take for the same.
func guarded(cell string) string {
	cell = strings.TrimSpace(cell)
	if rest, ok := strings.CutPrefix(cell, "'"); ok && guardedBeginning.MatchString(rest) {
		return rest
	}
	return cell
}

var guardedBeginning = regexp.MustCompile(`^'*[=+@\t\r＝＋－＠-]`)

// unsafe is F7, of a cell from which guarded has taken the '.
func unsafe(cell string) bool { return formula(cell) || running.MatchString(cell) }

// What a formula is made of. A chain is operands with operators between them, as far as the place
// where one more operand is to follow.
const (
	sign    = `[=+@-]`
	operand = `(?:"[^"]*"|\{[^}]*\}|[0-9.,]+(?:[eE][+-]?\d+)?%?|[\pL_$][\pL\d_.$]*(?:\[[^\]]*\])?)`
	binary  = `\s*[)%]*\s*(?:[-+*/^&=<>:]\s*)+`
	chain   = sign + `[=+@(\s-]*(?:` + operand + binary + `[=+@(\s-]*)*`
	cellRef = `\$?[A-Za-z]{1,3}\$?\d{1,7}`
)

var (
	begins     = regexp.MustCompile(`^[\s\p{Z}\p{Cc}\p{Cf}]+`)
	delimited  = regexp.MustCompile(`^[;,|"\s]+`)
	signs      = regexp.MustCompile(`^` + sign)
	called     = regexp.MustCompile(`^` + chain + `[\pL_][\pL\d_.]*\(`)
	sheet      = regexp.MustCompile(`^` + chain + `(?:\[[^\]]*\])?(?:[\pL_][\pL\d_.]*|'[^']*')![\pL\d$'#]`)
	whole      = regexp.MustCompile(`^` + chain + operand + `[)%\s]*$`)
	refers     = regexp.MustCompile(`(?:^|[^\pL\d_.$])(?:` + cellRef + `|R\d+C\d+|[\pL_][\pL\d_]*\[[^\]]*\])(?:[^\pL\d_.$(\[]|$)`)
	words      = regexp.MustCompile(`[\pL_][\pL\d_.]*`)
	single     = regexp.MustCompile(`^[=+-]+\(*\$?[A-Z]{1,3}\$?\d{1,7}\)*$`)
	calculates = regexp.MustCompile(`[\pL\d)"%\]][\s)]*[+*^&]`)
	compares   = regexp.MustCompile(`[\pL\d)"%\]][\s)]*[=<>]`)
	operates   = regexp.MustCompile(`[\pL\d)"%$\]][\s)]*[-+*/^&=<>:]`)
	linked     = regexp.MustCompile(`(?s)\S(?:\|\s*['‘’"]|\s*\|\s*['‘’"].*!|\|[^\s|!]+![^\s!])`)
)

// formula reports whether a spreadsheet would run the cell (F7).
//
// Read ("goes on as a formula"): calculations of numbers alone count where an operator stands in
// them that neither phone numbers nor dates have; words, which are names of ranges to a
// spreadsheet, do not count as references.
func formula(cell string) bool {
	cell = begins.ReplaceAllString(cell, "")
	if strings.HasPrefix(cell, "=") {
		return true
	}
	if inner := delimited.ReplaceAllString(cell, ""); inner != cell {
		cell = strings.TrimRight(inner, "\" ;,|")
	}
	cell = strings.Map(func(r rune) rune {
		if r > 0xFF00 && r < 0xFF5F { // the full-width forms of ASCII
			return r - 0xFEE0
		}
		return r
	}, cell)
	switch {
	case !signs.MatchString(cell):
		return false
	case called.MatchString(cell), sheet.MatchString(cell), linked.MatchString(cell), single.MatchString(cell):
		return true
	case !whole.MatchString(cell):
		return false
	}
	named := false
	for _, w := range words.FindAllString(cell, -1) {
		named = named || !refers.MatchString(w)
	}
	if refers.MatchString(cell) {
		return calculates.MatchString(cell) || compares.MatchString(cell) || !named && operates.MatchString(cell)
	}
	return !named && calculates.MatchString(cell)
}

var running = regexp.MustCompile(`(?is)<\s*/?\s*(script|iframe|object|embed|svg|link|meta|base)\b|<[a-z][^>]*\son[a-z]+\s*=|(java|vb)script:(\S|\s+[\w.]+\()|<[a-z][^>]*=["'\s]*(java|vb)script:|data:text/html`)

// failedFormula reports whether the cell is what a spreadsheet writes in the place of a value (F7).
func failedFormula(cell string) bool {
	for _, w := range strings.Fields("#N/A #REF! #VALUE! #NAME? #DIV/0! #NUM! #NULL! #SPILL! #CALC! #NV #BEZUG! #WERT! #VALEUR! #¡REF! #RIF! #NÚM! #VERW! Err:502") {
		if strings.EqualFold(w, cell) {
			return true
		}
	}
	return false
}
