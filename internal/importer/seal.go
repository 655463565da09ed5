package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"tenantry/internal/blob"
	"tenantry/internal/csvfile"
)

// A file with secrets is encrypted at rest (rule U2) to a key that stands nowhere but in
// the import's row, and goes from there with its end: then the file, should it be left over
// for a while, is noise. age encrypts in chunks of 64 KiB, so that reading begins anywhere.

// newSecret makes a key for one file.
func newSecret() (string, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("making a file's key: %w", err)
	}
	return identity.String(), nil
}

// sealed encrypts what is written to it; Close writes the last chunk and leaves w open.
func sealed(w io.Writer, secret string) (io.WriteCloser, error) {
	identity, err := age.ParseX25519Identity(secret)
	if err != nil {
		return nil, errors.New("the file's key cannot be read") // the cause may quote it
	}
	return age.Encrypt(w, identity.Recipient())
}

// openUpload reads an import's file from a position of what was uploaded.
func (e *Engine) openUpload(ctx context.Context, c *claim, offset int64) (io.ReadCloser, error) {
	if c.secret == nil {
		return e.blobs.OpenAt(ctx, c.uploadKey, offset)
	}
	identity, err := age.ParseX25519Identity(*c.secret)
	if err != nil {
		return nil, errors.New("the file's key cannot be read") // the cause may quote it
	}
	size, err := e.blobs.Size(ctx, c.uploadKey)
	if err != nil {
		return nil, err
	}
	stored := &blobAt{ctx: ctx, blobs: e.blobs, key: c.uploadKey}
	plain, length, err := age.DecryptReaderAt(stored, size, identity)
	if err != nil {
		return nil, errors.Join(unreadable("decrypting the upload", cmp.Or(stored.failed, err)), stored.Close())
	}
	return unsealed{io.NewSectionReader(plain, offset, length-offset), stored}, nil
}

// unreadable says what of an import's file cannot be read. That the store is away, or has
// no such file, can be matched; what is wrong with the file's content cannot, lest one that
// ends early (io.EOF) pass for a connection that broke.
func unreadable(doing string, err error) error {
	_, problem := errors.AsType[*csvfile.Problem](err)
	if problem || errors.Is(err, blob.ErrUnavailable) || errors.Is(err, blob.ErrNotFound) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %v", doing, err) //nolint:errorlint // see above
}

type unsealed struct {
	io.Reader
	io.Closer
}

// blobAt reads a blob at any position. Reading on where the last read ended, as it is
// nearly always, goes on with the same stream. It serves one goroutine.
type blobAt struct {
	ctx   context.Context
	blobs *blob.Store
	key   string
	open  io.ReadCloser
	at    int64

	failed error // what the store said last that was no answer; age does not always pass it on
}

// ReadAt is io.ReaderAt's.
func (b *blobAt) ReadAt(p []byte, offset int64) (int, error) {
	if b.open == nil || b.at != offset {
		if err := b.Close(); err != nil {
			return 0, err
		}
		opened, err := b.blobs.OpenAt(b.ctx, b.key, offset)
		if err != nil {
			b.failed = err
			return 0, err
		}
		b.open, b.at = opened, offset
	}
	n, err := io.ReadFull(b.open, p)
	b.at += int64(n)
	if errors.Is(err, blob.ErrUnavailable) {
		b.failed = err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// Close closes the stream that is open, if there is one.
func (b *blobAt) Close() error {
	if b.open == nil {
		return nil
	}
	open := b.open
	b.open = nil
	return open.Close()
}

// shred deletes the file of an import that has ended, and whose key is gone already. If
// that fails the clean-up does it.
func (e *Engine) shred(ctx context.Context, key string) {
	if key == "" {
		return
	}
	if err := e.blobs.Delete(context.WithoutCancel(ctx), key); err != nil {
		e.log.WarnContext(ctx, "an encrypted upload whose key is gone stays until the clean-up", "key", key, "error", err)
	}
}
