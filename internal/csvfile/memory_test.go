package csvfile

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

// repeating gives head once, then body over and over, up to so many bytes.
type repeating struct {
	head, body string
	left       int
	at         int
}

func (r *repeating) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(len(p), r.left)]
	n := copy(p, r.head)
	r.head = r.head[n:]
	for n < len(p) {
		c := copy(p[n:], r.body[r.at:])
		n, r.at = n+c, (r.at+c)%len(r.body)
	}
	r.left -= n
	return n, nil
}

func TestMemoryDoesNotGrow(t *testing.T) {
	const some, much = 8 << 20, 32 << 20 // much, where that takes little time
	body := func(s string) string { return strings.Repeat(s, 4<<10) }
	keep := func(*Record) error { return nil }
	models() // made once in a process, whatever the file
	var every strings.Builder
	for i := range 1 << 16 {
		every.Write([]byte{byte(i>>9) | 0x80, byte(i>>2) | 0x80, byte(i) | 0x40, ','})
	}
	for _, c := range []struct {
		name       string
		size       int
		head, body string
		record     func(*Record) error
		reason     Reason
		limit      uint64 // MiB of heap
	}{
		{"an open quote", some, "email\na\n\"", body("ab,\n"), nil, Malformed, 2},
		{"an open quote, with records", some, "email\na\n\"", body("ab,\n"), keep, Malformed, 2},
		{"an open quote in the header", much, "\"email", body("ab,\n"), nil, Malformed, 3},
		{"separators", some, "email,n\na", body(","), nil, "", 2},
		{"separators, with records", some, "email,n\na", body(","), keep, "", 2},
		{"separators in the header", some, "", body(","), nil, Malformed, 3},
		{"a cell", much, "email,n\na", body("b"), nil, "", 2},
		{"a cell, with records", much, "email,n\na", body("b"), keep, "", 2},
		{"a cell of UTF-16, with records", some, "\xFF\xFEa\x00\n\x00", body("\x20\x20"), keep, "", 2},
		{"a cell of windows-1252, with records", some, "email,n\na", body("Ren\xE9 M\xFCller Andr\xE9 J\xF6rg "), keep, "", 3},
		{"rows of windows-1251", much, "email,n\n", body("a@b.example,\xC8\xE2\xE0\xED \xCF\xE5\xF2\xF0\xEE\xE2\n"), nil, "", 2},
		{"a cell of Shift_JIS, with records", some, "email,n\na", body("\x91\xBE\x98Y \x8ER\x93c "), keep, "", 3},
		{"bytes that are in no encoding", much, "email,n\n", every.String(), nil, UnsupportedEncoding, 4},
		{"UTF-8", much, "email,n\nä,bcde\n", body("äb,cde\n"), nil, "", 2},
		{"a row of long cells, with records", much, "email,n\na", strings.Repeat("b", 40<<10) + ",", keep, "", 24},
		{"blank lines above the header", some, "", body(" \r\n"), nil, Empty, 2},
		{"blank rows", some, "email,n\na", body(" ,\n"), keep, "", 2},
		{"rows", some, "email,n\n", body("a,b\n"), nil, "", 2},
	} {
		t.Run("J1 "+c.name, func(t *testing.T) {
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			grown := uint64(0)
			r := &repeating{head: c.head, body: c.body, left: c.size}
			_, err := Inspect(watched{r, func() {
				runtime.ReadMemStats(&now)
				if now.HeapAlloc > before.HeapAlloc && now.HeapAlloc-before.HeapAlloc > grown {
					// What is garbage does not count.
					runtime.GC()
					runtime.ReadMemStats(&now)
					grown = max(grown, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
				}
			}, new(int)}, Options{Record: c.record})
			var p *Problem
			if errors.As(err, &p) != (c.reason != "") || p != nil && p.Reason != c.reason || p == nil && err != nil {
				t.Errorf("got %v", err)
			}
			if grown > c.limit<<20 {
				t.Errorf("the heap grew by %d KiB", grown>>10)
			}
		})
	}
}

// watched calls look now and then between reads.
type watched struct {
	r     io.Reader
	look  func()
	reads *int
}

func (w watched) Read(p []byte) (int, error) {
	if *w.reads++; *w.reads%16 == 0 {
		w.look()
	}
	return w.r.Read(p)
}
