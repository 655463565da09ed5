package tenancy

import (
	"strings"
	"unicode"

	"tenantry/internal/fault"
	"tenantry/internal/input"
)

// TokenPrefix begins every transfer token's secret, for secret scanners.
const TokenPrefix = "tnt_t_"

// secretFrom is how many characters behind the prefix make a secret of it: fewer than one
// has, so that one which was copied in part is found as well, and more than any name.
const secretFrom = 16

// HoldsSecret reports whether the text is or contains a transfer token's secret, whole or in
// good part, also where white space or invisible characters came into it on the way. Such a
// text is neither stored nor shown nor logged (rule C5).
func HoldsSecret(text string) bool {
	if len(text) < len(TokenPrefix)+secretFrom {
		return false
	}
	squeezed := strings.ToLower(strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, text))
	for {
		_, behind, found := strings.Cut(squeezed, TokenPrefix)
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

// unseen are white space, control and format characters, which come along with a paste.
func unseen(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) }

// pasted is a secret without the white space around it that came along (rule C9).
func pasted(secret string) string { return strings.TrimFunc(secret, unseen) }

// SecretAsName is why a name is refused that holds a secret. It does not repeat the name.
const SecretAsName = "this is the secret of a transfer token, and no company's name: to take the company that gave it to you as your customer, use claimCustomer"

// companyName checks the name of a company that is to be made or renamed.
func companyName(raw string, path ...string) (string, error) {
	if HoldsSecret(raw) {
		return "", fault.New(fault.Invalid, SecretAsName).At(path...)
	}
	return input.Name(raw, path...)
}
