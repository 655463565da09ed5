package progress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// connectTimeout bounds connecting and subscribing.
	connectTimeout = 3 * time.Second

	// quietTimeout is how long the connection may be silent before it is asked for a
	// sign of life, and then again how long that may take: a paused Redis, or a dead
	// network, is noticed within twice this.
	quietTimeout = 2 * time.Second

	// The pause before connecting again doubles from the first to the second.
	minPause = 50 * time.Millisecond
	maxPause = time.Second
)

// errAlreadyRunning is a mistake in the wiring.
var errAlreadyRunning = errors.New("progress: the hub is running already: one Run for each New")

// Run keeps the process's one subscription to Redis, and sends what is published, until ctx
// ends, whose error it then returns, within about three seconds at worst. It connects again
// without end. A hub is run once at a time.
func (h *Hub) Run(ctx context.Context) error {
	h.mu.Lock()
	if h.running {
		h.mu.Unlock()
		return errAlreadyRunning
	}
	h.running = true
	h.mu.Unlock()

	var sender sync.WaitGroup
	sender.Go(func() { h.sendUnsent(ctx) })
	h.listen(ctx)
	sender.Wait()

	h.lost()
	h.mu.Lock()
	h.running = false
	h.mu.Unlock()
	return ctx.Err()
}

// listen holds one session after another until ctx ends. It logs the first failure of an
// outage, and its end.
func (h *Hub) listen(ctx context.Context) {
	pause, away := minPause, false
	for {
		err := h.session(ctx, func() {
			if away {
				h.log.InfoContext(ctx, "Redis is back: events of other processes arrive again")
			}
			pause, away = minPause, false
		})
		if ctx.Err() != nil {
			return
		}
		h.lost()
		if !away {
			away = true
			h.log.WarnContext(ctx, "no connection to Redis for events of other processes: trying again until it is back", slog.Any("error", err))
		}
		// A random half, so that many processes do not come back in step.
		if !sleep(ctx, pause/2+rand.N(pause/2)) {
			return
		}
		pause = min(2*pause, maxPause)
	}
}

// session connects, subscribes and passes messages on until something fails. It calls
// back at each confirmation, of which there may be more than one: go-redis connects
// again by itself after some errors.
//
// It reads directly, not through go-redis's channel, which drops messages when a hundred
// wait; waking is quick, so what comes in a burst waits in the socket.
func (h *Hub) session(ctx context.Context, onConfirmed func()) error {
	pubsub := h.redis.subscribe(ctx) // no channel yet, so nothing is sent
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { // ends a read under way
		defer close(closed)
		_ = pubsub.Close()
	})
	defer func() {
		if !stop() {
			<-closed
			return
		}
		_ = pubsub.Close()
	}()

	connecting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := pubsub.Subscribe(connecting, channel); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	pings, asked := 0, false
	for {
		message, err := pubsub.ReceiveTimeout(ctx, quietTimeout)
		if err != nil {
			if !isTimeout(err) || asked || ctx.Err() != nil {
				return fmt.Errorf("receive: %w", err)
			}
			pings, asked = pings+1, true
			if err := pubsub.Ping(ctx, strconv.Itoa(pings)); err != nil {
				return fmt.Errorf("ping: %w", err)
			}
			continue
		}
		asked = false // whatever came is a sign of life
		switch m := message.(type) {
		case *redis.Subscription:
			h.confirmed()
			onConfirmed()
		case *redis.Message:
			h.receive(m.Payload)
		case *redis.Pong:
			// A timeout in the middle of a message makes its rest look like a pong with
			// another text. That message is lost, so this session is.
			if m.Payload != strconv.Itoa(pings) {
				return fmt.Errorf("receive: got the pong %q, want %d", m.Payload, pings)
			}
		}
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// sendUnsent sends what is published, and once more at the end.
func (h *Hub) sendUnsent(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-h.wake:
		}
		if err := h.send(context.WithoutCancel(ctx)); err != nil {
			h.log.DebugContext(ctx, "events were not sent", "error", err)
		}
	}
}

// sleep waits, and tells whether it did so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
