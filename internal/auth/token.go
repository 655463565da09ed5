package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"strings"
)

// SessionPrefix begins every session token, so that secret scanners know one and a
// reader sees what it opens.
const SessionPrefix = "tnt_s_"

// ChallengePrefix begins the token of a sign-in that waits for a code.
const ChallengePrefix = "tnt_c_"

// KeyPrefix begins every API key's secret.
const KeyPrefix = "tnt_k_"

// ShownOfKey is how many of the first characters of an API key's secret are kept, to tell keys
// apart: the prefix and four digits, which leave an attacker 166 bits to guess.
const ShownOfKey = len(KeyPrefix) + 4

const (
	alphabet     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	secretDigits = 32 // of base 62: 190 random bits, where 160 are demanded
	sumDigits    = 6  // of base 62: enough for 32 bits
)

// MintToken makes an opaque bearer token: the prefix, 32 random characters of base 62
// and a checksum of 6. It is shown once; what is stored is HashToken of it.
func MintToken(prefix string) string {
	body := make([]byte, 0, secretDigits)
	random := make([]byte, secretDigits)
	for len(body) < secretDigits {
		_, _ = rand.Read(random) // never fails since Go 1.24: it ends the process instead
		for _, b := range random {
			// 248 is the largest multiple of 62 in a byte: beyond it digits would not be equally likely.
			if b < 248 && len(body) < secretDigits {
				body = append(body, alphabet[b%62])
			}
		}
	}
	token := prefix + string(body)
	return token + checksum(token)
}

// WellFormed reports whether the token could be one that MintToken made with the
// prefix. It refuses typing mistakes and garbage before the database is asked; it is
// no proof of anything.
func WellFormed(token, prefix string) bool {
	if len(token) != len(prefix)+secretDigits+sumDigits || !strings.HasPrefix(token, prefix) {
		return false
	}
	body := len(token) - sumDigits
	return token[body:] == checksum(token[:body])
}

// HashToken is what is stored of a token: its SHA-256, 32 bytes. A token is found by
// it, so the time that a look-up takes depends on the hash alone, from which nobody gets
// to the token; and with 190 random bits the hash needs no salt.
func HashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func checksum(s string) string {
	sum := crc32.ChecksumIEEE([]byte(s))
	digits := make([]byte, sumDigits)
	for i := sumDigits - 1; i >= 0; i-- {
		digits[i] = alphabet[sum%62]
		sum /= 62
	}
	return string(digits)
}
