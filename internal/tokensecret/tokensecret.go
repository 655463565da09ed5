// Package tokensecret recognizes the secrets of transfer tokens in text. Such a text is neither
// stored nor shown nor logged (rule C5), whoever reads it: a form, a file or a log.
package tokensecret

import (
	"strings"
	"unicode"
)

// Prefix begins every transfer token's secret, for secret scanners.
const Prefix = "tnt_t_"

// secretFrom is how many characters behind the prefix make a secret of it: fewer than one
// has, so that one which was copied in part is found as well, and more than any name.
const secretFrom = 16

// In reports whether the text is or contains a transfer token's secret, whole or in good
// part, also where white space or invisible characters came into it on the way.
func In(text string) bool {
	if len(text) < len(Prefix)+secretFrom {
		return false
	}
	squeezed := strings.ToLower(strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, text))
	for {
		_, behind, found := strings.Cut(squeezed, Prefix)
		if !found {
			return false
		}
		digits := strings.IndexFunc(behind, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') })
		if digits < 0 {
			digits = len(behind)
		}
		if digits >= secretFrom {
			return true
		}
		squeezed = behind
	}
}

// invisible are white space, control and format characters, which come along with a paste.
func invisible(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) }

// Trim is a pasted secret without the white space around it that came along (rule C9).
func Trim(secret string) string { return strings.TrimFunc(secret, invisible) }

// AsName is why a name is refused that contains a secret. It does not repeat the name.
const AsName = "this is the secret of a transfer token, and no company's name: to take the company that gave it to you as your customer, use claimCustomer"
