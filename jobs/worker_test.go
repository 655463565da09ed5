package jobs

import (
	"context"
	"strings"
	"testing"
	"time"

	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// When Run returns nothing of it runs any more: it waits for the batch under way.
func TestAWorkerDrains(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		p, queue := newPile(), at.client
		draining, finish := make(chan struct{}), make(chan struct{})
		p.run = func(ctx context.Context) {
			<-ctx.Done()
			close(draining)
			<-finish
		}
		end := work(t, at, p, WorkerOptions{Concurrency: 1})
		p.add(2)
		if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
			t.Fatal(err)
		}
		p.await(t, "the import to begin", func() bool { return p.waiting == 1 })
		ended := make(chan error, 1)
		go func() { ended <- end() }()
		<-draining
		select {
		case err := <-ended:
			t.Fatalf("Run returned in the middle of a batch: %v", err)
		case <-time.After(50 * time.Millisecond): // what must not happen has no signal
		}
		close(finish)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		p.await(t, "the end", func() bool { return p.done == 1 && p.waiting == 1 })
	})
}

func TestADrainDoesNotWaitForEver(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		p, queue := newPile(), at.client
		hold := make(chan struct{})
		p.run = func(context.Context) { <-hold }
		end := work(t, at, p, WorkerOptions{DrainTimeout: 20 * time.Millisecond})
		t.Cleanup(func() { close(hold) })
		p.add(1)
		if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
			t.Fatal(err)
		}
		p.await(t, "the import to begin", func() bool { return p.waiting == 0 })
		if err := end(); err == nil || !strings.Contains(err.Error(), "20ms") {
			t.Errorf("Run returned %v", err)
		}
	})
}

// A worker that is idle, or whose Redis is gone, ends at once.
func TestAnIdleWorkerEnds(t *testing.T) {
	t.Parallel()
	server := testenv.RedisServer(t)
	at := redisOf(t, server.URL())
	if err := work(t, at, newPile(), WorkerOptions{})(); err != nil {
		t.Error(err)
	}
	p := newPile()
	end := work(t, at, p, WorkerOptions{})
	server.Kill()
	began := time.Now()
	if err := end(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
