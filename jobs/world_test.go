package jobs

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"tenantry/internal/broker"
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
	}
	return worked, nil
}

func (p *pile) Claimable(_ context.Context, limit int) (n int, err error) {
	p.change(func() { p.asked++; n = min(p.waiting, limit) })
	return n, nil
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

// redisOf opens the Redis as the server does.
func redisOf(t *testing.T, url string) asynq.RedisConnOpt {
	t.Helper()
	b, err := broker.Open(t.Context(), broker.Options{URL: url, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b.AsynqOpt()
}

// onRedises runs a test on the in-process Redis and on a real one.
func onRedises(t *testing.T, test func(t *testing.T, at asynq.RedisConnOpt)) {
	t.Helper()
	t.Parallel()
	t.Run("embedded", func(t *testing.T) { t.Parallel(); test(t, redisOf(t, "")) })
	t.Run("redis", func(t *testing.T) { t.Parallel(); test(t, redisOf(t, testenv.RedisServer(t).URL())) })
}

func clientOf(t *testing.T, at asynq.RedisConnOpt) *Client {
	t.Helper()
	pool := at.MakeRedisClient().(redis.UniversalClient)
	t.Cleanup(func() { _ = pool.Close() })
	return NewClient(pool)
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

func work(t *testing.T, at asynq.RedisConnOpt, p *pile, o WorkerOptions) (end func() error) {
	t.Helper()
	return begin(t, NewWorker(at, p, quiet, o).Run)
}

func sweeping(t *testing.T, at asynq.RedisConnOpt, p *pile, every time.Duration) {
	t.Helper()
	queue := clientOf(t, at)
	begin(t, func(ctx context.Context) error { Sweep(ctx, at, queue, p, every, quiet); return nil })
}

// pending counts the tasks that no worker has taken.
func pending(t *testing.T, at asynq.RedisConnOpt) int {
	t.Helper()
	client := at.MakeRedisClient().(redis.UniversalClient)
	defer client.Close()
	n, err := client.LLen(t.Context(), pendingKey).Result()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}
