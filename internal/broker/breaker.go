package broker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// commandTimeout is how long a command of [Broker.Client] may take: somebody waits for an
	// answer that does not depend on Redis.
	commandTimeout = 250 * time.Millisecond

	probeInterval = 200 * time.Millisecond // between two probes of a Redis that is away
	probeTimeout  = time.Second            // for each of them
)

// ErrUnavailable is the error of every command of [Broker.Client] while Redis is known to be away.
var ErrUnavailable = errors.New("broker: Redis is unavailable")

// breaker is a redis.Hook that bounds commands in time. The first one that Redis leaves
// without a reply opens it; then all others fail at once, and one probe in the background
// closes it again when Redis replies, so that no caller waits to find that out.
type breaker struct {
	probe func(ctx context.Context) error
	log   *slog.Logger

	ctx    context.Context //nolint:containedctx // the probes' own, which end with close
	cancel context.CancelFunc
	probes sync.WaitGroup

	mu   sync.Mutex
	open bool
}

func newBreaker(probe func(context.Context) error, log *slog.Logger) *breaker {
	ctx, cancel := context.WithCancel(context.Background())
	return &breaker{probe: probe, log: log, ctx: ctx, cancel: cancel}
}

// close ends the probes and waits for them.
func (b *breaker) close() {
	b.mu.Lock()
	b.cancel() // under the lock: trip starts no probe after it
	b.mu.Unlock()
	b.probes.Wait()
}

// DialHook is redis.Hook's; options bound dialing.
func (b *breaker) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook is redis.Hook's.
func (b *breaker) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return b.do(ctx, func(ctx context.Context) error { return next(ctx, cmd) }, cmd)
	}
}

// ProcessPipelineHook is redis.Hook's.
func (b *breaker) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		return b.do(ctx, func(ctx context.Context) error { return next(ctx, cmds) }, cmds...)
	}
}

func (b *breaker) do(ctx context.Context, run func(context.Context) error, cmds ...redis.Cmder) error {
	if b.isOpen() {
		for _, cmd := range cmds {
			cmd.SetErr(ErrUnavailable)
		}
		return ErrUnavailable
	}
	bounded, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	err := run(bounded)
	if err != nil && !isReply(err) && !errors.Is(ctx.Err(), context.Canceled) {
		b.trip(ctx, err)
	}
	return err
}

// isReply reports whether the error is what a Redis that is there has said.
func isReply(err error) bool {
	var reply redis.Error // redis.Nil too
	return errors.As(err, &reply) || errors.Is(err, redis.ErrClosed)
}

func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}

// trip opens the breaker and probes until Redis replies.
func (b *breaker) trip(ctx context.Context, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open || b.ctx.Err() != nil {
		return
	}
	b.open = true
	b.log.WarnContext(ctx, "Redis does not reply: nothing waits for it until it does; imports are accepted, and queued by the sweep", "error", cause)
	b.probes.Go(b.probeUntilBack)
}

func (b *breaker) probeUntilBack() {
	began := time.Now()
	for b.probeOnce() != nil {
		select {
		case <-b.ctx.Done():
			return
		case <-time.After(probeInterval):
		}
	}
	b.mu.Lock()
	b.open = false
	b.mu.Unlock()
	b.log.InfoContext(b.ctx, "Redis replies again", "away", time.Since(began).Round(time.Millisecond))
}

func (b *breaker) probeOnce() error {
	ctx, cancel := context.WithTimeout(b.ctx, probeTimeout)
	defer cancel()
	return b.probe(ctx)
}
