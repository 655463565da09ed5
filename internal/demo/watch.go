package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"
)

// Limits of watching.
const (
	patience = 2 * time.Minute // without any news
	rejoins  = 5               // torn streams in a row
	rejoinIn = 200 * time.Millisecond
)

// Import is the state of one, as the API tells it.
type Import struct {
	ID, Status                                                                         string
	TotalRows, ProcessedRows, CreatedCount, UpdatedCount, UnchangedCount, SkippedCount int
	FailedCount, Revision                                                              int
	RowsPerSecond                                                                      *float64
	SecondsLeft                                                                        *int
	StartedAt, FinishedAt                                                              *time.Time
	Failure                                                                            *struct{ Code, Message string }
	RejectsURL                                                                         *string
}

const importFields = `id status totalRows processedRows createdCount updatedCount unchangedCount skippedCount failedCount
	revision rowsPerSecond secondsLeft startedAt finishedAt failure { code message }`

func (i Import) final() bool {
	return i.Status == "COMPLETED" || i.Status == "FAILED" || i.Status == "CANCELED"
}

// errTorn: the stream ended without its `complete`.
var errTorn = errors.New("the server broke the stream off")

// follow tells each state until the final one, which it gives. A stream that breaks off
// is asked for again: the server begins with the state as it is then.
func (c *client) follow(ctx context.Context, id string, tell func(Import)) (Import, error) {
	last := Import{ID: id}
	for torn := 0; ; {
		err := c.stream(ctx, id, func(i Import) error {
			if sum := i.CreatedCount + i.UpdatedCount + i.UnchangedCount + i.SkippedCount + i.FailedCount; sum != i.ProcessedRows {
				return fmt.Errorf("%d rows are processed, but %d accounted for", i.ProcessedRows, sum)
			}
			if i.Revision > last.Revision {
				last, torn = i, 0
				tell(i)
			}
			return nil
		})
		switch {
		case last.final():
			return last, nil
		case err == nil:
			return last, fmt.Errorf("the stream is complete, but the import is %s", last.Status)
		case !errors.Is(err, errTorn) || torn == rejoins:
			return last, err
		}
		torn++
		select {
		case <-time.After(rejoinIn):
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
}

// stream subscribes once and tells each state until the stream is complete.
func (c *client) stream(ctx context.Context, id string, tell func(Import) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(patience, func() { cancel(fmt.Errorf("no news for %v", patience)) })
	defer silence.Stop()

	body, err := json.Marshal(vars{
		"query":     `subscription($id: ID!) { importProgress(id: $id) { ` + importFields + ` } }`,
		"variables": vars{"id": id},
	})
	if err != nil {
		return err
	}
	resp, err := c.post(ctx, "application/json", "text/event-stream", body)
	if err != nil {
		return because(ctx, err)
	}
	defer resp.Body.Close()
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "text/event-stream" {
		if err := readAnswer(resp, nil); err != nil {
			return err
		}
		return fmt.Errorf("HTTP %d with %q instead of an event stream", resp.StatusCode, media)
	}
	err = events(resp.Body, func(kind string, data []byte) (more bool, err error) {
		silence.Reset(patience)
		switch kind {
		case "complete":
			return false, nil
		case "next":
			var a answer
			var out struct{ ImportProgress Import }
			if err := json.Unmarshal(data, &a); err != nil {
				return false, fmt.Errorf("an event is no GraphQL answer: %w", err)
			}
			if err := a.read(&out); err != nil {
				return false, err
			}
			return true, tell(out.ImportProgress)
		}
		return true, nil // kinds to come
	})
	return because(ctx, err)
}

// because prefers why ctx ended to what followed from it.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// events reads server-sent events (WHATWG HTML, 9.2) until one says that no more come.
// Errors: errTorn where the stream ends before that; take's.
func events(r io.Reader, take func(kind string, data []byte) (more bool, err error)) error {
	lines := bufio.NewReader(r)
	var kind string
	var data bytes.Buffer
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return fmt.Errorf("%w: %w", errTorn, err)
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" { // the event's end
			if kind != "" {
				if more, err := take(kind, bytes.TrimSuffix(data.Bytes(), []byte("\n"))); err != nil || !more {
					return err
				}
			}
			kind = ""
			data.Reset()
			continue
		}
		name, value, _ := strings.Cut(line, ":") // a comment has no name
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			kind = value
		case "data":
			data.WriteString(value + "\n")
		}
	}
}
