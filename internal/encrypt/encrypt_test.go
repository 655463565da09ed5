package encrypt_test

import (
	"bytes"
	"errors"
	"testing"

	"tenantry/internal/encrypt"
)

func TestDecryptGivesItBack(t *testing.T) {
	t.Parallel()
	c := newCipher(t, "k", "a purpose")
	one, two := c.Encrypt([]byte("secret"), []byte("owner")), c.Encrypt([]byte("secret"), []byte("owner"))
	if bytes.Equal(one, two) || bytes.Contains(one, []byte("secret")) {
		t.Errorf("%x, %x", one, two)
	}
	if text, err := c.Decrypt(one, []byte("owner")); err != nil || string(text) != "secret" {
		t.Errorf("%q, %v", text, err)
	}
}

// Another key, purpose or owner, and a changed text, give nothing.
func TestDecryptRefuses(t *testing.T) {
	t.Parallel()
	c := newCipher(t, "k", "a purpose")
	encrypted := c.Encrypt([]byte("secret"), []byte("owner"))
	changed := bytes.Clone(encrypted)
	changed[len(changed)-1] ^= 1
	for name, try := range map[string]func() ([]byte, error){
		"key":     func() ([]byte, error) { return newCipher(t, "l", "a purpose").Decrypt(encrypted, []byte("owner")) },
		"purpose": func() ([]byte, error) { return newCipher(t, "k", "another").Decrypt(encrypted, []byte("owner")) },
		"owner":   func() ([]byte, error) { return c.Decrypt(encrypted, []byte("another")) },
		"changed": func() ([]byte, error) { return c.Decrypt(changed, []byte("owner")) },
		"short":   func() ([]byte, error) { return c.Decrypt([]byte("x"), []byte("owner")) },
	} {
		if text, err := try(); !errors.Is(err, encrypt.ErrKey) || text != nil {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

func newCipher(t *testing.T, secret, purpose string) *encrypt.Cipher {
	t.Helper()
	c, err := encrypt.New(bytes.Repeat([]byte(secret), 32), purpose)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
