// Package totp computes and verifies time-based one-time passwords: RFC 6238 over RFC 4226, as
// authenticator apps have them, with HMAC-SHA-1, six digits and steps of 30 seconds.
//
// It keeps nothing. That a code counts once is for the caller to see to, who is told the time step
// that a code belongs to.
package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what authenticator apps compute; HMAC does not need a hash without collisions
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

const (
	// SecretBytes is the length of a secret: that of the hash, as RFC 4226 recommends.
	SecretBytes = 20

	digits  = 6
	modulus = 1_000_000
	step    = 30 * time.Second
	// window is how many steps a code may be early or late, for clocks and slow fingers.
	window = 1
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret is a random secret.
func NewSecret() []byte {
	secret := make([]byte, SecretBytes)
	_, _ = rand.Read(secret) // never fails since Go 1.24: it ends the process instead
	return secret
}

// Text is the secret as people type it into their app: base32 without padding.
func Text(secret []byte) string { return encoding.EncodeToString(secret) }

// URI is the secret as apps scan it: otpauth://totp/, with the issuer and the account's name.
func URI(secret []byte, issuer, account string) string {
	q := url.Values{"secret": {Text(secret)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: q.Encode()}
	return u.String()
}

// IsCode reports whether the text could be a code: six decimal digits.
func IsCode(text string) bool {
	if len(text) != digits {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// Step is the time step of the time.
func Step(t time.Time) int64 { return t.Unix() / int64(step/time.Second) }

// Code is that of a time step.
func Code(secret []byte, step int64) string {
	return fmt.Sprintf("%0*d", digits, truncated(secret, step)%modulus)
}

// truncated is the number that RFC 4226, section 5.3, takes out of the HMAC of the counter.
func truncated(secret []byte, counter int64) uint32 {
	mac := hmac.New(sha1.New, secret)
	var text [8]byte
	binary.BigEndian.PutUint64(text[:], uint64(counter))
	_, _ = mac.Write(text[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xF
	return binary.BigEndian.Uint32(sum[offset:]) & 0x7FFFFFFF
}

// Match finds the time step that the code belongs to, of the one of the time, the one before and
// the one after; only of those later than the last step that was used, for which 0 stands where
// there was none. It takes as long for every code.
func Match(secret []byte, code string, at time.Time, last int64) (step int64, ok bool) {
	for s := Step(at) - window; s <= Step(at)+window; s++ {
		same := subtle.ConstantTimeCompare([]byte(Code(secret, s)), []byte(code)) == 1
		if same && s > last && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}
