package broker_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"tenantry/internal/broker"
	"tenantry/internal/testenv"
)

// One command waits for a Redis that hangs; those after it fail at once, without asking it,
// until it replies again.
func TestAHungRedisIsWaitedForOnce(t *testing.T) {
	s := testenv.RedisServer(t)
	b := open(t, broker.Options{URL: s.URL(), Log: slog.New(slog.DiscardHandler)})
	if err := b.Client().Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Pause()
	began := time.Now()
	if err := b.Client().Get(t.Context(), "k").Err(); err == nil || errors.Is(err, broker.ErrUnavailable) {
		t.Fatalf("the first command gave %v", err)
	}
	first := time.Since(began)
	began = time.Now()
	for range 1000 {
		if err := b.Client().Get(t.Context(), "k").Err(); !errors.Is(err, broker.ErrUnavailable) {
			t.Fatalf("a later command gave %v", err)
		}
	}
	if later := time.Since(began); later > first {
		t.Errorf("1,000 commands took %v, the one that found Redis away %v", later, first)
	}
	s.Resume()
	patience := time.After(20 * time.Second)
	for b.Client().Get(t.Context(), "k").Err() != nil {
		select {
		case <-patience:
			t.Fatal("Redis is back, and nobody notices")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// What Redis refuses it has replied to.
func TestARefusalIsNoAbsence(t *testing.T) {
	b := open(t, broker.Options{URL: testenv.Redis(t), Log: slog.New(slog.DiscardHandler)})
	for range 3 {
		if err := b.Client().Do(t.Context(), "nonsense").Err(); err == nil || errors.Is(err, broker.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
	}
	if err := b.Client().Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}
