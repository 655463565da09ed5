package transport

import (
	"context"
	"errors"
	"io"
)

// Source is where a pulled subscription's events come from; see Pull. It is safe for concurrent
// use.
type Source[T any] interface {
	// Next gives the newest event, and does not wait: it is the zero value where there is
	// none yet. Its error ends the subscription once the events are given: io.EOF says that it is
	// complete; another one reaches the client in a last `next`, presented like any other, and
	// `complete` after it.
	Next() (T, error)
	// Close is called once, at the end.
	Close()
}

// Pull gives a resolver of a subscription the channel to return. open makes the source, which
// from then on calls changed whenever Next may have something new: from anywhere, and without
// being blocked by it.
//
// In this way a subscription has no goroutine between two events, and an event of which several
// subscriptions would make the same response is executed once for all of them: see
// Config.SameResponses. Equal events are therefore the same event, for a second; they are usually
// pointers. Errors: those of open.
func Pull[T comparable, S Source[T]](ctx context.Context, open func(changed func()) (S, error)) (<-chan T, error) {
	x, ok := ctx.Value(executionKey{}).(*execution)
	if !ok {
		return nil, errors.New("transport: Pull needs the context of a subscription of this package")
	}
	source, err := open(x.changed)
	if err != nil {
		return nil, err
	}
	f := &feedOf[T, S]{source: source, events: make(chan T, 1)}
	x.feed = f
	return f.events, nil
}

// feed is a source for whoever need not know the type of its events.
type feed interface {
	// take gives the next event as something to compare; nil: there is none.
	take() (event any, err error)
	// hand lets the executor have the event that was taken, to be asked for at once.
	hand()
	close()
}

type feedOf[T comparable, S Source[T]] struct {
	source S
	events chan T
	taken  T
}

func (f *feedOf[T, S]) take() (any, error) {
	var none T
	event, err := f.source.Next()
	if event == none {
		return nil, err
	}
	f.taken = event
	return event, nil
}

func (f *feedOf[T, S]) hand() {
	var none T
	select {
	case <-f.events: // the executor did not want the one before
	default:
	}
	f.events <- f.taken
	f.taken = none
}

func (f *feedOf[T, S]) close() { f.source.Close() }

// pull gives the next response of a pulled subscription, encoded, and does not wait for an
// event: it is nil where there is none yet. over says that nothing follows.
func (x *execution) pull() (payload []byte, over bool) {
	if x.broken || x.ctx.Err() != nil || x.feed == nil {
		return nil, true
	}
	event, err := x.feed.take()
	switch {
	case event != nil:
		payload = x.shared(event)
		return payload, payload == nil
	case err == nil:
		return nil, false
	case errors.Is(err, io.EOF):
		return nil, true
	}
	if resp := x.failed(err); resp != nil {
		return x.endpoint.encode(nil, resp), false
	}
	return nil, true
}

// wait is the next response of any operation, encoded; nil after the last one, and when the
// context is over. changed is the channel that a pulled subscription's changes come through.
func (x *execution) wait(changed <-chan struct{}) []byte {
	x.begin()
	if x.feed == nil {
		if resp := x.next(); resp != nil {
			return x.endpoint.encode(nil, resp)
		}
		return nil
	}
	for {
		payload, over := x.pull()
		if payload != nil || over {
			return payload
		}
		select {
		case <-changed:
		case <-x.ctx.Done():
			return nil
		}
	}
}
