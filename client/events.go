package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
)

// maxEvent bounds a line of an event stream, in bytes.
const maxEvent = maxAnswer

// errBroken: the stream ended without its `complete`.
var errBroken = errors.New("the stream was interrupted")

// events runs a subscription over server-sent events, in the distinct connections mode of the
// GraphQL over SSE protocol.
func (c *Client) events(ctx context.Context, body []byte, alive func(), next func([]byte) error) error {
	resp, err := c.post(ctx, "application/json", "text/event-stream", bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "text/event-stream" {
		if err := readAnswer(resp, nil); err != nil {
			return err
		}
		return fmt.Errorf("%w: HTTP %d with %q instead of an event stream", errBroken, resp.StatusCode, media)
	}
	return readEvents(&living{resp.Body, alive}, next)
}

// readEvents reads server-sent events (WHATWG HTML, 9.2) until one says that no more come.
func readEvents(r io.Reader, next func([]byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEvent)
	var kind string
	var data []byte
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" { // the event's end
			switch kind {
			case "complete":
				return nil
			case "next":
				if err := next(bytes.TrimSuffix(data, []byte("\n"))); err != nil {
					return err
				}
			}
			kind, data = "", data[:0]
			continue
		}
		name, value, _ := strings.Cut(line, ":") // a comment has no name
		switch value = strings.TrimPrefix(value, " "); name {
		case "event":
			kind = value
		case "data":
			data = append(append(data, value...), '\n')
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return errBroken
}

// living calls alive with everything that comes, comments included.
type living struct {
	io.Reader
	alive func()
}

func (l *living) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if n > 0 {
		l.alive()
	}
	return n, err
}
