package testenv

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const (
	redisStart = 5 * time.Second
	// A Unix socket's path may have 107 bytes on Linux and 103 elsewhere.
	socketPath = 100
)

// Redis gives the URL of an empty Redis that is the test's alone and ends with it:
// redis-server on a Unix socket (unix:///…) if that program is there, else one inside the
// process (redis://127.0.0.1:…), whose keys expire only when a test tells it to.
func Redis(t testing.TB) (url string) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err == nil || os.Getenv("REQUIRE_SERVICES") == "1" {
		return RedisServer(t).URL()
	}
	return "redis://" + miniredis.RunT(t).Addr()
}

// Server is a redis-server of one test, for tests of what happens when it fails.
type Server struct {
	t      testing.TB
	socket string
	cmd    *exec.Cmd // nil when it is not running
}

// RedisServer starts an empty redis-server that ends with the test. Without that program
// the test is skipped.
func RedisServer(t testing.TB) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		missing(t, "redis-server", "install the package redis-server", err)
	}
	s := &Server{t: t, socket: filepath.Join(shortDir(t), "s")}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.Kill()
		}
	})
	s.start()
	return s
}

// shortDir is a temporary folder with a path that leaves room for a socket's name.
func shortDir(t testing.TB) string {
	t.Helper()
	parent := os.TempDir()
	if len(parent) > socketPath-20 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "r")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// URL stays the same when the server is started again.
func (s *Server) URL() string { return "unix://" + s.socket }

func (s *Server) start() {
	s.t.Helper()
	_ = os.Remove(s.socket)
	s.cmd = exec.Command("redis-server", "--port", "0", "--unixsocket", s.socket, "--unixsocketperm", "700",
		"--save", "", "--appendonly", "no", "--dir", filepath.Dir(s.socket), "--loglevel", "warning")
	s.cmd.SysProcAttr = endWithParent()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("starting redis-server: %v", err)
	}
	var err error
	for end := time.Now().Add(redisStart); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if err = s.command("PING"); err == nil {
			return
		}
	}
	s.t.Fatalf("redis-server does not answer: %v", err)
}

// command sends one inline command and reads one line.
func (s *Server) command(words string) error {
	conn, err := net.Dial("unix", s.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(redisStart))
	if _, err := conn.Write([]byte(words + "\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "+") {
		err = errors.New(strings.TrimSpace(line))
	}
	return err
}

// Kill ends the server at once, and everything in it is lost.
func (s *Server) Kill() {
	s.t.Helper()
	if s.cmd == nil {
		s.t.Fatal("redis-server was killed already")
	}
	_ = s.cmd.Process.Kill() // a stopped process too
	_ = s.cmd.Wait()         // says that it was killed
	s.cmd = nil
}

// Restart starts the server at the same address, empty; killing it first if it runs.
func (s *Server) Restart() {
	s.t.Helper()
	if s.cmd != nil {
		s.Kill()
	}
	s.start()
}

// Pause stops the process without ending its connections, as a machine does that hangs.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume goes on after Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if s.cmd == nil {
		s.t.Fatal("redis-server does not run")
	}
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("sending %v to redis-server: %v", sig, err)
	}
}

// FlushAll empties the server.
func (s *Server) FlushAll() {
	s.t.Helper()
	if err := s.command("FLUSHALL"); err != nil {
		s.t.Fatalf("emptying redis-server: %v", err)
	}
}
