package sheet

import (
	"slices"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"

	"tenantry/internal/normalize"
)

// secretWords are how passwords are called, in the languages of rule F5, without what
// separates their words. A header that holds one of them looks like a password's.
var secretWords = []string{
	"password", "passwd", "passphrase", "passcode", "pwd", "passwort", "kennwort", "geheimwort", "motdepasse",
	"contrasena", "contraseña", "clavedeacceso", "clavesecreta", "paroladordine", "parolachiave", "palavrapasse", "palavrachave", "wachtwoord", "paswoord",
}

// secretNames are shorter ones, which are parts of other words: only a word of its own is
// taken for a password's. The second list is of those that are words of other meanings too,
// which only make one as the whole header.
var (
	secretNames  = []string{"pswd", "pw", "mdp", "secret", "senha"}
	secretTitles = []string{"pass", "psw", "clave", "parola", "userpass", "loginpass"}
)

// LooksSecret reports whether the column of a file may hold passwords, going by its header:
// then its cells are shown nowhere, whatever the kind of the file (rules F5, J9).
func LooksSecret(header string) bool {
	key := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, normalize.Key(header))
	if slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(key, w) }) || slices.Contains(secretTitles, key) {
		return true
	}
	// Mistyped by one letter; the bounds keep the comparison cheap.
	const word = "password"
	if n := len(key); n >= len(word)-1 && n <= len(word)+1 && levenshtein.ComputeDistance(key, word) <= 1 {
		return true
	}
	words := strings.FieldsFunc(normalize.Key(header), func(r rune) bool { return !unicode.IsLetter(r) })
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(secretNames, w) })
}
