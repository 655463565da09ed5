package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

const redacted = "[redacted]"

// Secret is a text that may hold a password or a key. Whatever prints it, shows a
// redacted form: nothing of a key, and of a URL all but its passwords. Only
// [Secret.Reveal] gives the text itself. The zero value is the empty text.
//
// The text sits behind a pointer, so that even fmt, which ignores methods inside
// unexported fields, finds only an address there.
type Secret struct{ text *string }

// NewSecret keeps the text, trimmed of white space.
func NewSecret(text string) Secret {
	text = strings.TrimSpace(text)
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal gives the text itself, for the one who must use it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no text.
func (s Secret) IsZero() bool { return s.text == nil }

// String gives the redacted form; the empty text for an empty secret.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return redact(*s.text)
}

// Format writes the redacted form under every verb.
func (s Secret) Format(f fmt.State, verb rune) {
	if verb == 'q' || (verb == 'v' && f.Flag('#')) {
		_, _ = fmt.Fprintf(f, "%q", s.String())
		return
	}
	_, _ = io.WriteString(f, s.String())
}

// LogValue gives slog the redacted form.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText gives JSON, and whatever else asks for a text, the redacted form.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// redact hides all of a text that is no URL. Of a URL it hides the password, a user
// name that stands alone where a scheme takes a password (redis://secret@host), the
// fragment, and the values of query parameters whose names speak of secrets.
func redact(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Opaque != "" || (u.Host == "" && u.Path == "") {
		return redacted
	}
	// A password that is not percent-encoded parses as host, path or fragment, as in
	// postgres://user:12/34@host: an @ elsewhere than after the user gives it away.
	if at := strings.Count(text, "@"); at > 1 || (at == 1 && u.User == nil) {
		return redacted
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if u.User != nil {
		_, hasPassword := u.User.Password()
		switch {
		case hasPassword:
			shown.User = url.UserPassword(u.User.Username(), "xxxxx")
		case strings.HasPrefix(u.Scheme, "postgres"):
			shown.User = url.User(u.User.Username())
		default:
			shown.User = url.User("xxxxx")
		}
	}
	query := u.Query()
	for name := range query {
		if isSecretName(name) {
			query.Set(name, "xxxxx")
		}
	}
	shown.RawQuery = query.Encode()
	return shown.String()
}

// isSecretName reports whether a query parameter's value is not to be shown.
func isSecretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"pass", "secret", "token", "key", "cred"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
