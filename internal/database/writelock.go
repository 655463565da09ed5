package database

import (
	"context"
	"fmt"
	"sync"
)

type bulkKey struct{}

// Bulk marks what is done with the context as one piece of a long work, such as a batch of an
// import: it makes way between two pieces for whoever does something by hand. What changes
// rows in a transaction of some length, again and again, is to be marked.
//
// Its transactions find rows by their columns' indexes, where PostgreSQL might read a whole table.
func Bulk(ctx context.Context) context.Context { return context.WithValue(ctx, bulkKey{}, true) }

func isBulk(ctx context.Context) bool { return ctx.Value(bulkKey{}) != nil }

// turnsOfBulk is how many pass before a piece of bulk work that waits: it makes way, and is
// not held up for ever.
const turnsOfBulk = 64

// writeLock lets the writers of a SQLite file in one by one. SQLite has one writer at a time
// itself, but lets them try again and again with growing pauses: beside an import, which
// begins its next batch at once, others found the file free by luck, or not within 10 s. Here
// they stand in a line, before all bulk work.
type writeLock struct {
	mu     sync.Mutex
	held   bool
	hands  []chan struct{} // whoever waits, the first first
	bulk   []chan struct{}
	passed int // how many have passed before the first of bulk
}

// acquire waits for the lock: bulk work until the context ends, others for handWait at most.
// The error wraps [ErrBusy].
func (l *writeLock) acquire(ctx context.Context) error {
	if !isBulk(ctx) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, handWait)
		defer cancel()
	}
	l.mu.Lock()
	if !l.held {
		l.held = true
		l.mu.Unlock()
		return nil
	}
	line := &l.hands
	if isBulk(ctx) {
		line = &l.bulk
	}
	turn := make(chan struct{})
	*line = append(*line, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, waiting := range *line {
		if waiting == turn {
			*line = append((*line)[:i:i], (*line)[i+1:]...)
			return fmt.Errorf("waiting for other writers: %w: %w", ErrBusy, ctx.Err())
		}
	}
	return nil // it was given to us in this instant
}

func (l *writeLock) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := &l.hands
	if len(l.hands) == 0 || len(l.bulk) > 0 && l.passed >= turnsOfBulk {
		line = &l.bulk
	}
	if len(*line) == 0 {
		l.held = false
		return
	}
	if l.passed++; line == &l.bulk || len(l.bulk) == 0 {
		l.passed = 0
	}
	close((*line)[0])
	*line = (*line)[1:]
}

// OneWriter reports whether one transaction at a time writes, so that several gain nothing.
func (d Dialect) OneWriter() bool { return d == SQLite }
