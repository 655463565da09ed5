package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"tenantry/chaos/harness"
)

// stalledClients are watchers who subscribe, are accepted, and then read nothing.
type stalledClients struct {
	address string // of the process, as host:port
	token   string
	narrow  bool // their systems buffer next to nothing, so that what is sent to them piles up at the server

	mu               sync.Mutex
	sockets, streams []net.Conn
}

// heldBy counts those of them that a server still has.
type heldBy struct{ sockets, streams int }

func (h heldBy) total() int { return h.sockets + h.streams }

// open opens so many of each protocol, for one import after another. A busy server may turn
// one away: only those count that it has accepted.
func (d *stalledClients) open(ctx context.Context, imports []string, each int) error {
	opening, ctx := errgroup.WithContext(ctx)
	opening.SetLimit(8)
	for i := range each {
		opening.Go(func() error { return d.keep(ctx, &d.sockets, d.socket, imports[i%len(imports)]) })
		opening.Go(func() error { return d.keep(ctx, &d.streams, d.stream, imports[i%len(imports)]) })
	}
	return opening.Wait()
}

// keep opens a connection, if need be again and again for half a minute, and keeps it.
func (d *stalledClients) keep(ctx context.Context, where *[]net.Conn, open func(context.Context, string) (net.Conn, error), importID string) error {
	var conn net.Conn
	var problem error
	err := harness.Until(ctx, 30*time.Second, "a watcher's acceptance", func() bool {
		conn, problem = open(ctx, importID)
		return problem == nil
	})
	if err != nil {
		return errors.Join(err, problem)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	*where = append(*where, conn)
	return nil
}

func (d *stalledClients) socket(ctx context.Context, importID string) (net.Conn, error) {
	socket, answer, err := d.ask(ctx, "GET /graphql HTTP/1.1\r\nHost: "+d.address+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n",
		http.StatusSwitchingProtocols)
	if err != nil {
		return nil, err
	}
	_, err = socket.Write(frame(`{"type":"connection_init","payload":{"Authorization":"Bearer ` + d.token + `"}}`))
	ack := make([]byte, 2+len(`{"type":"connection_ack"}`)) // a short frame
	if err == nil {
		_, err = io.ReadFull(answer, ack)
	}
	if err == nil && !bytes.Contains(ack, []byte("connection_ack")) {
		err = fmt.Errorf("connection_init was answered with %q", ack)
	}
	if err == nil {
		_, err = socket.Write(frame(`{"id":"1","type":"subscribe","payload":{"query":"subscription{importProgress(id:\"` + importID + `\"){status revision}}"}}`))
	}
	return accepted(socket, err)
}

// stream asks for large events where its buffer is small: what one takes who does not read
// is for the system to buffer; only when that is full can a server know.
func (d *stalledClients) stream(ctx context.Context, importID string) (net.Conn, error) {
	fields := "status revision"
	if d.narrow {
		fields += many()
	}
	body := `{"query":"subscription{importProgress(id:\"` + importID + `\"){` + fields + `}}"}`
	stream, _, err := d.ask(ctx, "POST /graphql HTTP/1.1\r\nHost: "+d.address+"\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"+
		"Authorization: Bearer "+d.token+"\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body, http.StatusOK)
	return stream, err
}

// ask sends the request and reads the head of its answer, which must have the status.
func (d *stalledClients) ask(ctx context.Context, request string, status int) (net.Conn, *bufio.Reader, error) {
	dialer := net.Dialer{Timeout: 10 * time.Second, Control: func(_, _ string, c syscall.RawConn) error {
		if !d.narrow {
			return nil
		}
		return c.Control(func(fd uintptr) { // the smallest receive buffer there is
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2048)
		})
	}}
	conn, err := dialer.DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	answer := bufio.NewReader(conn)
	_, err = conn.Write([]byte(request))
	if err == nil {
		var resp *http.Response
		if resp, err = http.ReadResponse(answer, nil); err == nil && resp.StatusCode != status { //nolint:bodyclose // the connection is what is closed
			err = fmt.Errorf("a watcher was answered with HTTP %s", resp.Status)
		}
	}
	conn, err = accepted(conn, err)
	return conn, answer, err
}

// accepted is the connection, without a deadline, or closed where there is an error.
func accepted(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, conn.SetDeadline(time.Time{})
}

// vanish makes every watcher's machine as good as gone: from now on the system drops what
// arrives for it before anything is acknowledged, and nothing is sent. What a proxy does
// not do whose own system goes on acknowledging.
func (d *stalledClients) vanish() error {
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	for _, c := range append(append([]net.Conn{}, d.sockets...), d.streams...) {
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			return err
		}
		var attached error
		err = raw.Control(func(fd uintptr) {
			attached = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing})
		})
		if err := errors.Join(err, attached); err != nil {
			return fmt.Errorf("cutting a watcher off: %w", err)
		}
	}
	return nil
}

// frame is a text frame from a client, masked with zeros.
func frame(text string) []byte {
	var b bytes.Buffer
	b.WriteByte(0x81)
	if len(text) < 126 {
		b.WriteByte(0x80 | byte(len(text)))
	} else {
		b.Write([]byte{0x80 | 126, byte(len(text) >> 8), byte(len(text))})
	}
	b.Write([]byte{0, 0, 0, 0})
	b.WriteString(text)
	return b.Bytes()
}

// held asks the system which of the connections the server has not let go.
func (d *stalledClients) held(p *process) heldBy {
	_, port, _ := strings.Cut(strings.TrimPrefix(p.url, "http://"), ":")
	n, _ := strconv.Atoi(port)
	served := fmt.Sprintf(":%04X", n) // other connections of this machine may bear the same clients' ports
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", p.PID()))
	open := map[string]bool{} // the clients' ports
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) > 9 && strings.HasSuffix(fields[1], served) && fields[3] == "01" && fields[9] != "0" {
			_, remote, _ := strings.Cut(fields[2], ":")
			open[remote] = true
		}
	}
	count := func(conns []net.Conn) (n int) {
		for _, c := range conns {
			if open[fmt.Sprintf("%04X", c.LocalAddr().(*net.TCPAddr).Port)] {
				n++
			}
		}
		return n
	}
	return heldBy{count(d.sockets), count(d.streams)}
}

func (d *stalledClients) end() {
	for _, c := range append(d.sockets, d.streams...) {
		_ = c.Close()
	}
}

// many are fields that make an event some kilobytes.
func many() string {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, " %s%d:fileName", strings.Repeat("a", 20), i)
	}
	return b.String()
}
