// Package progress carries the news that something has changed between processes, and
// fans it out to who watches inside each: newest wins.
//
// It promises that whoever subscribes to a topic is woken at least once after every
// [Hub.Publish] of it, in any process, however fast the news come, and whatever happens
// to Redis in between (J4). It does not promise one wake-up for each, nor that there is
// something new: wake-ups coalesce, and a reconnection wakes everybody, because messages
// may have been missed.
//
// What follows from it: a message has no content but its topic. A watcher subscribes
// first, reads the state from the database second, and reads it again at each wake-up.
// Publish comes after the commit. One case is beyond this package, that a process dies
// between its commit and its Publish, so a watcher also reads again every few seconds.
//
// The order for a watcher:
//
//	news := hub.Subscribe("import/" + id)
//	defer news.Close()
//	for {
//		state := read(id) // the first time at once
//		…
//		select {
//		case <-news.C():
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
	channel = "tenantry:news"

	// everything is the message that wakes all topics.
	everything = "*"

	// sendTimeout bounds one try to send.
	sendTimeout = time.Second

	// sendAtOnce is how many messages go in one round trip, at most.
	sendAtOnce = 256

	// maxUnsent bounds the topics that wait for Redis to come back; beyond it, all are
	// woken instead.
	maxUnsent = 10_000
)

// Hub is the one fan-out of a process. Its zero value is of no use: see New.
type Hub struct {
	client redis.UniversalClient
	log    *slog.Logger

	mu      sync.Mutex
	topics  map[string]map[*Subscription]struct{}
	unsent  map[string]struct{} // topics whose message has not reached Redis yet
	ready   chan struct{}       // closed while the Redis subscription is confirmed
	running bool                // Run is under way, so unsent news will be sent
	resend  chan struct{}       // capacity 1: there is something unsent
}

// New makes a hub on the client, which it uses and does not close. The client must honour
// the deadlines of contexts (redis.Options.ContextTimeoutEnabled). A nil log is slog.Default().
//
// A hub does nothing by itself: without Run it sends news, and hears those of its own
// process only.
func New(client redis.UniversalClient, log *slog.Logger) *Hub {
	if log == nil {
		log = slog.Default()
	}
	return &Hub{
		client: client,
		log:    log,
		topics: map[string]map[*Subscription]struct{}{},
		unsent: map[string]struct{}{},
		ready:  make(chan struct{}),
		resend: make(chan struct{}, 1),
	}
}

// Publish wakes who watches the topic: those in this process directly, so that a dead
// Redis blinds nobody next to the one who publishes; those in others through Redis. While
// Run runs it waits for nobody and gives no error: Run sends the message behind it, as
// soon as Redis takes it. Without Run it sends by itself, which takes a second at most,
// and an error, which is for the log, means that Redis did not take the message.
func (h *Hub) Publish(ctx context.Context, topic string) error {
	h.wake(topic)
	h.remember(topic)
	h.mu.Lock()
	running := h.running
	h.mu.Unlock()
	if running {
		return nil
	}
	return h.flush(ctx)
}

// send hands messages to Redis.
func (h *Hub) send(ctx context.Context, topics []string) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	_, err := h.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, topic := range topics {
			p.Publish(ctx, channel, topic)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("progress: publishing %d topics, such as %q: %w", len(topics), topics[0], err)
	}
	return nil
}

// remember keeps a topic until Redis has taken it.
func (h *Hub) remember(topic string) {
	h.mu.Lock()
	if len(h.unsent) >= maxUnsent {
		clear(h.unsent)
		topic = everything
	}
	if _, all := h.unsent[everything]; !all {
		h.unsent[topic] = struct{}{}
	}
	h.mu.Unlock()
	select {
	case h.resend <- struct{}{}:
	default:
	}
}

// Ready waits until Redis has confirmed the subscription of this process, so that from
// then on the news of other processes arrive. Its only error is that of ctx. Watchers
// need not wait for it, since the confirmation wakes them; readiness probes do.
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
	if !isClosed(h.ready) {
		close(h.ready)
	}
	h.wakeEverybody() // in the same breath, so that who subscribes after Ready is not woken for it
	h.mu.Unlock()
	select {
	case h.resend <- struct{}{}:
	default:
	}
}

// lost marks the subscription as gone and tells whether it stood.
func (h *Hub) lost() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	stood := isClosed(h.ready)
	if stood {
		h.ready = make(chan struct{})
	}
	return stood
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
