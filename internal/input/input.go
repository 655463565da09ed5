// Package input validates the arguments of mutations. The results are trimmed, in NFC, and can
// be stored by both databases. Errors are INVALID_ARGUMENT with the path of the argument and
// what would be accepted.
package input

import (
	"unicode/utf8"

	"tenantry/internal/email"
	"tenantry/internal/fault"
	"tenantry/internal/normalize"
)

// The most code points of texts (rule K5).
const (
	MaxName       = 200
	MaxLabel      = 100
	MaxExternalID = 100
)

// Field is an argument of an update: not set, it changes nothing; set to nil, it clears.
type Field[T any] struct {
	Set   bool
	Value *T
}

// Given is a field that was given; nil was null.
func Given[T any](value *T) Field[T] { return Field[T]{Set: true, Value: value} }

// Required gives the value of a field that cannot be cleared; nil where it is not set.
func (f Field[T]) Required(path ...string) (*T, error) {
	if f.Set && f.Value == nil {
		return nil, fault.New(fault.Invalid, "%s cannot be cleared; leave it out to keep it", path[len(path)-1]).At(path...)
	}
	return f.Value, nil
}

// Name checks a name of at most MaxName code points.
func Name(raw string, path ...string) (string, error) { return Line(raw, "name", MaxName, path...) }

// Line checks a text of one line, such as a name, that must have something to be seen and may
// have so many code points; what says in a message what it is. Control and format characters
// are taken out of it (rule K5).
func Line(raw, what string, most int, path ...string) (string, error) {
	if !normalize.Storable(raw) {
		return Text(raw, what, most, path...) // which refuses it
	}
	return Text(normalize.Line(raw), what, most, path...)
}

// Text is Line for what is stored exactly, but for white space around it.
func Text(raw, what string, most int, path ...string) (string, error) {
	n := normalize.Text(raw)
	switch {
	case !normalize.Storable(n):
		return "", fault.New(fault.Invalid, "the %s has a NUL or bytes that are not UTF-8", what).At(path...)
	case normalize.Shown(n) == "":
		return "", fault.New(fault.Invalid, "a %s is needed, with at least one visible character", what).At(path...)
	case utf8.RuneCountInString(n) > most:
		return "", fault.New(fault.Invalid, "the %s has %d characters; it may have %d", what, utf8.RuneCountInString(n), most).
			At(path...).With("limit", most)
	}
	return n, nil
}

// Blank reports whether there is nothing to be seen in the text, if there is one.
func Blank(raw *string) bool {
	return raw == nil || normalize.Storable(*raw) && normalize.Line(*raw) == ""
}

// Optional checks what need not be there as check does: nil, and what is blank, is nil.
func Optional(raw *string, check func(raw string, path ...string) (string, error), path ...string) (*string, error) {
	if Blank(raw) {
		return nil, nil //nolint:nilnil // nothing was given
	}
	s, err := check(*raw, path...)
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// Address checks an email.
func Address(raw string, path ...string) (string, error) {
	a := normalize.Line(raw)
	if !normalize.Storable(raw) || !email.Valid(a) {
		return "", fault.New(fault.Invalid, "%q is not an email address such as kim@example.com of at most %d characters", Cut(a), email.MaxLength).
			At(path...)
	}
	return a, nil
}

// Cut keeps a client's own value short in a message.
func Cut(s string) string {
	const most = 100
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
