package field

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/email"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// Value is how a record holds a field. Make it with [Text] and its like, which are given
// where in the record the value is.
type Value[R any] struct {
	parse  func(into *R, cell string, forms Forms) *Problem // nil: a plan decides
	format func(r *R) string                                // nil: it takes more than the record to say it
	copy   func(to, from *R)
	same   func(a, b *R) bool
	put    func(r *R, to *database.Values) // for the field's column
	entity func(r *R) any                  // as ent's mutations take it
	scan   func(r *R) any                  // a destination for sql.Rows.Scan
	clear  func(r *R)                      // nil: every record has one

	appendState func(to []byte, r *R) []byte
	setState    func(r *R, state string) error
}

// Format is what an export's cell says.
func (v *Value[R]) Format(r *R) string { return v.format(r) }

// Formats reports whether Format can be called.
func (v *Value[R]) Formats() bool { return v.format != nil }

// Copy puts one record's value into another.
func (v *Value[R]) Copy(to, from *R) { v.copy(to, from) }

// MayBeBlank reports whether a record may lack the value.
func (v *Value[R]) MayBeBlank() bool { return v.clear != nil }

// Clear takes the value away from a record that may lack it.
func (v *Value[R]) Clear(r *R) { v.clear(r) }

// Same reports whether both records have the same value.
func (v *Value[R]) Same(a, b *R) bool { return v.same(a, b) }

// Entity is the value of the field's column as ent's mutations take it; nil for NULL.
func (v *Value[R]) Entity(r *R) any { return v.entity(r) }

// Into is a destination for sql.Rows.Scan of the field's column.
func (v *Value[R]) Into(r *R) any { return v.scan(r) }

// AppendState appends the value as a text of which [Value.SetState] makes the same value again, whatever
// files and exports call it: for what is kept of a value that was replaced. It is empty where the
// record has none.
func (v *Value[R]) AppendState(to []byte, r *R) []byte { return v.appendState(to, r) }

// SetState puts a value into the record that AppendState wrote.
func (v *Value[R]) SetState(r *R, state string) error { return v.setState(r, state) }

// Checked adds a check of the cell to those of the value.
func (v Value[R]) Checked(check func(cell string) *Problem) Value[R] {
	parse := v.parse
	v.parse = func(into *R, cell string, forms Forms) *Problem {
		if problem := parse(into, cell, forms); problem != nil {
			return problem
		}
		return check(cell)
	}
	return v
}

// held is what all values have that a record holds as such.
func held[R any, T comparable](at func(*R) *T, put func(*database.Values, T), state func([]byte, T) []byte, parse func(string) (T, error)) Value[R] {
	return Value[R]{
		appendState: func(to []byte, r *R) []byte { return state(to, *at(r)) },
		setState: func(r *R, text string) error {
			value, err := parse(text)
			if err != nil {
				return fmt.Errorf("%q is no value that was kept: %w", input.Cut(text), err)
			}
			*at(r) = value
			return nil
		},
		copy: func(to, from *R) { *at(to) = *at(from) }, same: func(a, b *R) bool { return *at(a) == *at(b) },
		put:    func(r *R, to *database.Values) { put(to, *at(r)) },
		entity: func(r *R) any { return *at(r) }, scan: func(r *R) any { return at(r) },
	}
}

// appendText and parseText are for the state of a text, and of what is one.
func appendText[E ~string](to []byte, e E) []byte { return append(to, e...) }

func parseText[E ~string](state string) (E, error) { return E(state), nil }

// Text is a text that every record has.
func Text[R any](at func(*R) *string) Value[R] {
	v := held(at, (*database.Values).Text, appendText[string], parseText[string])
	v.parse = func(into *R, cell string, _ Forms) *Problem { *at(into) = cell; return nil }
	v.format = func(r *R) string { return *at(r) }
	return v
}

// OptionalText is a text that a record may lack: it is empty then, and its column NULL.
func OptionalText[R any](at func(*R) *string) Value[R] { return optional(Text(at), at) }

func optional[R any](v Value[R], at func(*R) *string) Value[R] {
	v.put = func(r *R, to *database.Values) { to.TextOrNull(*at(r)) }
	v.entity = func(r *R) any {
		if s := *at(r); s != "" {
			return s
		}
		return nil
	}
	v.scan = func(r *R) any { return textOrNull{at(r)} }
	v.clear = func(r *R) { *at(r) = "" }
	return v
}

// textOrNull scans NULL as an empty text.
type textOrNull struct{ to *string }

