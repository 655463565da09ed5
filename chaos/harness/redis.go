package harness

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Redis is a redis-server of one case's own, behind a Unix socket, which keeps nothing.
type Redis struct {
	dir    string
	proc   *Process
	Client *redis.Client
}

// NewRedis starts one in the folder, which must not be there yet.
func NewRedis(ctx context.Context, dir string) (*Redis, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	r := &Redis{dir: dir}
	r.Client = redis.NewClient(&redis.Options{
		Network: "unix", Addr: r.Socket(), MaxRetries: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	return r, r.Start(ctx)
}

// Socket is the path of its Unix socket.
func (r *Redis) Socket() string { return filepath.Join(r.dir, "s") }

// URL is where it is.
func (r *Redis) URL() string { return "unix://" + r.Socket() }

// Start starts it, empty, and waits until it answers.
func (r *Redis) Start(ctx context.Context) error {
	program, err := Program("redis-server")
	if err != nil {
		return err
	}
	r.proc, err = Start(Command{
		Name: "redis", Path: program, Dir: r.dir, Log: r.dir + ".log", Env: []string{"LC_ALL=C"},
		Args: []string{"--port", "0", "--unixsocket", r.Socket(), "--unixsocketperm", "700", "--save", "",
			"--appendonly", "no", "--dir", r.dir, "--loglevel", "warning"},
	})
	if err != nil {
		return err
	}
	return Until(ctx, 10*time.Second, "Redis's first answer", func() bool { return r.Client.Ping(ctx).Err() == nil })
}

// PID is the process's id.
func (r *Redis) PID() int { return r.proc.PID() }

// Kill ends it with all that it held.
func (r *Redis) Kill() {
	r.proc.Kill()
	_ = os.Remove(r.Socket())
}

// Pause stops it without ending its connections, as a machine does that hangs.
func (r *Redis) Pause() { r.proc.Signal(syscall.SIGSTOP) }

// Resume lets it go on.
func (r *Redis) Resume() { r.proc.Signal(syscall.SIGCONT) }

// Stop ends it for good.
func (r *Redis) Stop() {
	_ = r.Client.Close()
	if r.proc != nil {
		r.Kill()
	}
}
