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
	"errors"
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

	// publishTimeout bounds what one Publish costs its caller.
	publishTimeout = time.Second

	// maxUnsent bounds the topics that wait for Redis to come back; beyond it, all are
	// woken instead.
	maxUnsent = 10_000
)

// ErrOffline is Publish's answer while Redis is known to be away. The watchers in this
// process are awake all the same, and those in others will be when Redis is back.
var ErrOffline = errors.New("progress: Redis is away; the news is sent when it is back")

// Hub is the one fan-out of a process. Its zero value is of no use: see New.
type Hub struct {
	client redis.UniversalClient
	log    *slog.Logger

	mu      sync.Mutex
	topics  map[string]map[*Subscription]struct{}
	unsent  map[string]struct{} // topics whose message did not reach Redis
	ready   chan struct{}       // closed while the Redis subscription is confirmed
	running bool                // Run is under way, so unsent news will be sent
	offline bool                // Redis did not answer, or its connection was lost
	resend  chan struct{}       // capacity 1: there is something unsent
}

// New makes a hub on the client, which it uses and does not close. The client must honour
// the deadlines of contexts (redis.Options.ContextTimeoutEnabled), for Publish to keep
// to its second. A nil log is slog.Default().
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
// Redis blinds nobody next to the one who publishes; those in others through Redis. It
// takes a second at most, and no time at all while Redis is known to be away.
//
// An error means that Redis did not take the message. It is for the log, not for
// failing: while Run runs, the topic is remembered and sent as soon as Redis is back.
func (h *Hub) Publish(ctx context.Context, topic string) error {
	h.wake(topic)
	if h.isOffline() {
		h.remember(topic)
		return ErrOffline
	}
	if err := h.send(ctx, topic); err != nil {
		h.remember(topic)
		return err
	}
	return nil
}

// send hands one message to Redis.
func (h *Hub) send(ctx context.Context, topic string) error {
	bounded, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if err := h.client.Publish(bounded, channel, topic).Err(); err != nil {
		if ctx.Err() == nil { // the caller did not give up: it is Redis
			h.setOffline()
		}
		return fmt.Errorf("progress: publish %q: %w", topic, err)
	}
	return nil
}

// isOffline reports whether waiting for Redis is in vain. Without Run nobody would
// notice its return, so then every Publish tries.
func (h *Hub) isOffline() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.running && h.offline
}

func (h *Hub) setOffline() {
	h.mu.Lock()
	h.offline = true
	h.mu.Unlock()
}

// remember keeps a topic for when Redis is back.
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
	h.offline = false
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
	h.offline = true
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
