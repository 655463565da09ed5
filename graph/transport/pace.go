package transport

import (
	"errors"
	"io"
	"net/http"
	"time"

	"tenantry/internal/fault"
)

// pacedBody is a request body whose client must keep sending: each 16 KiB (or, where
// total is set, the whole) must come within the patience. Only time spent waiting for
// the client counts, so a resolver may take as long as it likes between two reads.
type pacedBody struct {
	src      io.ReadCloser
	control  *http.ResponseController
	patience time.Duration
	total    bool

	left     time.Duration // of the patience
	progress int           // bytes since it was last restored
	read     int64         // bytes in all
	allow    int64         // bytes that may be read in all; 0 for any number
	ended    bool          // io.EOF was seen
}

func newPacedBody(w http.ResponseWriter, r *http.Request, patience time.Duration) *pacedBody {
	return &pacedBody{src: r.Body, control: http.NewResponseController(w), patience: patience, left: patience}
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.allow > 0 {
		if b.read >= b.allow {
			return 0, fault.New(fault.LimitExceeded, "the form has too many parts besides its file, or its boundary is not the one in Content-Type")
		}
		p = p[:min(int64(len(p)), b.allow-b.read)]
	}
	started := time.Now()
	_ = b.control.SetReadDeadline(started.Add(b.left)) // not every ResponseWriter can
	n, err := b.src.Read(p)
	_ = b.control.SetReadDeadline(time.Time{}) // under HTTP/2 it would fire between two reads
	b.read += int64(n)
	b.left = max(b.left-time.Since(started), time.Millisecond)
	if b.progress += n; b.progress >= minProgress && !b.total {
		b.progress, b.left = 0, b.patience
	}
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

func (b *pacedBody) Close() error { return b.src.Close() }
