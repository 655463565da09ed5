package jobs

import (
	"context"
	"slices"
	"testing"
	"time"

	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

func TestAWakeReachesAWorkerWithin100Milliseconds(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		p, queue := newPile(), at.elsewhere(t).client
		work(t, at, p, WorkerOptions{})
		var took []time.Duration
		for i := range 11 {
			p.add(1)
			began := time.Now()
			if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
				t.Fatal(err)
			}
			p.await(t, "the import", func() bool { return p.done == i+1 })
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		if median := took[len(took)/2]; median > 100*time.Millisecond {
			t.Errorf("as a rule it takes %v", median)
		}
	})
}

// J3: what the queue has lost is queued again, also for workers and clients that were there
// before the loss.
func TestJ3TheSweepQueuesAgainWhatAFlushHasLost(t *testing.T) {
	t.Parallel()
	server := testenv.RedisServer(t)
	at := redisOf(t, server.URL())
	p, queue := newPile(), at.client
	for range 3 { // nobody works yet: these are lost
		if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
			t.Fatal(err)
		}
	}
	p.add(3)
	server.FlushAll()
	if n := at.pending(t); n != 0 {
		t.Fatalf("%d tasks are left", n)
	}
	const interval = 50 * time.Millisecond
	work(t, at, p, WorkerOptions{})
	sweeping(t, at, p, interval)
	p.await(t, "the first three", func() bool { return p.done == 3 })
	for round := range 3 {
		server.FlushAll()
		p.add(2)
		p.await(t, "two more", func() bool { return p.done == 3+2*(round+1) })
	}
}

// The sweep asks whether the queue has a task for each import that waits, not whether the
// import is taken: while all workers are busy it adds nothing.
func TestTheSweepPilesUpNoTasksWhileAllWorkersAreBusy(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		p, queue := newPile(), at.client
		hold := make(chan struct{})
		p.run = func(context.Context) { <-hold }
		work(t, at, p, WorkerOptions{Concurrency: 2})
		p.add(2)
		for range 2 {
			if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
				t.Fatal(err)
			}
		}
		p.await(t, "both workers to be busy", func() bool { return p.waiting == 0 })
		p.add(3)
		sweeping(t, at, p, 5*time.Millisecond)
		p.await(t, "many sweeps", func() bool { return p.asked >= 30 })
		if n := at.pending(t); n != 3 {
			t.Errorf("%d tasks wait for 3 imports", n)
		}
		close(hold)
		p.await(t, "all of them", func() bool { return p.done == 5 })
	})
}

func TestJ3WhileTheQueueIsDownNothingIsLost(t *testing.T) {
	t.Parallel()
	server := testenv.RedisServer(t)
	at := redisOf(t, server.URL())
	server.Kill()
	p, queue := newPile(), at.client
	work(t, at, p, WorkerOptions{}) // starts all the same
	sweeping(t, at, p, 20*time.Millisecond)
	p.add(2)
	if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err == nil {
		t.Error("a dead Redis took a task")
	}
	p.await(t, "some sweeps", func() bool { return p.asked >= 3 })
	server.Restart()
	p.await(t, "both imports", func() bool { return p.done == 2 })
}

// One task is enough for all that waits: workers go on by themselves.
func TestOneTaskGoesThroughAllThatWaits(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		p, queue := newPile(), at.client
		work(t, at, p, WorkerOptions{Concurrency: 1})
		p.add(5)
		if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
			t.Fatal(err)
		}
		p.await(t, "all five", func() bool { return p.done == 5 })
	})
}

// A task says no more than that there may be work: a hundred of them do it once.
func TestJ2ATaskDeliveredAHundredTimesHasOneEffect(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		p, queue := newPile(), at.client
		p.add(1)
		for range 100 {
			if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			work(t, at, p, WorkerOptions{})
		}
		for deadline := time.After(30 * time.Second); at.pending(t) > 0; {
			select {
			case <-deadline:
				t.Fatalf("%d tasks are left", at.pending(t))
			default:
			}
		}
		p.await(t, "the import", func() bool { return p.done == 1 })
	})
}
