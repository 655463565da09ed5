package transport_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tenantry/graph/transport"
	"tenantry/internal/fault"
	"tenantry/internal/testenv"
)

// What InitFunc puts in the context is there for operations, with the request's own.
func TestSocketInitFunc(t *testing.T) {
	type key struct{}
	seen := make(chan any, 10)
	r := serve(t, transport.Config{
		InitFunc: func(ctx context.Context, payload map[string]any, req *http.Request) (context.Context, error) {
			seen <- payload["Authorization"]
			seen <- req.Header.Get("X-Client")
			return context.WithValue(ctx, key{}, "viewer"), nil
		},
		Recheck: func(ctx context.Context) (context.Context, error) {
			select {
			case seen <- ctx.Value(key{}):
			default:
			}
			return ctx, nil
		},
		RecheckInterval: time.Millisecond,
	})
	c, _, err := r.dialWith(&websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"X-Client": {"console"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.send(`{"type":"connection_init","payload":{"Authorization":"Bearer x"}}`)
	c.want("connection_ack", "")
	for _, want := range []any{"Bearer x", "console", "viewer", "viewer"} { // the first two from InitFunc, then two rechecks
		if got := receive(t, seen, "what the hooks see"); got != want {
			t.Errorf("a hook saw %v, want %v", got, want)
		}
	}
}

func TestSocketRecheck(t *testing.T) {
	for _, v := range []struct {
		err    error
		code   websocket.StatusCode
		reason string
	}{
		{fault.New(fault.Unauthenticated, "signed out"), 4403, "Forbidden"},
		{fault.New(fault.Internal, "internal error"), 1013, "Try again later"},
	} {
		revoked := make(chan struct{})
		r := serve(t, transport.Config{RecheckInterval: time.Millisecond, Recheck: func(ctx context.Context) (context.Context, error) {
			select {
			case <-revoked:
				return nil, v.err
			default:
				return ctx, nil
			}
		}})
		c := r.connect()
		c.subscribe("a", "subscription { forever }")
		receive(t, r.started, "the subscription")
		close(revoked)
		if before := c.wantClose(v.code, v.reason); len(before) > 0 {
			t.Errorf("before the end came %v", before)
		}
		receive(t, r.ended, "the end of its context")
	}
}

// Operations that begin after a recheck have the context that it returned.
func TestSocketRecheckRenewsTheContext(t *testing.T) {
	type key struct{}
	r := serve(t, transport.Config{RecheckInterval: time.Millisecond, Recheck: func(ctx context.Context) (context.Context, error) {
		return context.WithValue(ctx, key{}, "renewed"), nil
	}})
	r.around = func(ctx context.Context) { r.values <- ctx.Value(key{}) }
	c := r.connect()
	testenv.Await(t, "the renewed context", func() bool {
		c.subscribe("a", "{ hello }")
		c.want("next", "a")
		c.want("complete", "a")
		return receive(t, r.values, "a value") == "renewed"
	})
}
