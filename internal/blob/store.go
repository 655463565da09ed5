// Package blob stores uploaded files and reports, in a folder or in a bucket. Callers do not
// know which of the two it is.
//
// A key has either everything that was committed or nothing. Data that was not committed,
// because of Abort, an ended context, a full disk or a crash, is never visible under its key.
// Committed data survives a power failure. An import can therefore be accepted after the
// Commit of its file without another check.
//
// Files are read and written as streams. Memory does not grow with their size (J1): a folder
// needs none, a bucket three parts of 8 MiB per writer.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The prefixes of keys, each a folder's name with its slash.
const (
	Uploads = "uploads/" // files as they came: uploads/<uuid>
	Rejects = "rejects/" // failed rows: rejects/<uuid>.csv
)

var (
	// ErrNotFound says that there is nothing under the key.
	ErrNotFound = errors.New("blob: not found")

	// ErrUnavailable says that the store could not be asked, or did not do what it was asked
	// for, though nothing is wrong with the key: it is away, full, or refuses who asks. The
	// same may succeed later.
	ErrUnavailable = errors.New("blob: the store is not available")

	// ErrInvalidKey says that a key is none of ours; nothing was touched.
	ErrInvalidKey = errors.New("blob: invalid key: want uploads/<uuid> or rejects/<uuid>.csv, with the uuid in lower case")
)

const uuid = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

var keyPattern = regexp.MustCompile(`^(uploads/` + uuid + `|rejects/` + uuid + `\.csv)$`)

// Options say where blobs are kept.
type Options struct {
	// URL is file:///absolute/folder, or s3://bucket with any of these parameters: region
	// (else AWS_REGION, else it is asked for), endpoint (http[s]://host[:port] of another S3
	// server than Amazon's), use_path_style=true (the bucket's name in the path, not in the
	// host's name), anonymous=true (no credentials). Credentials come from AWS's usual places:
	// the environment, ~/.aws/credentials, the instance's or container's role.
	//
	// A bucket should have a rule that ends incomplete multipart uploads after a day or
	// so, since a process that dies leaves its parts behind. Empty: files in Dir.
	URL string

	// Dir is the folder when URL is empty. It is made, for its owner alone, if it is not
	// there.
	Dir string
}

// Store is one folder or bucket.
type Store struct{ backend }

// backend is what a kind of store has to do. Keys are checked before. What is not there is
// errNotThere; other errors are the store's, and say what went wrong without the key.
type backend interface {
	check(ctx context.Context) error
	create(ctx context.Context, key string) (sink, error)
	open(ctx context.Context, key string, offset int64) (io.ReadCloser, error) // offset is within the blob
	size(ctx context.Context, key string) (int64, error)
	remove(ctx context.Context, key string) error // no error where there is nothing
	list(ctx context.Context, prefix string, visit func(key string, modTime time.Time, size int64) error) error
	close()
}

// sink takes the bytes of one blob. Exactly one of commit and abort is called, once, after
// the last Write.
type sink interface {
	io.Writer
	commit() error
	abort()
}

var errNotThere = errors.New("there is nothing under the key")

// scheme is a kind of URL under which blobs can be kept.
type scheme struct {
	form    string // what such a URL looks like
	options string // what may be added to it; may be empty
	is      func(u *url.URL) bool
	open    func(u *url.URL) (backend, error)
}

func schemes() []scheme { return []scheme{folderScheme(), bucketScheme()} }

// Forms are what URLs look like where blobs can be kept, for messages; with options, for docs.
func Forms(options bool) string {
	var forms []string
	for _, s := range schemes() {
		form := s.form
		if options && s.options != "" {
			form += " (and " + s.options + ")"
		}
		forms = append(forms, form)
	}
	return strings.Join(forms, " or ")
}

// AcceptsURL reports whether the URL has one of the forms.
func AcceptsURL(u *url.URL) bool {
	return slices.ContainsFunc(schemes(), func(s scheme) bool { return s.is(u) })
}

