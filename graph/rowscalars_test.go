package graph

import (
	"bytes"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"tenantry/graph/scalar"
)

// Scalars are written as gqlgen's marshalers write them.
func FuzzScalars(f *testing.F) {
	f.Add("\"\\\x00\x1f\x7f\t\r\n\xff\u2028é漢😀", []byte("0123456789abcdef"), int64(1_700_000_000_123_456_789))
	f.Add("", []byte{}, int64(-62135596800))
	f.Fuzz(func(t *testing.T, s string, raw []byte, at int64) {
		var u uuid.UUID
		copy(u[:], raw)
		when := time.Unix(at/1e9, at%1e9).In(time.FixedZone("", int(at%50_000)))
		for _, c := range []struct {
			name string
			v    any
			want string
		}{
			{"String", &s, written(graphql.MarshalString(s))},
			{"Cursor", &s, written(graphql.MarshalString(s))},
			{"ID", &u, strconv.Quote(u.String())},
			{"ID", &u, written(scalar.MarshalID(u))},
			{"Time", &when, strconv.Quote(when.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano))},
			{"Time", &when, written(scalar.MarshalTime(when))},
		} {
			if got := string(scalars[c.name].write([]byte("x"), reflect.ValueOf(c.v).Elem())); got != "x"+c.want {
				t.Errorf("%s %q is written as %s, want %s", c.name, c.v, got, c.want)
			}
		}
	})
}

func written(m graphql.Marshaler) string {
	var buf bytes.Buffer
	m.MarshalGQL(&buf)
	return buf.String()
}
