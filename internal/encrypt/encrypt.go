// Package encrypt keeps small secrets in the database that the server has to read again, such as
// those of second factors: AES-256-GCM, with a key for each purpose that is derived from SECRET_KEY.
//
// What is encrypted is bound to its owner: copied into another row it does not decrypt. Whoever has
// the database alone learns nothing; where SECRET_KEY is not set the key is in the database too.
package encrypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Cipher encrypts for one purpose. It is safe for concurrent use.
type Cipher struct{ aead cipher.AEAD }

// New makes a Cipher of the server's secret. The purpose separates its key from those of others;
// a change of what is encrypted changes it.
func New(secret []byte, purpose string) (*Cipher, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of %q: %w", purpose, err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Cipher{aead}, nil
}

// Encrypt gives the text, encrypted: 28 bytes more.
func (c *Cipher) Encrypt(text, owner []byte) []byte {
	return c.aead.Seal(nil, nil, text, owner) //nolint:gosec // it makes a random nonce itself, and takes none
}

// Decrypt gives the text back. ErrKey where it was encrypted with another key or for another owner.
func (c *Cipher) Decrypt(encrypted, owner []byte) ([]byte, error) {
	text, err := c.aead.Open(nil, nil, encrypted, owner)
	if err != nil {
		return nil, ErrKey
	}
	return text, nil
}

// ErrKey says that something cannot be decrypted.
var ErrKey = errors.New("it was encrypted with another SECRET_KEY, or was changed since")