// Open gives the store. A folder is made where it is missing, must be writable, and
// loses the temporary files, older than a day, of processes that died. A bucket is not
// asked for anything yet: see Check.
func Open(o Options) (*Store, error) {
	if o.URL == "" {
		if o.Dir == "" {
			return nil, errors.New("blob: neither a URL nor a folder is given: want one of them")
		}
		f, err := openFolder(o.Dir)
		if err != nil {
			return nil, err
		}
		return &Store{f}, nil
	}
	u, err := url.Parse(o.URL)
	if err != nil { // its words may quote credentials
		return nil, errors.New("blob: the URL cannot be read: want " + Forms(false))
	}
	for _, s := range schemes() {
		if s.is(u) {
			b, err := s.open(u)
			if err != nil {
				return nil, err
			}
			return &Store{b}, nil
		}
	}
	return nil, fmt.Errorf("blob: cannot keep blobs in %s: want %s", u.Redacted(), Forms(false))
}

// Check asks whether the store is there and can be used, for probes.
func (s *Store) Check(ctx context.Context) error { return s.check(ctx) }

// Close gives back what Open took; it never fails. Close readers and writers first.
func (s *Store) Close() error {
	s.close()
	return nil
}

// Size is how many bytes there are under the key; ErrNotFound where there is nothing.
func (s *Store) Size(ctx context.Context, key string) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	n, err := s.size(ctx, key)
	if err != nil {
		return 0, failed("size of", key, err)
	}
	return n, nil
}

// OpenAt reads what is under the key from a position, in bytes, to the end; at the very
// end there is nothing to read. ErrNotFound where there is nothing under the key; a
// position that is negative or beyond the end is an error too. ctx must outlive the
// reading. Close the reader.
func (s *Store) OpenAt(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, fmt.Errorf("blob: open %s at %d: want a position from 0", key, offset)
	}
	if offset > 0 {
		// A bucket refuses to read from the end on, a folder reads on beyond it.
		size, err := s.Size(ctx, key)
		if err != nil {
			return nil, err
		}
		if offset == size {
			return io.NopCloser(strings.NewReader("")), nil
		}
		if offset > size {
			return nil, fmt.Errorf("blob: open %s at %d: it has %d bytes", key, offset, size)
		}
	}
	r, err := s.open(ctx, key, offset)
	if err != nil {
		return nil, failed("open", key, err)
	}
	return &reader{key: key, r: r}, nil
}

// reader makes what breaks a stream an error of the store.
type reader struct {
	key string
	r   io.ReadCloser
}

// Read is io.Reader's.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // as io.Reader has it
		err = failed("read", r.key, err)
	}
	return n, err
}

// Close is io.Closer's.
func (r *reader) Close() error { return r.r.Close() }

// Delete takes away what is under the key. It is no error if there is nothing.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := s.remove(ctx, key); err != nil {
		return failed("delete", key, err)
	}
	return nil
}

// List calls visit for each blob whose key begins with the prefix, such as Uploads, in
// the order of the keys, until it gives an error, which List passes on as it is. Visit
// may delete the blob. What is in the folder or bucket under no key of ours is passed
// over. modTime is when it was committed, roughly: a folder takes the last write.
func (s *Store) List(ctx context.Context, prefix string, visit func(key string, modTime time.Time, size int64) error) error {
	var theirs error
	err := s.list(ctx, prefix, func(key string, modTime time.Time, size int64) error {
		if checkKey(key) == nil {
			theirs = visit(key, modTime, size)
		}
		return theirs
	})
	if err != nil && theirs == nil {
		return failed("list", prefix, err)
	}
	return err
}

func checkKey(key string) error {
	if !keyPattern.MatchString(key) {
		return fmt.Errorf("%w: got %q", ErrInvalidKey, key)
	}
	return nil
}

// failed says what was tried with which key: a missing blob is ErrNotFound, and what is not
// the caller's own end ErrUnavailable.
func failed(what, key string, err error) error {
	switch {
	case errors.Is(err, errNotThere):
		return fmt.Errorf("blob: %s %s: %w", what, key, ErrNotFound)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("blob: %s %s: %w", what, key, err)
	}
	return fmt.Errorf("%w: %s %s: %w", ErrUnavailable, what, key, err)
}
