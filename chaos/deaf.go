package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tenantry/chaos/client"
)

// deaf are watchers who subscribe and then never read again. Their sockets take little,
// so that what is sent to them piles up at the server.
type deaf struct {
	sockets, streams []net.Conn
}

// heldBy counts those of them that a server still has.
type heldBy struct{ sockets, streams int }

func (h heldBy) total() int { return h.sockets + h.streams }

// deafen opens so many of each protocol at the node.
func deafen(ctx context.Context, nodes *client.Nodes, token, importID string, each int) (*deaf, error) {
	d := &deaf{}
	address := strings.TrimPrefix(nodes.Any(), "http://")
	for range each {
		socket, err := speak(ctx, address, "GET /graphql HTTP/1.1\r\nHost: "+address+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n")
		if err != nil {
			return d, err
		}
		d.sockets = append(d.sockets, socket)
		for _, text := range []string{
			`{"type":"connection_init","payload":{"Authorization":"Bearer ` + token + `"}}`,
			`{"id":"1","type":"subscribe","payload":{"query":"subscription{importProgress(id:\"` + importID + `\"){status revision}}"}}`,
		} {
			if _, err := socket.Write(frame(text)); err != nil {
				return d, err
			}
		}
		// What one takes who does not read is for the system to buffer; only when that is full
		// can a server know. So the events are large.
		body := `{"query":"subscription{importProgress(id:\"` + importID + `\"){status revision` + many() + `}}"}`
		stream, err := speak(ctx, address, "POST /graphql HTTP/1.1\r\nHost: "+address+"\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"+
			"Authorization: Bearer "+token+"\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
		if err != nil {
			return d, err
		}
		d.streams = append(d.streams, stream)
	}
	return d, nil
}

// speak connects with the smallest receive buffer there is and sends the request.
func speak(ctx context.Context, address, request string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 10 * time.Second, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2048)
		})
	}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	_, err = conn.Write([]byte(request))
	return conn, err
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
func (d *deaf) held(p *part) heldBy {
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

func (d *deaf) end() {
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
