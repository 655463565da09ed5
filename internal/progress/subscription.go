package progress

import "sync"

// Subscription is one watcher of one topic. Its zero value is of no use: see Subscribe.
type Subscription struct {
	hub    *Hub
	topic  string
	events chan struct{}
	close  sync.Once
}

// Subscribe begins to watch a topic: what is published from now on wakes the watcher. It does
// not wait for anything. A topic may have any number of watchers. Close it.
func (h *Hub) Subscribe(topic string) *Subscription {
	s := &Subscription{hub: h, topic: topic, events: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	watchers := h.topics[topic]
	if watchers == nil {
		watchers = map[*Subscription]struct{}{}
		h.topics[topic] = watchers
	}
	watchers[s] = struct{}{}
	return s
}

// C receives a value when there is, or may be, something new since the last one was taken. It
// is never closed, so a select on it needs another way out.
func (s *Subscription) C() <-chan struct{} { return s.events }

// Close ends the watch. It may be called again, and from anywhere.
func (s *Subscription) Close() {
	s.close.Do(func() {
		s.hub.mu.Lock()
		defer s.hub.mu.Unlock()
		watchers := s.hub.topics[s.topic]
		delete(watchers, s)
		if len(watchers) == 0 {
			delete(s.hub.topics, s.topic)
		}
	})
}

// receive handles a message from Redis.
func (h *Hub) receive(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if topic == everything {
		h.wakeEverybody()
		return
	}
	h.wakeTopic(topic)
}

// wakeTopic wakes the watchers of one topic, and never waits for them: one that has not taken
// the last event yet will read the newest state anyway. h.mu is held.
func (h *Hub) wakeTopic(topic string) { wakeEach(h.topics[topic]) }

// wakeEverybody wakes every watcher of every topic; h.mu is held.
func (h *Hub) wakeEverybody() {
	for _, watchers := range h.topics {
		wakeEach(watchers)
	}
}

func wakeEach(watchers map[*Subscription]struct{}) {
	for s := range watchers {
		select {
		case s.events <- struct{}{}:
		default:
		}
	}
}
