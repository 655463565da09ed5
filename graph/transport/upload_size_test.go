package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenantry/graph/transport"
)

// sized is an upload of so many bytes, made as it is sent.
func sized(operationsField part, size int64) (contentType string, body io.Reader, length int64) {
	contentType, text := form(operationsField, places(`{"0":["variables.file"]}`), part{"0", "big.csv", "@"})
	before, after, _ := strings.Cut(text, "@")
	return contentType, io.MultiReader(strings.NewReader(before), io.LimitReader(lines{}, size), strings.NewReader(after)),
		int64(len(before)+len(after)) + size
}

// heapPeak samples the heap until it is told to stop, and gives its growth in bytes.
func heapPeak() (stop func() int64) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	runtime.GC()
	start := heap()
	ctx, cancel := context.WithCancel(context.Background())
	peak := make(chan int64)
	go func() {
		most := start
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, heap())
			case <-ctx.Done():
				peak <- max(most, heap())
				return
			}
		}
	}()
	return func() int64 { cancel(); return <-peak - start }
}

func TestLargeUploadsTakeNoMemory(t *testing.T) {
	const size = 200 << 20
	r := serve(t, transport.Config{})
	for _, known := range []bool{true, false} {
		t.Run(fmt.Sprintf("length known %v", known), func(t *testing.T) {
			contentType, body, length := sized(part{name: "operations", content: uploadDocument}, size)
			req := r.request("POST", "/", contentType, "", body)
			if known {
				req.ContentLength = length
			}
			stop := heapPeak()
			a := r.do(req)
			grown := stop()
			if a.status != 200 || string(a.body.Data) != fmt.Sprintf(`{"upload":%d}`, size) {
				t.Fatalf("got %d %s, want %d bytes", a.status, a.text, size)
			}
			if grown > 32<<20 {
				t.Errorf("the heap grew by %d MB", grown>>20)
			}
			receive(t, r.uploaded, "the upload")
		})
	}
}

func wantTooLarge(t *testing.T, a answer, limit float64) {
	t.Helper()
	if a.status != 413 || a.code() != "INVALID_FILE" {
		t.Fatalf("got %d %s, want 413 INVALID_FILE", a.status, a.text)
	}
	if e := a.body.Errors[0].Extensions; e["reason"] != "TOO_LARGE" || e["limit"] != limit {
		t.Errorf("extensions are %v, want reason TOO_LARGE and limit %v", e, limit)
	}
}

func TestUploadOverTheLimit(t *testing.T) {
	const limit = 1 << 20
	var read atomic.Int64
	r := serve(t, transport.Config{MaxUpload: limit}, counting(&read))
	send := func(document string, size int64, known bool) answer {
		contentType, body, length := sized(operations(document, `{"file":null}`), size)
		req := r.request("POST", "/", contentType, responseJSON, body)
		if known {
			req.ContentLength = length
		}
		return r.do(req)
	}
	const honest, sloppy = "mutation($file: Upload!) { upload(file: $file) }", "mutation($file: Upload!) { swallow(file: $file) }"

	t.Run("by its length, unread", func(t *testing.T) {
		wantTooLarge(t, send(honest, 3<<20, true), limit)
		if read.Load() != 0 {
			t.Errorf("%d bytes were read", read.Load())
		}
	})
	t.Run("by its bytes", func(t *testing.T) {
		for _, size := range []int64{limit + 1, 50 << 20} {
			read.Store(0)
			wantTooLarge(t, send(honest, size, false), limit)
			file := receive(t, r.uploaded, "the upload").File
			if _, err := file.Read(make([]byte, 1)); err == nil {
				t.Error("the file could be read on")
			}
			if most := int64(limit + 200<<10); read.Load() > most {
				t.Errorf("%d bytes were read of %d", read.Load(), size)
			}
		}
	})
	t.Run("within the overhead that its length may have", func(t *testing.T) {
		wantTooLarge(t, send(honest, limit+1, true), limit)
		receive(t, r.uploaded, "the upload")
	})
	t.Run("though the resolver lost the reason", func(t *testing.T) {
		wantTooLarge(t, send(sloppy, limit+1, false), limit)
		receive(t, r.uploaded, "the upload")
	})
	t.Run("just not", func(t *testing.T) {
		for _, known := range []bool{true, false} {
			if a := send(honest, limit, known); a.status != 200 {
				t.Errorf("got %d %s", a.status, a.text)
			}
			receive(t, r.uploaded, "the upload")
		}
	})
}

func TestTooLargeIsAMaxBytesError(t *testing.T) {
	tooLarge, ok := errors.AsType[*http.MaxBytesError](transport.TooLarge(10))
	if !ok || tooLarge.Limit != 10 {
		t.Errorf("%v is no *http.MaxBytesError of 10", transport.TooLarge(10))
	}
}

// The answer to who did not want the file does not wait for the rest of it.
func TestUnreadUploadIsNotDrained(t *testing.T) {
	var read atomic.Int64
	r := serve(t, transport.Config{}, counting(&read))
	for _, known := range []bool{true, false} {
		read.Store(0)
		contentType, body, length := sized(operations("mutation($file: Upload!) { ignore(file: $file) }", `{"file":null}`), 100<<20)
		req := r.request("POST", "/", contentType, "", body)
		if known {
			req.ContentLength = length
		}
		if a := r.do(req); a.status != 200 || !a.closed {
			t.Errorf("got %d %s, closed %v, want 200 and closed", a.status, a.text, a.closed)
		}
		if read.Load() > 1<<20 {
			t.Errorf("%d bytes were read", read.Load())
		}
		receive(t, r.uploaded, "the upload")
	}
	// A small rest keeps the connection.
	a := r.upload(operations("mutation($file: Upload!) { ignore(file: $file) }", `{"file":null}`), places(`{"0":["variables.file"]}`), theFile)
	if a.status != 200 || a.closed {
		t.Errorf("small: got %d, closed %v", a.status, a.closed)
	}
	receive(t, r.uploaded, "the upload")
}

func TestTruncatedUploads(t *testing.T) {
	r := serve(t, transport.Config{})
	contentType, body := form(part{name: "operations", content: uploadDocument}, places(`{"0":["variables.file"]}`), theFile)
	for cut := 1; cut < len(body)-2; cut += 7 { // without the last line end it is whole
		a := r.do(r.request("POST", "/", contentType, "", strings.NewReader(body[:cut])))
		if a.status != 400 || a.code() != "BAD_REQUEST" {
			t.Errorf("cut at %d of %d: got %d %s, want 400", cut, len(body), a.status, a.text)
		}
		select {
		case <-r.uploaded:
		default:
		}
	}
}
