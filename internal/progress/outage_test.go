package progress_test

import (
	"syscall"
	"testing"
	"time"

	"tenantry/internal/testenv"

	"github.com/redis/go-redis/v9"
)

// realOrMini is a client where it does not matter to which.
func realOrMini(t *testing.T) *redis.Client {
	return servers["miniredis"](t).client(t, nil)
}

func TestACrashOfRedisBlindsNobodyForLong(t *testing.T) {
	s := realRedis(t)
	api, worker := process(t, s.client(t, nil)), process(t, s.client(t, nil))
	far, near, idle := api.Subscribe("import/1"), worker.Subscribe("import/1"), api.Subscribe("import/2")

	s.kill(t)
	testenv.Await(t, "the loss is noticed", func() bool { return !isReady(api) && !isReady(worker) })
	publish(t, worker, "import/1") // waits for nobody
	awaken(t, near)                // in the same process at once
	asleep(t, far)

	s.start(t)
	ready(t, api)
	awaken(t, far)
	awaken(t, idle) // its events may have been missed
	ready(t, worker)
	publish(t, worker, "import/1")
	awaken(t, far)
}

func TestAPausedRedisIsNoticedWithinFiveSecondsAndEverybodyWokenAfterwards(t *testing.T) {
	s := realRedis(t)
	api, worker := process(t, s.client(t, nil)), process(t, s.client(t, nil))
	far := api.Subscribe("import/1")

	s.signal(t, syscall.SIGSTOP)
	start := time.Now()
	for range 10_000 { // at a millisecond each they would outlast the pause
		publish(t, worker, "import/1")
	}
	if !isReady(api) {
		t.Error("the publisher waited for Redis until the pause was noticed")
	}
	testenv.Await(t, "the pause is noticed", func() bool { return !isReady(api) })
	if d := time.Since(start); d > 6*time.Second {
		t.Errorf("the pause was noticed after %v", d)
	}
	asleep(t, far)
	s.signal(t, syscall.SIGCONT)
	ready(t, api)
	awaken(t, far)
}

func TestAnIdleConnectionIsKept(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			api := process(t, s.client(t, nil))
			watch := api.Subscribe("import/1")
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); <-tick.C { // two pings
				if !isReady(api) {
					t.Fatal("an idle connection was given up")
				}
			}
			asleep(t, watch)
		})
	}
}

func TestFlushingRedisChangesNothing(t *testing.T) {
	s := realRedis(t)
	client := s.client(t, nil)
	api, worker := process(t, client), process(t, s.client(t, nil))
	watch := api.Subscribe("import/1")
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	publish(t, worker, "import/1")
	awaken(t, watch)
}

// Only the worker loses Redis, so that its watchers' process never reconnects. What the worker
// publishes meanwhile may be lost; what it publishes afterwards arrives.
func TestEventsOfACutOffProcessArriveAgainOnceItIsBack(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			var g gate
			api, worker := process(t, s.client(t, nil)), process(t, s.client(t, &g))
			after := api.Subscribe("import/2")
			g.set(true)
			near := worker.Subscribe("import/1")
			publish(t, worker, "import/1")
			awaken(t, near)
			testenv.Await(t, "the loss is noticed", func() bool { return !isReady(worker) })
			g.set(false)
			ready(t, worker)
			publish(t, worker, "import/2")
			awaken(t, after)
			if !isReady(api) {
				t.Fatal("the watchers' process lost its connection too: the test shows nothing")
			}
		})
	}
}

// A version that could not send all its events sends one for all topics.
func TestAMessageForAllTopicsWakesEveryWatcher(t *testing.T) {
	s := servers["miniredis"](t)
	client := s.client(t, nil)
	watch := process(t, client).Subscribe("import/1")
	if err := client.Publish(t.Context(), "tenantry:news", "*").Err(); err != nil {
		t.Fatal(err)
	}
	awaken(t, watch)
}

// A process that starts before its Redis waits for it.
func TestRunStartsWithoutRedis(t *testing.T) {
	s := realRedis(t)
	s.kill(t)
	api := launch(t, s.client(t, nil))
	watch := api.Subscribe("import/1")
	s.start(t)
	ready(t, api)
	awaken(t, watch) // what was published before it was there may have been missed
	publish(t, process(t, s.client(t, nil)), "import/1")
	awaken(t, watch)
}
