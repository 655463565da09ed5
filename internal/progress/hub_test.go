package progress_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"tenantry/internal/progress"
)

// J4: it works on every server node, whichever worker runs the job.
func TestJ4EventsReachTheWatchersOfATopicInEveryProcess(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			api, worker := process(t, s.client(t, nil)), process(t, s.client(t, nil))
			far, near, other := api.Subscribe("import/1"), worker.Subscribe("import/1"), api.Subscribe("import/2")
			barrier := api.Subscribe("barrier")
			publish(t, worker, "import/1")
			awaken(t, far)
			awaken(t, near)
			publish(t, worker, "barrier") // messages keep their order
			awaken(t, barrier)
			asleep(t, other)
		})
	}
}

func TestABurstLosesNoTopic(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			api, worker := process(t, s.client(t, nil)), process(t, s.client(t, nil))
			const topics = 1000
			var subs []*progress.Subscription
			for i := range topics {
				subs = append(subs, api.Subscribe(fmt.Sprint("import/", i)))
			}
			var senders sync.WaitGroup
			for part := range 4 {
				senders.Go(func() {
					for i := range 2 * topics {
						if err := worker.Publish(t.Context(), fmt.Sprint("import/", (i+part*250)%topics)); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			for _, sub := range subs {
				awaken(t, sub)
			}
			senders.Wait()
		})
	}
}

func TestWakeUpsCoalesceAndNeverBlockThePublisher(t *testing.T) {
	hub := progress.New(realOrMini(t), nil)
	slow := hub.Subscribe("import/1")
	defer slow.Close()
	for range 100 {
		publish(t, hub, "import/1")
	}
	awaken(t, slow)
	asleep(t, slow)
}

func TestAThousandWatchersOfOneTopicAllWake(t *testing.T) {
	s := servers["miniredis"](t)
	api, worker := process(t, s.client(t, nil)), process(t, s.client(t, nil))
	var watchers sync.WaitGroup
	for range 1000 {
		sub := api.Subscribe("import/1")
		watchers.Go(func() {
			defer sub.Close()
			awaken(t, sub)
		})
	}
	publish(t, worker, "import/1")
	watchers.Wait()
}

func TestAClosedWatcherHearsNothing(t *testing.T) {
	hub := progress.New(realOrMini(t), nil)
	gone, still := hub.Subscribe("import/1"), hub.Subscribe("import/1")
	gone.Close()
	gone.Close()
	publish(t, hub, "import/1")
	awaken(t, still)
	asleep(t, gone)
	still.Close()
}

func TestReadyEndsWithItsContextAndTellsWhy(t *testing.T) {
	hub := progress.New(realOrMini(t), nil) // nobody runs it
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if err := hub.Ready(ctx); !errors.Is(err, why) {
		t.Fatal(err)
	}
}

func TestAHubIsRunOnceAtATime(t *testing.T) {
	s := servers["miniredis"](t)
	hub := process(t, s.client(t, nil))
	if err := hub.Run(t.Context()); err == nil || errors.Is(err, context.Canceled) {
		t.Fatalf("a second Run: %v", err)
	}
}

// Subscriptions come and go while events arrive; the race detector watches.
func TestSubscribePublishAndCloseAtOnce(t *testing.T) {
	hub := process(t, realOrMini(t))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 100 {
				topic := fmt.Sprint("user/", (i+j)%5)
				sub := hub.Subscribe(topic)
				if err := hub.Publish(t.Context(), topic); err != nil {
					t.Error(err)
				}
				awaken(t, sub)
				sub.Close()
			}
		})
	}
	all.Wait()
}
