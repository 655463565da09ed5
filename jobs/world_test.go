package jobs

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"tenantry/internal/broker"
	"tenantry/internal/id"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// pile is imports that wait: the database's part, in memory.
type pile struct {
	mu      sync.Mutex
	waiting int
	done    int
	asked   int                   // how often somebody counted them
	changed chan struct{}         // closed at each change
	run     func(context.Context) // what one import takes; nil: nothing
	fail    error                 // of each import; nil: none
}

func newPile() *pile { return &pile{changed: make(chan struct{})} }

func (p *pile) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *pile) add(n int) { p.change(func() { p.waiting += n }) }

func (p *pile) RunNext(ctx context.Context) (worked bool, err error) {
	p.change(func() {
		if worked = p.waiting > 0; worked {
			p.waiting--
		}
	})
	if worked {
		if p.run != nil {
			p.run(ctx)
		}
		p.change(func() { p.done++ })
		return true, p.fail
	}
	return false, nil
}

func (p *pile) Claimable(_ context.Context, limit int) (runs []id.ID, err error) {
	p.change(func() {
		p.asked++
		for range min(p.waiting, limit) {
			runs = append(runs, id.New(id.ImportRun))
		}
	})
	return runs, nil
}

// await waits until the pile is as it is wanted.
func (p *pile) await(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		p.mu.Lock()
		yes, changed := is(), p.changed
		p.mu.Unlock()
		if yes {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("waited half a minute for %s", what)
		}
	}
}

// redisServer is a Redis and what is connected to it: the broker and the hub of one process.
type redisServer struct {
	url    string
	broker *broker.Broker
	hub    *progress.Hub
	client *Client
}

// redisOf connects to the Redis as the server does.
func redisOf(t *testing.T, url string) *redisServer {
	t.Helper()
	b, err := broker.Open(t.Context(), broker.Options{URL: url, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	pool := b.NewPool()
	t.Cleanup(func() { _ = pool.Close() })
	hub := progress.New(pool, quiet)
	begin(t, func(ctx context.Context) error { _ = hub.Run(ctx); return nil })
	return &redisServer{url: url, broker: b, hub: hub, client: NewClient(pool, hub)}
}

func (r *redisServer) pool() redis.UniversalClient { return r.broker.NewPool() }

// elsewhere is another process at the same Redis; of the one in this process there is none.
func (r *redisServer) elsewhere(t *testing.T) *redisServer {
	t.Helper()
	if r.broker.Embedded() {
		return r
	}
	other := redisOf(t, r.url)
	if err := errors.Join(r.hub.Ready(t.Context()), other.hub.Ready(t.Context())); err != nil {
		t.Fatal(err)
	}
	return other
}

func (r *redisServer) inspector() *asynq.Inspector {
	return asynq.NewInspectorFromRedisClient(r.broker.Client())
}

// pending counts the tasks that no worker has taken.
func (r *redisServer) pending(t *testing.T) int {
	t.Helper()
	tasks, err := r.client.pending(1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}

// onRedises runs a test on the in-process Redis and on a real one.
func onRedises(t *testing.T, test func(t *testing.T, at *redisServer)) {
	t.Helper()
	t.Parallel()
	t.Run("embedded", func(t *testing.T) { t.Parallel(); test(t, redisOf(t, "")) })
	t.Run("redis", func(t *testing.T) { t.Parallel(); test(t, redisOf(t, testenv.RedisServer(t).URL())) })
}

// begin runs something until the test's end, or until the function it gives is called,
// once, which gives its error.
func begin(t *testing.T, run func(context.Context) error) (end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	over := false
	end = func() error { over = true; cancel(); return <-ended }
	t.Cleanup(func() {
		if over {
			return
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return end
}

func work(t *testing.T, at *redisServer, p *pile, o WorkerOptions) (end func() error) {
	t.Helper()
	return begin(t, NewWorker(at.pool(), at.hub, p, quiet, o).Run)
}

func sweeping(t *testing.T, at *redisServer, p *pile, every time.Duration) {
	t.Helper()
	begin(t, func(ctx context.Context) error { Sweep(ctx, at.client, p, every, quiet); return nil })
}
