package transport

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// maxRenderings is how many responses an endpoint remembers.
	maxRenderings = 256
	// renderingAge is how old one of them may be when it is given out: what it says beside its
	// event, such as a place in a queue, is of the moment in which it was made.
	renderingAge = time.Second
)

// rendering is the response to an event, for all subscriptions that have the same key.
type rendering struct {
	key     renderingKey
	made    time.Time
	done    chan struct{} // closed once payload is set
	payload []byte        // nil: there is none that others may have
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

// of gives the response for a key, made once for all who ask in the next second; make's second
// result says whether others may have it.
func (c *renderings) of(key renderingKey, makeIt func() ([]byte, bool)) []byte {
	r, mine := c.enter(key)
	if !mine {
		<-r.done
		if r.payload != nil {
			return r.payload
		}
		payload, _ := makeIt()
		return payload
	}
	defer close(r.done) // also where it panics
	payload, share := makeIt()
	if share {
		r.payload = payload
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
	r = &rendering{key: key, made: now, done: make(chan struct{})}
	c.ring[c.next] = r
	c.next = (c.next + 1) % maxRenderings
	c.byKey[key] = r
	return r, true
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
	return x.endpoint.renderings.of(renderingKey{event, x.op.Doc, x.op.OperationName, x.variables, caller}, render)
}

// variablesOf writes an operation's variables as JSON, where that can be done.
func variablesOf(op *graphql.OperationContext) (string, bool) {
	if len(op.Variables) == 0 {
		return "", true
	}
	text, err := json.Marshal(op.Variables)
	return string(text), err == nil
}
