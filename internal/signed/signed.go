// Package signed creates URLs that carry their own permission: a browser can open one without
// a token, for one subject, on behalf of one user, until it expires.
//
//   - The path, the subject, the user and the expiry are all signed, in exactly the form in
//     which they arrive. There is no second spelling of a signed URL and no unsigned parameter.
//   - A URL is a bearer secret for as long as it is valid: make it short-lived, and check on
//     use that its user may still see the subject, because a signature outlives rights.
//   - Nothing is stored. URLs can only be revoked all at once, by changing the key.
//   - The signing key is derived from the given secret, so the same secret may serve other
//     purposes.
package signed

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// LeastKeyBytes is the shortest secret that New takes.
const LeastKeyBytes = 32

// purpose separates this use of the secret from every other; a change of what is
// signed changes its number.
const purpose = "tenantry signed address 2"

// The parameters of an address.
const (
	subjectParam   = "subject"
	userParam      = "user"
	keyParam       = "key"
	expiresParam   = "expires"
	signatureParam = "signature"
)

// Claims are what an address permits.
type Claims struct {
	Subject string    // what it opens, in words of the one who serves the path; not secret
	User    id.ID     // on whose behalf
	Key     id.ID     // the API key by which that one acted; the zero id: none
	Expires time.Time // whole seconds; parts of a second are cut off
}

// Signer makes and verifies addresses. It is safe for concurrent use.
type Signer struct {
	key  []byte
	base func() *url.URL
}

// New makes a Signer of a secret of at least 32 bytes. The base is the server's public
// address, asked for at each use because with port 0 it is known only once the
// listener is open; it may have a path of its own, which a proxy is then to take off.
func New(secret []byte, base func() *url.URL) (*Signer, error) {
	if len(secret) < LeastKeyBytes {
		return nil, fmt.Errorf("the secret that signs addresses has %d bytes, and at least %d are needed",
			len(secret), LeastKeyBytes)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("deriving the key that signs addresses: %w", err)
	}
	return &Signer{key: key, base: base}, nil
}

// URL is the absolute address of a path below the base, such as /files/rejects.csv,
// that permits c until it expires. The path is given as text; what needs escaping is
// escaped.
func (s *Signer) URL(path string, c Claims) string {
	u := *s.base()
	local := url.URL{Path: "/" + strings.TrimLeft(path, "/")}
	p := params{
		subject: c.Subject,
		user:    c.User.String(),
		key:     c.Key.String(),
		expires: strconv.FormatInt(c.Expires.Unix(), 10),
	}
	u.Path = strings.TrimRight(u.Path, "/") + local.Path
	u.RawPath, u.Fragment = "", ""
	u.RawQuery = url.Values{
		subjectParam: {p.subject}, userParam: {p.user}, keyParam: {p.key}, expiresParam: {p.expires},
		signatureParam: {base64.RawURLEncoding.EncodeToString(s.sign(local.EscapedPath(), p))},
	}.Encode()
	return u.String()
}

// Verify returns what the request's address permits at the time now. An address that
// is not exactly one that URL made with this key is NOT_FOUND; one that has expired is
// FORBIDDEN.
func (s *Signer) Verify(r *http.Request, now time.Time) (Claims, error) {
	p, signature, err := read(r.URL.RawQuery)
	if err != nil {
		return Claims{}, notFound(err)
	}
	if !hmac.Equal(signature, s.sign(r.URL.EscapedPath(), p)) {
		return Claims{}, notFound(nil)
	}
	c, err := p.claims()
	if err != nil {
		return Claims{}, notFound(err)
	}
	if !now.Before(c.Expires) {
		return Claims{}, fault.New(fault.Forbidden, "This URL expired at %s. Ask for a new one.",
			c.Expires.Format(time.RFC3339))
	}
	return c, nil
}

// params are an address's claims as they are spelt in it.
type params struct{ subject, user, key, expires string }

// sign computes the signature. Each part is preceded by its length, so that no two
// lists of parts are the same bytes.
func (s *Signer) sign(escapedPath string, p params) []byte {
	mac := hmac.New(sha256.New, s.key)
	for _, part := range []string{escapedPath, p.subject, p.user, p.key, p.expires} {
		_ = binary.Write(mac, binary.BigEndian, uint64(len(part))) // a hash takes everything
		_, _ = mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

// read demands each parameter once and nothing else: what is not signed could tell the
// handler something that nobody permitted.
func read(query string) (p params, signature []byte, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return p, nil, err
	}
	for name, to := range map[string]*string{
		subjectParam: &p.subject, userParam: &p.user, keyParam: &p.key, expiresParam: &p.expires,
	} {
		if len(values[name]) != 1 {
			return p, nil, fmt.Errorf("the parameter %s is there %d times", name, len(values[name]))
		}
		*to = values.Get(name)
	}
	if len(values) != 5 || len(values[signatureParam]) != 1 {
		return p, nil, fmt.Errorf("%d parameters and %d signatures", len(values), len(values[signatureParam]))
	}
	signature, err = base64.RawURLEncoding.Strict().DecodeString(values.Get(signatureParam))
	return p, signature, err
}

func (p params) claims() (Claims, error) {
	seconds, err := strconv.ParseInt(p.expires, 10, 64)
	if err != nil {
		return Claims{}, err
	}
	c := Claims{Subject: p.subject, Expires: time.Unix(seconds, 0).UTC()}
	if err := c.User.UnmarshalText([]byte(p.user)); err != nil {
		return c, err
	}
	return c, c.Key.UnmarshalText([]byte(p.key))
}

func notFound(cause error) error {
	return fault.New(fault.NotFound, "There is nothing at this URL. Was it copied completely?").Because(cause)
}
