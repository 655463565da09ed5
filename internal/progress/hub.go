// Package progress tells watchers, in every process, that something has changed.
//
// An event has no content but its topic. A watcher subscribes first, reads the state from
// the database second, and reads it again at each event and every few seconds. Whoever
// changes the state publishes after the commit.
//
// It promises that each watcher receives at least one event after every [Hub.Publish] of its
// topic, however fast these follow each other: in the publisher's process always, in others
// while Redis can be reached. Events coalesce, and after a reconnection every watcher
// receives one, since others may have been missed. What Redis does not take is dropped: it is
// found by the watchers' own reading, as is the change of a process that dies between its
// commit and its Publish.
//
// The order for a watcher:
//
//	events := hub.Subscribe(progress.ImportTopic(id))
//	defer events.Close()
//	for {
//		state := read(id) // the first time at once
//		…
//		select {
//		case <-events.C():
//		case <-poll.C:
//		case <-ctx.Done():
//			return
//		}
//	}
package progress

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	channel = "tenantry:news" // shared with processes of other versions

	// everything is the message that wakes the watchers of all topics. This version does not
	// send it.
	everything = "*"

	// sendTimeout bounds one try to send.
	sendTimeout = time.Second
)

// Hub is the one fan-out of a process. Its zero value is of no use: see New.
type Hub struct {
	redis connection
	log   *slog.Logger

	mu      sync.Mutex
	topics  map[string]map[*Subscription]struct{}
	unsent  map[string]struct{} // topics that are to be sent to Redis
	ready   chan struct{}       // closed while the Redis subscription is confirmed
	running bool                // Run is under way and sends what is unsent
	wake    chan struct{}       // capacity 1: something is unsent
}

// New makes a hub on the client, which it uses and does not close. The client must honour
// the deadlines of contexts (redis.Options.ContextTimeoutEnabled). A nil log is slog.Default().
//
// Without Run a hub sends events, and receives those of its own process only.
func New(client redis.UniversalClient, log *slog.Logger) *Hub {
	if log == nil {
		log = slog.Default()
	}
	return &Hub{
		redis:  goRedis{client},
		log:    log,
		topics: map[string]map[*Subscription]struct{}{},
		unsent: map[string]struct{}{},
		ready:  make(chan struct{}),
		wake:   make(chan struct{}, 1),
	}
}

// Publish wakes the watchers of the topic: those in this process directly, even while Redis is
// down; those in others through Redis. While Run runs, Publish waits for nothing and returns no
// error. Without Run it sends by itself, for a second at most, and its error, which is for the
// log, says that Redis did not take the message.
func (h *Hub) Publish(ctx context.Context, topic string) error {
	h.mu.Lock()
	h.wakeTopic(topic)
	h.unsent[topic] = struct{}{}
	running := h.running
	h.mu.Unlock()
	if !running {
		return h.send(ctx)
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return nil
}

// send sends all that is unsent to Redis, and drops what Redis does not take.
func (h *Hub) send(ctx context.Context) error {
	h.mu.Lock()
	topics := h.unsent
	h.unsent = map[string]struct{}{}
	h.mu.Unlock()
	if len(topics) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := h.redis.publish(ctx, topics); err != nil {
		return fmt.Errorf("progress: publishing %d topics: %w", len(topics), err)
	}
	return nil
}

// Ready waits until Redis has confirmed the subscription of this process: from then on the
// events of other processes arrive. Its only error is that of ctx. Watchers need not wait for
// it, since the confirmation wakes them; readiness probes do.
func (h *Hub) Ready(ctx context.Context) error {
	h.mu.Lock()
	ready := h.ready
	h.mu.Unlock()
	if isClosed(ready) { // even where ctx has ended
		return nil
	}
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("progress: Redis has not confirmed the subscription: %w", context.Cause(ctx))
	}
}

// confirmed marks the subscription as standing and wakes everybody, since whatever was
// published before did not arrive.
func (h *Hub) confirmed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !isClosed(h.ready) {
		close(h.ready)
	}
	h.wakeEverybody() // under the same lock, so that who subscribes after Ready is not woken for it
}

// lost marks the subscription as gone.
func (h *Hub) lost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if isClosed(h.ready) {
		h.ready = make(chan struct{})
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
