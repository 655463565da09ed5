package transport

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"sync/atomic"

	"tenantry/internal/fault"
)

// file is the upload as the resolver reads it, straight off the wire. It ends with
// io.EOF only where the form ends properly behind it: a second file, a torn connection
// or a file over the limit is an error of Read, so a resolver that reads to the end and
// then acts has not acted on half a file.
type file struct {
	part  *multipart.Part
	form  *form
	limit int64
	pos   int64
	err   error       // what every further Read returns
	over  atomic.Bool // the request has been answered
}

func (f *file) Read(p []byte) (int, error) {
	if f.over.Load() {
		return 0, errors.New("the upload's request is over: read the file before the resolver returns")
	}
	if f.err != nil || len(p) == 0 {
		return 0, f.err
	}
	n, err := f.part.Read(p[:min(int64(len(p)), f.limit-f.pos+1)])
	if f.pos+int64(n) > f.limit {
		n, err = int(f.limit-f.pos), tooLarge(f.limit)
	} else if errors.Is(err, io.EOF) {
		err = f.end()
	} else if err != nil {
		err = bodyRefusal(err)
	}
	f.pos += int64(n)
	f.err = err
	return n, err
}

// end looks behind the file.
func (f *file) end() error {
	f.form.body.allow = f.form.body.read + formOverhead
	_, err := f.form.parts.NextRawPart()
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return bodyRefusal(err)
	}
	return fault.New(fault.BadRequest, "the form has data after its file: it must have exactly one file, as its last part")
}

// Seek tells the position, and moves nowhere: nothing of the file is kept.
func (f *file) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart && offset == f.pos || whence == io.SeekCurrent && offset == 0 {
		return f.pos, nil
	}
	return f.pos, errors.New("an upload is read as it arrives and cannot be sought")
}

// failure is what went wrong in reading, nil where nothing did.
func (f *file) failure() error {
	if f.err == nil || errors.Is(f.err, io.EOF) {
		return nil
	}
	return f.err
}

// tooLarge is a *http.MaxBytesError to the program and INVALID_FILE to the client.
func tooLarge(limit int64) error {
	return refusal{http.StatusRequestEntityTooLarge,
		fault.New(fault.InvalidFile, "the file has more than %d bytes", limit).
			With("reason", "TOO_LARGE").With("limit", limit).
			Because(&http.MaxBytesError{Limit: limit})}
}
