package transport

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// maxRenderings is how many responses an endpoint remembers, and maxRendering the largest
	// of them in bytes: together 16 MiB.
	maxRenderings = 256
	maxRendering  = 64 << 10
	// renderingAge is how old one of them may be when it is given out: what it says beside its
	// event, such as a place in a queue, is of the moment in which it was made.
	renderingAge = time.Second
)

// rendering is the response to an event, for all subscriptions that have the same key.
type rendering struct {
	key     renderingKey
	place   int // in renderings.ring
	made    time.Time
	done    chan struct{} // closed once the rest is set
	payload []byte        // nil: there is none that others may have
	left    bool          // its maker has, so that another one is to make it
}

// renderingKey is all that a response depends on.
type renderingKey struct {
	event     any
	document  *ast.QueryDocument
	operation string
	variables string // as JSON
	caller    any    // Config.SameResponses says so
}

// renderings remembers the newest responses of an endpoint. The zero value is ready.
type renderings struct {
	mu    sync.Mutex
	byKey map[renderingKey]*rendering
	ring  [maxRenderings]*rendering
	next  int
}

// of gives the response for a key, made once for all who ask in the next second, or, where it is
// large, while it is being made. The second result of makeIt says whether others may have it:
// where they may not, each makes their own. Where ctx, which is that of makeIt, has ended, another
// one who waits makes it, and the result is of no use.
func (c *renderings) of(ctx context.Context, key renderingKey, makeIt func() ([]byte, bool)) []byte {
	for {
		r, mine := c.enter(key)
		if mine {
			return c.fill(ctx, r, makeIt)
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return nil
		}
		switch {
		case r.payload != nil:
			return r.payload
		case !r.left:
			payload, _ := makeIt()
			return payload
		}
	}
}

// fill makes a response.
func (c *renderings) fill(ctx context.Context, r *rendering, makeIt func() ([]byte, bool)) []byte {
	kept := false
	defer func() { // also where it panics
		if !kept {
			c.remove(r)
		}
		close(r.done)
	}()
	payload, share := makeIt()
	if share {
		r.payload = payload
		kept = cap(payload) <= maxRendering
	} else {
		r.left = ctx.Err() != nil
	}
	return payload
}

func (c *renderings) enter(key renderingKey) (r *rendering, mine bool) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if r = c.byKey[key]; r != nil && now.Sub(r.made) < renderingAge {
		return r, false
	}
	if c.byKey == nil {
		c.byKey = map[renderingKey]*rendering{}
	}
	if old := c.ring[c.next]; old != nil && c.byKey[old.key] == old {
		delete(c.byKey, old.key)
	}
	r = &rendering{key: key, place: c.next, made: now, done: make(chan struct{})}
	c.ring[c.next] = r
	c.next = (c.next + 1) % maxRenderings
	c.byKey[key] = r
	return r, true
}

// remove forgets a response.
func (c *renderings) remove(r *rendering) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[r.key] == r {
		delete(c.byKey, r.key)
	}
	if c.ring[r.place] == r {
		c.ring[r.place] = nil
	}
}

// shared gives the encoded response to an event that was taken; nil where there is none.
func (x *execution) shared(event any) []byte {
	render := func() ([]byte, bool) {
		x.feed.hand()
		resp := x.next()
		if resp == nil {
			return nil, false
		}
		return x.endpoint.encode(nil, resp), len(resp.Data) > 0 && len(resp.Errors) == 0 && len(resp.Extensions) == 0
	}
	if x.unshared {
		payload, _ := render()
		return payload
	}
	caller := x.endpoint.cfg.SameResponses(x.ctx)
	return x.endpoint.renderings.of(x.ctx, renderingKey{event, x.op.Doc, x.op.OperationName, x.variables, caller}, render)
}

// variablesOf writes an operation's variables as JSON, where that can be done.
func variablesOf(op *graphql.OperationContext) (string, bool) {
	if len(op.Variables) == 0 {
		return "", true
	}
	text, err := json.Marshal(op.Variables)
	return string(text), err == nil
}
