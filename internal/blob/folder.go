package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gocloud.dev/blob/fileblob"
)

// staleAfter is the age from which a temporary file belongs to nobody: its writer would
// have written since.
const staleAfter = 24 * time.Hour

// temporary is how fileblob names a file that is being written, after its key.
var temporary = regexp.MustCompile(`^(.+)\.[0-9a-f]+\.tmp$`)

// openDir prepares the folder. fileblob syncs nothing to the disk, so that is done here
// and in Commit.
func openDir(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("blob: open folder: %w", err)
	}
	for _, prefix := range []string{Uploads, Rejects} {
		if err := makeDir(filepath.Join(dir, prefix)); err != nil {
			return nil, fmt.Errorf("blob: open folder: %w", err)
		}
	}
	if err := checkWritable(dir); err != nil {
		return nil, err
	}
	if err := removeStale(dir, time.Now().Add(-staleAfter)); err != nil {
		return nil, fmt.Errorf("blob: clean folder: %w", err)
	}
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{
		DirFileMode: 0o700,
		NoTempDir:   true,                       // a rename must stay on one volume
		Metadata:    fileblob.MetadataDontWrite, // we have none
	})
	if err != nil {
		return nil, fmt.Errorf("blob: open folder: %w", err)
	}
	return &Store{bucket: bucket, dir: dir}, nil
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

// checkWritable makes and removes a file where blobs go.
func checkWritable(dir string) error {
	for _, prefix := range []string{Uploads, Rejects} {
		f, err := os.CreateTemp(filepath.Join(dir, prefix), "check.*.tmp")
		if err != nil {
			return fmt.Errorf("blob: the folder cannot be written to: %w", err)
		}
		if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
			return fmt.Errorf("blob: the folder cannot be written to: %w", err)
		}
	}
	return nil
}

// listDir is List for a folder. fileblob's own reads the folder again for each thousand
// files, and fails when one goes while it looks.
func listDir(ctx context.Context, dir, prefix string, visit func(string, time.Time, int64) error) error {
	for _, p := range []string{Rejects, Uploads} {
		entries, err := os.ReadDir(filepath.Join(dir, p))
		if err != nil {
			return fmt.Errorf("blob: list %q: %w", prefix, err)
		}
		for _, e := range entries {
			key := p + e.Name()
			if !strings.HasPrefix(key, prefix) || checkKey(key) != nil || !e.Type().IsRegular() {
				continue
			}
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("blob: list %q: %w", prefix, err)
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return fmt.Errorf("blob: list %q: %w", prefix, err)
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
func removeStale(dir string, limit time.Time) error {
	for _, prefix := range []string{Uploads, Rejects} {
		entries, err := os.ReadDir(filepath.Join(dir, prefix))
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
			if err := os.Remove(filepath.Join(dir, prefix, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
