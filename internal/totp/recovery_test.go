package totp

import (
	"regexp"
	"strings"
	"testing"
)

// Rule U9: ten, each once.
func TestRecoveryCodesCountOnce(t *testing.T) {
	t.Parallel()
	codes, hashes := NewRecoveryCodes()
	if len(codes) != 10 || RecoveryCodesLeft(hashes) != 10 {
		t.Fatalf("%d codes, %d hashes", len(codes), RecoveryCodesLeft(hashes))
	}
	form := regexp.MustCompile(`^[A-Z2-7]{6}(-[A-Z2-7]{6}){3}$`)
	for i, code := range codes {
		if !form.MatchString(code) {
			t.Errorf("%q is not of the form", code)
		}
		typed := code
		if i%2 == 1 {
			typed = strings.ToLower(strings.ReplaceAll(code, "-", " "))
		}
		rest, ok := UseRecoveryCode(hashes, typed)
		if !ok || RecoveryCodesLeft(rest) != 9-i {
			t.Fatalf("code %d: %v, %d left", i, ok, RecoveryCodesLeft(rest))
		}
		if _, again := UseRecoveryCode(rest, typed); again {
			t.Fatalf("code %d was taken twice", i)
		}
		hashes = rest
	}
}

func TestUseRecoveryCodeRefusesOthers(t *testing.T) {
	t.Parallel()
	codes, hashes := NewRecoveryCodes()
	for _, code := range []string{"", "123456", codes[0][1:], codes[0] + "A", strings.Repeat("A", 24)} {
		if rest, ok := UseRecoveryCode(hashes, code); ok || RecoveryCodesLeft(rest) != 10 {
			t.Errorf("%q was taken", code)
		}
	}
}
