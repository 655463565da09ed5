package graph

import (
	"reflect"
	"strings"
	"testing"
)

// Nobody makes the server hold many times what it answers by a list whose first entry is long.
func TestALongFirstEntryMakesRoomForNoMore(t *testing.T) {
	list := make([]string, 100)
	list[0] = strings.Repeat("x", 8<<20)
	text := &shape{scalar: func(dst []byte, v reflect.Value) []byte { return append(dst, v.String()...) }}
	x := rendering{}
	out, null := x.value(nil, &shape{elem: text}, reflect.ValueOf(list))
	if null || len(out) < 8<<20 {
		t.Fatalf("%d bytes, null: %v", len(out), null)
	}
	if cap(out) > 3*len(out) {
		t.Errorf("%d bytes take %d", len(out), cap(out))
	}
}
