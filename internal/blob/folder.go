package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// staleAfter is the age from which a temporary file belongs to nobody: its writer would
// have written since.
const staleAfter = 24 * time.Hour

// temporary is how a file that is being written is named, after its key.
var temporary = regexp.MustCompile(`^(.+)\.[0-9a-f]+\.tmp$`)

// folder keeps blobs as files, each under the path that its key is.
type folder struct{ dir string }

func folderScheme() scheme {
	return scheme{
		form: "file:///absolute/folder",
		is: func(u *url.URL) bool {
			return u.Scheme == "file" && u.Host == "" && filepath.IsAbs(filepath.FromSlash(u.Path)) && u.RawQuery == ""
		},
		open: func(u *url.URL) (backend, error) { return openFolder(filepath.FromSlash(u.Path)) },
	}
}

func openFolder(dir string) (folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return folder{}, fmt.Errorf("blob: open folder: %w", err)
	}
	f := folder{dir}
	for _, prefix := range []string{Uploads, Rejects} {
		if err := makeDir(f.path(prefix)); err != nil {
			return f, fmt.Errorf("blob: open folder: %w", err)
		}
	}
	if err := f.check(context.Background()); err != nil {
		return f, err
	}
	if err := f.removeStale(time.Now().Add(-staleAfter)); err != nil {
		return f, fmt.Errorf("blob: clean folder: %w", err)
	}
	return f, nil
}

func (folder) close() {}

func (f folder) path(key string) string { return filepath.Join(f.dir, filepath.FromSlash(key)) }

func (f folder) open(_ context.Context, key string, offset int64) (io.ReadCloser, error) {
	file, err := os.Open(f.path(key))
	if err != nil {
		return nil, gone(err)
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func (f folder) size(_ context.Context, key string) (int64, error) {
	info, err := os.Stat(f.path(key))
	if err != nil {
		return 0, gone(err)
	}
	return info.Size(), nil
}

func (f folder) remove(_ context.Context, key string) error {
	if err := os.Remove(f.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// gone makes a missing file errNotThere; a folder that is not mounted has none either.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errNotThere
	}
	return err
}

// draft is a file that is being written. It gets its key's name once its bytes have reached
// the disk; the names follow.
type draft struct {
	file *os.File
	path string // the blob's
}

func (f folder) create(_ context.Context, key string) (sink, error) {
	path := f.path(key)
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // for its owner alone
	if err != nil {
		return nil, err
	}
	return &draft{file, path}, nil
}

// Write is io.Writer's.
func (d *draft) Write(p []byte) (int, error) { return d.file.Write(p) }

func (d *draft) commit() error {
	err := d.file.Sync()
	if err = errors.Join(err, d.file.Close()); err == nil {
		err = os.Rename(d.file.Name(), d.path)
	}
	if err != nil {
		_ = os.Remove(d.file.Name())
		return err
	}
	return syncDir(filepath.Dir(d.path))
}

func (d *draft) abort() {
	_ = d.file.Close()
	_ = os.Remove(d.file.Name())
}

// makeDir makes a folder and those above it that are missing, for the owner alone, and
// brings their names to the disk. Folders that are there stay as they are.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("%s is no folder", dir)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// syncDir brings the names in a folder to the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

// check makes and removes a file where blobs go.
func (f folder) check(context.Context) error {
	for _, prefix := range []string{Uploads, Rejects} {
		file, err := os.CreateTemp(f.path(prefix), "check.*.tmp")
		if err != nil {
			return fmt.Errorf("blob: the folder cannot be written to: %w", err)
		}
		if err := errors.Join(file.Close(), os.Remove(file.Name())); err != nil {
			return fmt.Errorf("blob: the folder cannot be written to: %w", err)
		}
	}
	return nil
}

// list passes over files that go while it looks.
func (f folder) list(ctx context.Context, prefix string, visit func(string, time.Time, int64) error) error {
	for _, p := range []string{Rejects, Uploads} {
		entries, err := os.ReadDir(f.path(p))
		if err != nil {
			return err
		}
		for _, e := range entries {
			key := p + e.Name()
			if !strings.HasPrefix(key, prefix) || !e.Type().IsRegular() {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			if err := visit(key, info.ModTime(), info.Size()); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeStale takes away temporary files that were last written to before the limit.
// Only names that we give are touched.
func (f folder) removeStale(limit time.Time) error {
	for _, prefix := range []string{Uploads, Rejects} {
		entries, err := os.ReadDir(f.path(prefix))
		if err != nil {
			return err
		}
		for _, e := range entries {
			m := temporary.FindStringSubmatch(e.Name())
			if m == nil || (m[1] != "check" && !keyPattern.MatchString(prefix+m[1])) {
				continue
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) { // its writer has just ended
				continue
			}
			if err != nil {
				return err
			}
			if !info.Mode().IsRegular() || info.ModTime().After(limit) {
				continue
			}
			if err := os.Remove(f.path(prefix + e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
