// Package email checks whether a text can be an email address, in the same way for mutations
// and for files.
//
// It catches mistakes and does not prove deliverability: one @, something before it, a domain
// with a dot, no white space or control characters, at most 254 characters (rule K5). Quoted
// local parts and addresses in brackets are refused: directories do not have them, and in a
// file they are a sign of broken quoting.
package email

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tenantry/internal/normalize"
)

// Limits in characters (RFC 5321) of the whole and of the part before the @.
const (
	MaxLength      = 254
	maxLocalLength = 64
)

// Valid reports whether the trimmed text can be an address.
func Valid(s string) bool {
	if len(s) > MaxLength && utf8.RuneCountInString(s) > MaxLength {
		return false // first of all: what follows costs more than a look
	}
	local, domain, ok := cut(s)
	if !ok || utf8.RuneCountInString(local) > maxLocalLength {
		return false
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	for _, r := range local {
		if r < 0x80 && !strings.ContainsRune(localASCII, r) {
			return false
		}
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return false
		}
	}
	return validDomain(domain)
}

const localASCII = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-"

func cut(s string) (local, domain string, ok bool) {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 {
		return "", "", false
	}
	return s[:at], s[at+1:], true
}

func validDomain(domain string) bool {
	ascii, ok := normalize.Domain(domain)
	if !ok || len(ascii) > 253 || !strings.Contains(ascii, ".") {
		return false
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}
