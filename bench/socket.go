package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// socket is a WebSocket (RFC 6455) that speaks graphql-transport-ws, with as little work and
// memory as possible, since ten thousand of them share the machine with what is measured. It
// knows only what the server sends: whole, unmasked frames without compression.
type socket struct {
	conn  net.Conn
	in    *bufio.Reader
	frame []byte // the last one, reused
}

// Opcodes of frames.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

const maxFrame = 1 << 20

// dial opens a socket and has the token acknowledged.
func dial(ctx context.Context, address, token string) (s *socket, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = conn.Close()
		}
	}()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return nil, err
	}
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	if _, err := fmt.Fprintf(conn, "GET /graphql HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n",
		address, base64.StdEncoding.EncodeToString(key[:])); err != nil {
		return nil, err
	}
	s = &socket{conn: conn, in: bufio.NewReaderSize(conn, 1<<10)}
	resp, err := http.ReadResponse(s.in, nil)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close() // what follows is no body
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("the server refuses the WebSocket: %s", resp.Status)
	}
	if err := s.write(`{"type":"connection_init","payload":{"Authorization":"Bearer ` + token + `"}}`); err != nil {
		return nil, err
	}
	text, err := s.next()
	if err == nil && !message(text, "connection_ack") {
		err = fmt.Errorf("connection_init is answered by %.200s", text)
	}
	if err != nil {
		return nil, err
	}
	return s, conn.SetDeadline(time.Time{})
}

// subscribe begins a subscription with the variable id.
func (s *socket) subscribe(query, id string) error {
	text, err := json.Marshal(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{"query": query, "variables": map[string]any{"id": id}}})
	if err != nil {
		return err
	}
	return s.write(string(text))
}

func (s *socket) write(text string) error { return s.send(opText, []byte(text)) }

// send writes a frame, masked by zeros.
func (s *socket) send(opcode byte, payload []byte) error {
	frame := []byte{0x80 | opcode, 0x80 | byte(min(len(payload), 126))}
	if len(payload) > 125 {
		frame = binary.BigEndian.AppendUint16(frame, uint16(len(payload))) // what is sent is short
	}
	frame = append(append(frame, 0, 0, 0, 0), payload...)
	_, err := s.conn.Write(frame)
	return err
}

// next reads the next text, which is valid until the next call. It answers pings.
func (s *socket) next() ([]byte, error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(s.in, head[:]); err != nil {
			return nil, err
		}
		size := uint64(head[1] & 0x7f)
		if extended := map[uint64]int{126: 2, 127: 8}[size]; extended > 0 {
			var long [8]byte
			if _, err := io.ReadFull(s.in, long[8-extended:]); err != nil {
				return nil, err
			}
			size = binary.BigEndian.Uint64(long[:])
		}
		if head[0]&0x80 == 0 || head[1]&0x80 != 0 || size > maxFrame {
			return nil, fmt.Errorf("the socket does not know frames such as %x of %d bytes", head, size)
		}
		if uint64(cap(s.frame)) < size {
			s.frame = make([]byte, size)
		}
		s.frame = s.frame[:size]
		if _, err := io.ReadFull(s.in, s.frame); err != nil {
			return nil, err
		}
		switch head[0] & 0x0f {
		case opText:
			return s.frame, nil
		case opPing:
			if err := s.send(opPong, s.frame); err != nil {
				return nil, err
			}
		case opClose:
			code := 0
			if len(s.frame) >= 2 {
				code = int(binary.BigEndian.Uint16(s.frame))
			}
			return nil, fmt.Errorf("the server has closed the socket with %d %s", code, s.frame[min(2, len(s.frame)):])
		}
	}
}

// message reports whether the text is a message of the type. Nothing else in what the server
// sends here looks like it.
func message(text []byte, kind string) bool {
	return bytes.Contains(text, []byte(`"type":"`+kind+`"`))
}

// state reads of an import's state how many rows are processed, and whether it has ended.
func state(text []byte) (processed int, final bool) {
	if _, rest, ok := bytes.Cut(text, []byte(`"processedRows":`)); ok {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		processed, _ = strconv.Atoi(string(rest[:digits]))
	}
	for _, status := range []string{"COMPLETED", "FAILED", "CANCELED"} {
		final = final || bytes.Contains(text, []byte(`"status":"`+status+`"`))
	}
	return processed, final
}