// Scan implements sql.Scanner.
func (t textOrNull) Scan(value any) error {
	var text sql.NullString
	err := text.Scan(value)
	*t.to = text.String
	return err
}

// Address is an email address that every record has.
func Address[R any](at func(*R) *string) Value[R] {
	v := Text(at)
	v.parse = func(into *R, cell string, _ Forms) *Problem {
		*at(into) = cell
		return checkAddress(cell)
	}
	return v
}

// OptionalAddress is an email address that a record may lack.
func OptionalAddress[R any](at func(*R) *string) Value[R] { return optional(Address(at), at) }

// checkAddress says what is wrong with a text of no more than [email.MaxLength] characters
// that is to be an email address.
func checkAddress(cell string) *Problem {
	if email.Valid(cell) {
		return nil
	}
	return &Problem{Code: enum.InvalidEmail, Message: fmt.Sprintf("%q is not an email address such as office@example.com", input.Cut(cell))}
}

// Bool is true or false.
func Bool[R any](at func(*R) *bool) Value[R] {
	v := held(at, (*database.Values).Bool, strconv.AppendBool, strconv.ParseBool)
	v.parse = func(into *R, cell string, _ Forms) *Problem {
		value, problem := ParseBool(cell)
		*at(into) = value
		return problem
	}
	v.format = func(r *R) string {
		if *at(r) {
			return "true"
		}
		return "false"
	}
	return v
}

// Option is one of the values of a choice, with the words for it in files; the first is the
// one that exports write.
type Option[E ~string] struct {
	Value E
	Words []string
}

// Choice is one of a few values.
func Choice[R any, E ~string](at func(*R) *E, options ...Option[E]) Value[R] {
	v := held(at, func(to *database.Values, e E) { to.Text(string(e)) }, appendText[E], parseText[E])
	v.parse = func(into *R, cell string, _ Forms) *Problem {
		lower := strings.ToLower(cell)
		for _, o := range options {
			for _, word := range o.Words {
				if word == lower {
					*at(into) = o.Value
					return nil
				}
			}
		}
		return noneOf(cell, options)
	}
	v.format = func(r *R) string {
		for _, o := range options {
			if o.Value == *at(r) {
				return o.Words[0]
			}
		}
		return ""
	}
	return v
}

func noneOf[E ~string](cell string, options []Option[E]) *Problem {
	said := make([]string, len(options))
	var accepted []string
	for i, o := range options {
		accepted = append(accepted, o.Words...)
		if said[i] = o.Words[0]; len(o.Words) > 1 {
			said[i] += " (" + strings.Join(o.Words[1:], ", ") + ")"
		}
	}
	if len(said) == 2 {
		return Invalid("%q is neither %s nor %s", input.Cut(cell), said[0], said[1]).accepting(accepted...)
	}
	return Invalid("%q is none of %s", input.Cut(cell), strings.Join(said, ", ")).accepting(accepted...)
}

// Time is an instant: see [ParseTime].
func Time[R any](at func(*R) *time.Time) Value[R] {
	v := held(at, (*database.Values).Time, func(to []byte, t time.Time) []byte { return t.UTC().AppendFormat(to, time.RFC3339Nano) },
		func(text string) (time.Time, error) { return time.Parse(time.RFC3339Nano, text) })
	v.same = func(a, b *R) bool { return at(a).Equal(*at(b)) }
	v.parse = func(into *R, cell string, forms Forms) *Problem {
		when, problem := ParseTime(cell, forms)
		*at(into) = when
		return problem
	}
	v.format = func(r *R) string { return at(r).UTC().Format(time.RFC3339Nano) }
	return v
}

// Reference is the id of another record, which files name in ways of their own.
func Reference[R any](at func(*R) *id.ID) Value[R] {
	v := held(at, (*database.Values).ID, appendID, uuid.Parse)
	v.scan = func(r *R) any { return IDInto(at(r)) }
	return v
}

// appendID appends an id's text, without an allocation of its own.
func appendID(to []byte, of id.ID) []byte {
	text, _ := of.MarshalText() // it never fails
	return append(to, text...)
}

// IDInto is a destination for sql.Rows.Scan of a column of ids that are not NULL. It takes less
// than the id itself, which makes a text of what the driver gives.
func IDInto(to *id.ID) sql.Scanner { return (*scannedID)(to) }

type scannedID id.ID

// Scan implements sql.Scanner.
func (s *scannedID) Scan(value any) error {
	if text, ok := value.([]byte); ok && len(text) != len(id.ID{}) {
		of, err := uuid.ParseBytes(text)
		*s = scannedID(of)
		return err
	}
	return (*id.ID)(s).Scan(value)
}
