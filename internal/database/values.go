package database

import (
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Values takes the values of a record's columns in their order, each by one call, and keeps
// them in the form in which the database is given them: as COPY's text, or as arguments of a
// statement. None of its methods but Value allocates for the former.
type Values struct {
	copying   bool
	text      []byte // where copying
	arguments []any  // else

	// The time that was taken last, and what came of it: a batch has few.
	time   time.Time
	timeAs []byte // where copying
	timeIs any    // else

	failed error // the first value of a type that no database takes
}

// Null takes NULL.
func (v *Values) Null() {
	if v.copying {
		v.text = append(v.text, `\N`...)
		return
	}
	v.arguments = append(v.arguments, nil)
}

// Text takes a text.
func (v *Values) Text(s string) {
	if v.copying {
		v.text = appendEscaped(v.text, s)
		return
	}
	v.arguments = append(v.arguments, s)
}

// TextOrNull takes a text, and NULL for an empty one.
func (v *Values) TextOrNull(s string) {
	if s == "" {
		v.Null()
		return
	}
	v.Text(s)
}

// Optional takes a text; nil is NULL.
func (v *Values) Optional(s *string) {
	if s == nil {
		v.Null()
		return
	}
	v.Text(*s)
}

// ID takes an id.
func (v *Values) ID(of uuid.UUID) {
	if v.copying {
		v.text = appendID(v.text, of)
		return
	}
	v.arguments = append(v.arguments, of.String())
}

// Bool takes true or false.
func (v *Values) Bool(b bool) {
	switch {
	case !v.copying:
		v.arguments = append(v.arguments, b)
	case b:
		v.text = append(v.text, 't')
	default:
		v.text = append(v.text, 'f')
	}
}

// Int takes a number.
func (v *Values) Int(n int64) {
	if v.copying {
		v.text = strconv.AppendInt(v.text, n, 10)
		return
	}
	v.arguments = append(v.arguments, n)
}

// Time takes an instant, in microseconds.
func (v *Values) Time(t time.Time) {
	if !v.time.Equal(t) || v.timeAs == nil && v.timeIs == nil {
		v.time = t
		if t = t.UTC().Truncate(time.Microsecond); v.copying {
			v.timeAs = t.AppendFormat(v.timeAs[:0], "2006-01-02 15:04:05.999999+00")
		} else {
			v.timeIs = t.Format(sqliteTimes)
		}
	}
	if v.copying {
		v.text = append(v.text, v.timeAs...)
		return
	}
	v.arguments = append(v.arguments, v.timeIs)
}

// sqliteTimes is the form in which the driver of SQLite writes times, see [Dialect.Now]. It would do so
// for each by itself.
const sqliteTimes = "2006-01-02 15:04:05.999999999-07:00"

// Bytes takes bytes; nil is NULL.
func (v *Values) Bytes(b []byte) {
	switch {
	case b == nil:
		v.Null()
	case v.copying:
		v.text = hex.AppendEncode(append(v.text, `\\x`...), b)
	default:
		v.arguments = append(v.arguments, b)
	}
}

// Value takes a value of any type that [Batch] takes.
func (v *Values) Value(value any) {
	switch of := value.(type) {
	case nil:
		v.Null()
	case string:
		v.Text(of)
	case int64:
		v.Int(of)
	case bool:
		v.Bool(of)
	case uuid.UUID:
		v.ID(of)
	case time.Time:
		v.Time(of)
	case []byte:
		v.Bytes(of)
	case json.RawMessage:
		if of == nil {
			v.Null()
			return
		}
		v.Text(string(of))
	default:
		v.convert(value)
	}
}

// convert takes what database/sql can make one of its own types of.
func (v *Values) convert(value any) {
	plain, err := driver.DefaultParameterConverter.ConvertValue(value)
	if f, ok := plain.(float64); ok {
		if v.copying {
			v.text = strconv.AppendFloat(v.text, f, 'g', -1, 64)
		} else {
			v.arguments = append(v.arguments, f)
		}
		return
	}
	switch plain.(type) {
	case nil, string, int64, bool, time.Time, []byte:
	default: // driver.Value has no other
		err = fmt.Errorf("the driver makes of it a %T", plain)
	}
	if err != nil {
		if v.failed == nil {
			v.failed = fmt.Errorf("a value of type %T: %w", value, err)
		}
		plain = nil
	}
	v.Value(plain)
}

// next parts a value from the one before it.
func (v *Values) next() {
	if v.copying {
		v.text = append(v.text, '\t')
	}
}

// end ends a row.
func (v *Values) end() {
	if v.copying {
		v.text = append(v.text, '\n')
	}
}

// escapes are the letters that stand behind a backslash in COPY's text for the characters
// that end its cells and rows; 0 for a character that stands for itself.
var escapes = [256]byte{'\\': '\\', '\n': 'n', '\r': 'r', '\t': 't'}

func appendEscaped(to []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		if escape := escapes[s[i]]; escape != 0 {
			to = append(append(to, s[from:i]...), '\\', escape)
			from = i + 1
		}
	}
	return append(to, s[from:]...)
}

func appendID(to []byte, of uuid.UUID) []byte {
	const digits = "0123456789abcdef"
	var text [36]byte
	at := 0
	for i, b := range of {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = '-'
			at++
		}
		text[at], text[at+1] = digits[b>>4], digits[b&15]
		at += 2
	}
	return append(to, text[:]...)
}
