package tcptimeout_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tenantry/internal/tcptimeout"
)

// A client that takes nothing of what it is sent is dropped, though its machine answers; one
// that was only slow to begin is not.
func TestAConnectionWhosePeerTakesNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	const patience = 500 * time.Millisecond
	listener, err := (&net.ListenConfig{Control: tcptimeout.Control(patience)}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for name, reads := range map[string]bool{"never reads": false, "reads": true} {
		client, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if reads {
			go func() { _, _ = io.Copy(io.Discard, client) }()
		}
		began := time.Now()
		end := began.Add(20 * time.Second)
		if reads {
			end = began.Add(4 * patience)
		}
		_ = server.SetWriteDeadline(end)
		for chunk := bytes.Repeat([]byte("x"), 64<<10); err == nil; {
			_, err = server.Write(chunk)
		}
		if reads && !errors.Is(err, os.ErrDeadlineExceeded) || !reads && !errors.Is(err, syscall.ETIMEDOUT) {
			t.Errorf("one that %s: %v after %v", name, err, time.Since(began))
		}
		_, _ = server.Close(), client.Close()
	}
}

// One whose machine vanishes says nothing any more and acknowledges nothing: its system drops
// what arrives. It is noticed as soon as there is something to say to it.
func TestAConnectionWhosePeerVanishesIsGivenUp(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{Control: tcptimeout.Control(500 * time.Millisecond)}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	raw, err := client.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	var attached error
	if err := raw.Control(func(fd uintptr) {
		attached = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing})
	}); err != nil || attached != nil {
		t.Fatal(err, attached)
	}
	if _, err := server.Write([]byte(":\n\n")); err != nil {
		t.Fatal(err)
	}
	_ = server.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("got %v, want the connection given up", err)
	}
}
