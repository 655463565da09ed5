package client

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// State is what a watcher is told of an import.
type State struct {
	Status        string
	Revision      int
	TotalRows     int
	ProcessedRows int
	CreatedCount  int
	SkippedCount  int
	FailedCount   int
}

// Final says whether nothing comes behind it.
func (s State) Final() bool {
	return s.Status == "COMPLETED" || s.Status == "FAILED" || s.Status == "CANCELED"
}

const watchQuery = `subscription($id:ID!){importProgress(id:$id){status revision totalRows processedRows createdCount skippedCount failedCount}}`

// Event is a line in a watcher's diary.
type Event struct {
	At       time.Time
	Dial     int // which of its connections
	State    *State
	Complete bool
	Fault    string // the code of an error in place of data
	Closed   int    // the close code of a socket that was ended
}

// History is all that a watcher saw of one import, over all its connections.
type History struct {
	Import   string
	Protocol string // ws or sse
	Late     bool   // it came after the end

	mu     sync.Mutex
	events []Event
}

// Events copies the diary.
func (h *History) Events() []Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Event(nil), h.events...)
}

// Note adds a line.
func (h *History) Note(e Event) {
	e.At = time.Now()
	h.mu.Lock()
	h.events = append(h.events, e)
	h.mu.Unlock()
}

// errDone: the subscription was completed.
var errDone = errors.New("the subscription is complete")

// closedError says with which code a socket was closed.
type closedError struct{ code int }

func (closedError) Error() string { return "the socket was closed" }

// Watch follows an import over WebSocket ("ws") or server-sent events ("sse") until the
// subscription completes, coming back after every broken connection, as the common
// clients do. It writes what it sees into the history.
func (n *Nodes) Watch(ctx context.Context, token string, h *History) {
	one := n.watchSocket
	if h.Protocol == "sse" {
		one = n.watchEvents
	}
	pause := 50 * time.Millisecond
	for dial := 1; ; dial++ {
		seen := len(h.Events())
		err := one(ctx, token, h, dial)
		if errors.Is(err, errDone) || ctx.Err() != nil {
			return
		}
		if closed, ok := errors.AsType[closedError](err); ok {
			h.Note(Event{Dial: dial, Closed: closed.code})
			if closed.code == CloseForbidden {
				return
			}
		}
		if len(h.Events()) > seen+1 {
			pause = 50 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Second)
	}
}

// take notes one message's payload.
func (h *History) take(dial int, payload []byte) error {
	var answer struct {
		Data *struct {
			ImportProgress *State
		}
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(payload, &answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return h.fault(dial, answer.Errors[0].Extensions.Code, answer.Errors[0].Message)
	}
	if answer.Data != nil && answer.Data.ImportProgress != nil {
		h.Note(Event{Dial: dial, State: answer.Data.ImportProgress})
	}
	return nil
}

// fault notes an error: what says that the import is not the watcher's to know stays so,
// anything else may pass.
func (h *History) fault(dial int, code, message string) error {
	h.Note(Event{Dial: dial, Fault: code})
	if (Event{Fault: code}).Lost() {
		return errDone
	}
	return errors.New(message)
}

// CloseForbidden is the code with which a socket ends whose user may not go on.
const CloseForbidden = 4403

// Lost says whether the watcher was told that the import is not, or no longer, its to know.
func (e Event) Lost() bool {
	switch e.Fault {
	case "NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN":
		return true
	}
	return e.Closed == CloseForbidden
}
