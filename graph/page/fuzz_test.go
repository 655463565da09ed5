package page

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

type fuzzed struct {
	name string
	n    int64
	at   time.Time
	id   uuid.UUID
}

var everyTerm = Order[fuzzed]{
	Terms: []Term{Text("name"), Int("n"), Time("at"), UUID("id")},
	Key:   func(f fuzzed) []any { return []any{f.name, f.n, f.at, f.id} },
}.inParts(2)

// A row's cursor leads back to the row's key, whatever the row holds.
func FuzzCursorOfARow(f *testing.F) {
	f.Add("zulu", int64(7), int64(1_700_000_000_000_001), []byte("0123456789abcdef"))
	f.Add("\",\\<\u2028\ufffd", int64(math.MinInt64), int64(-1), []byte{})
	f.Fuzz(func(t *testing.T, name string, n, micros int64, raw []byte) {
		row := fuzzed{name: name, n: n, at: time.UnixMicro(micros % (1 << 55)).UTC()}
		copy(row.id[:], raw)
		if !utf8.ValidString(name) || row.at.Year() < 1 || row.at.Year() > 9999 {
			t.Skip() // no column holds it
		}
		want, _ := json.Marshal([]string{"1", name, strconv.FormatInt(n, 10), row.at.Format(time.RFC3339Nano), row.id.String()})
		if got := everyTerm.encode(row, 1); got != base64.RawURLEncoding.EncodeToString(want) {
			t.Fatalf("%q is not the cursor of %s", got, want)
		}
		place, err := everyTerm.decode(everyTerm.encode(row, 1))
		key := place.key
		for _, c := range name {
			if c == 0 {
				if err == nil {
					t.Fatal("a NUL passes, which PostgreSQL does not take")
				}
				return
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if place.part != 1 {
			t.Fatalf("the part came back as %d", place.part)
		}
		if at, ok := key[2].(time.Time); !ok || !at.Equal(row.at) {
			t.Fatalf("the time came back as %v", key[2])
		}
		key[2] = row.at
		if want := everyTerm.Key(row); !reflect.DeepEqual(key, want) {
			t.Fatalf("%v came back as %v", want, key)
		}
	})
}

// A cursor is the client's to make up: it is refused, or gives a key that columns can hold.
func FuzzCursor(f *testing.F) {
	f.Add(everyTerm.encode(fuzzed{name: "zulu", at: time.Unix(0, 0).UTC()}, 0))
	for _, seed := range []string{"", "W10", "WyJhIl0", "bnVsbA", "WyIiLCIxIiwiMDAwMS0wMS0wMVQwMDowMDowMFoiLCIiLCIyIl0", "====", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		place, err := everyTerm.decode(cursor)
		if err != nil {
			return
		}
		key := place.key
		if len(key) != len(everyTerm.Terms) || place.part < 0 || place.part > 1 {
			t.Fatalf("%q: %d keys of part %d", cursor, len(key), place.part)
		}
		if name, ok := key[0].(string); !ok || !utf8.ValidString(name) {
			t.Fatalf("%q: the name is %q", cursor, key[0])
		}
		for i, want := range []any{"", int64(0), time.Time{}, uuid.UUID{}} {
			if reflect.TypeOf(key[i]) != reflect.TypeOf(want) {
				t.Fatalf("%q: key %d is a %T", cursor, i, key[i])
			}
		}
		if at, _ := key[2].(time.Time); at.Location() != time.UTC {
			t.Fatalf("%q: the time is %v, which SQLite would compare as text", cursor, at)
		}
	})
}
