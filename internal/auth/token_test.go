package auth

import (
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
)

// Architecture: tokens are opaque random secrets of at least 160 bits, prefixed so that
// secret scanners know them.
func TestTokensAreRandomAndPrefixed(t *testing.T) {
	form := regexp.MustCompile(`^tnt_s_[0-9A-Za-z]{38}$`)
	seen := map[string]bool{}
	digits := map[rune]int{}
	for range 1000 {
		token := MintToken(SessionPrefix)
		if !form.MatchString(token) || !WellFormed(token, SessionPrefix) {
			t.Fatalf("%s has not the form of a token", token)
		}
		if seen[token] {
			t.Fatalf("%s came twice", token)
		}
		seen[token] = true
		for _, c := range token[len(SessionPrefix) : len(token)-sumDigits] {
			digits[c]++
		}
	}
	// 32,000 digits, 516 of each expected: one that is a third off is not by chance.
	for _, c := range alphabet {
		if n := digits[c]; n < 344 || n > 688 {
			t.Errorf("digit %c came %d times of 32,000, expected about 516", c, n)
		}
	}
}

// Architecture: garbage is refused before the database is asked.
func TestAlteredTokensAreRefused(t *testing.T) {
	token := MintToken(SessionPrefix)
	for i := range len(token) {
		other := byte('a')
		if token[i] == other {
			other = 'b'
		}
		if altered := token[:i] + string(other) + token[i+1:]; WellFormed(altered, SessionPrefix) {
			t.Errorf("%s, altered at %d, passes", token, i)
		}
	}
	for _, s := range []string{"", token[1:], token + "0", " " + token, strings.ToUpper(token), MintToken("tnt_k_"), strings.Repeat("x", len(token))} {
		if WellFormed(s, SessionPrefix) {
			t.Errorf("%q passes as a session token", s)
		}
	}
}

// Architecture: stored as SHA-256.
func TestTokensAreStoredAsSHA256(t *testing.T) {
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, appendix B.1
	if got := hex.EncodeToString(HashToken("abc")); got != abc {
		t.Errorf("got %s, want %s", got, abc)
	}
}
