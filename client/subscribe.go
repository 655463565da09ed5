package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// silence is how long a connection may be without any sign of life before it counts as broken.
// The server sends a sign of life every few seconds.
const silence = time.Minute

// Subscribe runs a subscription and calls each with the data of every event, one after another.
// It returns nil when the server says that the stream is complete.
//
// A connection that breaks is opened again. What the server does then depends on the field:
// importProgress begins with the state as it is, so nothing is missed; notificationReceived
// goes on with what is new, so what came between must be read from `notifications`.
//
// Errors: each's own; an [*Error] where the server refuses the subscription; what went wrong
// last where it cannot be reached for longer than Options.GiveUp; the context's.
func (c *Client) Subscribe(ctx context.Context, query string, variables Vars, each func(data json.RawMessage) error) error {
	body, err := json.Marshal(request{query, variables})
	if err != nil {
		return err
	}
	stream := c.events
	if c.options.Sockets {
		stream = c.socket
	}
	again := backoff{giveUp: c.options.GiveUp}
	for {
		err := c.connect(ctx, stream, body, func(payload []byte) error {
			var a answer
			var data json.RawMessage
			if err := json.Unmarshal(payload, &a); err != nil {
				return fmt.Errorf("an event is no GraphQL answer: %w", err)
			}
			if err := a.read(&data); err != nil {
				return err
			}
			again.succeeded()
			if err := each(data); err != nil {
				return callersOwn{err}
			}
			return nil
		})
		if err == nil {
			return nil
		}
		if _, own := errors.AsType[callersOwn](err); !own && c.options.Broken != nil && ctx.Err() == nil {
			c.options.Broken(err)
		}
		if err := again.failed(ctx, err); err != nil {
			return err
		}
	}
}

// stream runs one connection until the subscription is complete. It calls alive at each sign
// of life, and next with each answer.
type stream func(ctx context.Context, body []byte, alive func(), next func(payload []byte) error) error

var errSilent = errors.New("the server has been silent for too long")

// connect runs one connection and breaks it off where it is silent.
func (c *Client) connect(ctx context.Context, s stream, body []byte, next func([]byte) error) error {
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer watchdog.Stop()
	err := s(within, body, func() { watchdog.Reset(silence) }, next)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return errSilent
	}
	return err
}
