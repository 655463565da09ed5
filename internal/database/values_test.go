package database

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// FuzzCopyText holds what COPY is sent against the format's description in PostgreSQL's manual: a
// backslash before itself and before the letter of what would end a cell or a row.
func FuzzCopyText(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\tb\\N\r\n", `\.`, "日本\\", strings.Repeat("x\\", 40)} {
		f.Add(seed, int64(0), []byte("0123456789abcdef"))
	}
	f.Add("x", int64(1_772_600_767_120_000_999), []byte("\x01"))
	described := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	f.Fuzz(func(t *testing.T, text string, nanoseconds int64, bytes []byte) {
		var of uuid.UUID
		copy(of[:], bytes)
		at := time.Unix(0, nanoseconds)
		v := Values{copying: true}
		for _, c := range []struct {
			put  func()
			want string
		}{
			{func() { v.Text(text) }, described.Replace(text)},
			{func() { v.Optional(&text) }, described.Replace(text)},
			{func() { v.ID(of) }, of.String()},
			{func() { v.Time(at) }, at.UTC().Truncate(time.Microsecond).Format("2006-01-02 15:04:05.999999+00")},
			{func() { v.Time(at) }, at.UTC().Truncate(time.Microsecond).Format("2006-01-02 15:04:05.999999+00")},
			{func() { v.Time(time.Time{}) }, "0001-01-01 00:00:00+00"},
		} {
			v.text = v.text[:0]
			if c.put(); string(v.text) != c.want {
				t.Errorf("%q, want %q", v.text, c.want)
			}
		}
	})
}

// What is put by its type is what Value makes of it, in both forms.
func TestValuesAreTheSameByTypeAndByValue(t *testing.T) {
	text, at, of := "a\t\\", time.Date(2026, 3, 4, 5, 6, 7, 120_000_999, time.FixedZone("", 3600)), uuid.New()
	for _, c := range []struct {
		put   func(*Values)
		value any
	}{
		{func(v *Values) { v.Null() }, nil},
		{func(v *Values) { v.Text(text) }, text},
		{func(v *Values) { v.Text("") }, ""},
		{func(v *Values) { v.TextOrNull(text) }, &text},
		{func(v *Values) { v.TextOrNull("") }, (*string)(nil)},
		{func(v *Values) { v.Optional(nil) }, (*string)(nil)},
		{func(v *Values) { v.Optional(&text) }, text},
		{func(v *Values) { v.ID(of) }, of},
		{func(v *Values) { v.ID(of) }, &of},
		{func(v *Values) { v.Bool(true) }, true},
		{func(v *Values) { v.Bool(false) }, false},
		{func(v *Values) { v.Int(-7) }, int8(-7)},
		{func(v *Values) { v.Time(at) }, at},
		{func(v *Values) { v.Time(at) }, &at},
		{func(v *Values) { v.Bytes([]byte(text)) }, []byte(text)},
		{func(v *Values) { v.Bytes(nil) }, []byte(nil)},
	} {
		for _, copying := range []bool{true, false} {
			typed, plain := Values{copying: copying}, Values{copying: copying}
			c.put(&typed)
			plain.Value(c.value)
			if string(typed.text) != string(plain.text) || len(typed.arguments) != len(plain.arguments) || plain.failed != nil {
				t.Errorf("%v: %q and %q, %v and %v, %v", c.value, typed.text, plain.text, typed.arguments, plain.arguments, plain.failed)
			}
			if got, ok := plain.last(); ok && !same(got, typed.arguments[0]) {
				t.Errorf("%v: %v and %v", c.value, typed.arguments[0], got)
			}
		}
	}
}

func (v *Values) last() (any, bool) {
	if len(v.arguments) == 0 {
		return nil, false
	}
	return v.arguments[len(v.arguments)-1], true
}

func same(a, b any) bool {
	if bytes, ok := a.([]byte); ok {
		return string(bytes) == string(b.([]byte))
	}
	return a == b
}
