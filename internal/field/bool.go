package field

import (
	"strings"

	"tenantry/internal/input"
)

// booleans are the words for true and false (rule F9): those that people write, and those that
// spreadsheets write in the languages of rule F5. In lower case and NFC.
var booleans = map[string]bool{
	"true": true, "yes": true, "y": true, "on": true, "1": true, // English
	"false": false, "no": false, "n": false, "off": false, "0": false,
	"wahr": true, "ja": true, "falsch": false, "nein": false, // German
	"vrai": true, "oui": true, "faux": false, "non": false, // French
	"verdadero": true, "sí": true, "si": true, "falso": false, // Spanish; "no" is English, too
	"vero": true, "sì": true, // Italian; "falso" and "no" are there
	"verdadeiro": true, "sim": true, "não": false, "nao": false, // Portuguese
	"waar": true, "onwaar": false, "nee": false, // Dutch; "ja" is German, too
}

// ParseBool reads true or false, in any of the words for them (rule F9).
func ParseBool(cell string) (bool, *Problem) {
	if value, ok := booleans[strings.ToLower(cell)]; ok {
		return value, nil
	}
	return false, Invalid("%q is neither true, yes, y, on or 1 nor false, no, n, off or 0 (nor a spreadsheet's word for them, such as WAHR or FAUX)", input.Cut(cell)).
		accepting("true", "false", "yes", "no", "y", "n", "on", "off", "1", "0")
}
