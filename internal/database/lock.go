package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ErrInUse is wrapped by the error of [Open] when another process holds SQLite's data
// directory.
var ErrInUse = errors.New("the data directory is in use")

const processLockFile = "tenantry.lock"

// processLock is held as long as the database is open. The system frees it when the
// process ends, however it ends; the file stays, since removing it would let two
// processes hold a lock each.
type processLock struct{ file *flock.Flock }

func lockDir(dir string) (*processLock, error) {
	path := filepath.Join(dir, processLockFile)
	f := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	got, err := f.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	if !got {
		return nil, fmt.Errorf("%w: %s belongs to %s; stop that one, choose another directory, or use PostgreSQL to run several",
			ErrInUse, dir, holder(path))
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("writing the process id into %s: %w", path, err)
	}
	return &processLock{file: f}, nil
}

func (l *processLock) release() {
	_ = os.Truncate(l.file.Path(), 0)
	_ = l.file.Close()
}

// holder names the process that wrote its id into the lock file.
func holder(path string) string {
	b, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(b)); err == nil && pid != "" {
		return "process " + pid
	}
	return "another process"
}

// waitForLock waits until no other process holds the lock of that path, or until the
// context ends.
func waitForLock(ctx context.Context, path string) (release func(), err error) {
	f := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	got, err := f.TryLockContext(ctx, 20*time.Millisecond)
	if err != nil || !got {
		return nil, fmt.Errorf("waiting for %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}
