package totp

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strings"
)

const (
	// RecoveryCodes is how many a user gets.
	RecoveryCodes = 10

	// recoveryBytes is 120 bits: from 112 on a code needs no slow hash (OWASP ASVS 5.0, 6.5.2).
	recoveryBytes = 15
	recoveryGroup = 6 // letters between two hyphens
	hashBytes     = sha256.Size
)

// NewRecoveryCodes makes a set of recovery codes, such as ABCDEF-GHIJKL-MNOPQR-STUVWX, and the
// hashes by which [UseRecoveryCode] knows them.
func NewRecoveryCodes() (codes []string, hashes []byte) {
	for range RecoveryCodes {
		random := make([]byte, recoveryBytes)
		_, _ = rand.Read(random) // never fails since Go 1.24: it ends the process instead
		letters := encoding.EncodeToString(random)
		hashes = append(hashes, hashOfRecovery(letters)...)
		var groups []string
		for group := range slices.Chunk([]byte(letters), recoveryGroup) {
			groups = append(groups, string(group))
		}
		codes = append(codes, strings.Join(groups, "-"))
	}
	return codes, hashes
}

// UseRecoveryCode takes the code out of the hashes. It is read whatever its case, and without
// hyphens and blanks. False where it is none of them.
func UseRecoveryCode(hashes []byte, code string) (rest []byte, ok bool) {
	letters := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	if len(letters) != encoding.EncodedLen(recoveryBytes) {
		return hashes, false
	}
	wanted := hashOfRecovery(letters)
	for hash := range slices.Chunk(hashes, hashBytes) {
		if subtle.ConstantTimeCompare(hash, wanted) == 1 && !ok {
			ok = true
			continue
		}
		rest = append(rest, hash...)
	}
	return rest, ok
}

// RecoveryCodesLeft is how many are in the hashes.
func RecoveryCodesLeft(hashes []byte) int { return len(hashes) / hashBytes }

func hashOfRecovery(letters string) []byte {
	sum := sha256.Sum256([]byte(letters))
	return sum[:]
}
