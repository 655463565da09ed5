// Package broker opens Redis, for the queue and for publish and subscribe: a real server, or
// one inside this process if none is configured.
//
// Callers cannot tell which one it is. If Redis is down, paused or unreachable, one command
// of [Broker.Client] takes a quarter of a second to fail, and later ones fail at once until
// it is back. Background work has a connection pool of its own; for it an outage costs
// seconds, never a hang. Redis is a hint and not the record: the in-process one forgets
// everything at exit, a real one may be flushed at any moment, and nothing that must not be
// lost may exist only there.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	dialTimeout = 3 * time.Second // to connect, TLS included
	ioTimeout   = 3 * time.Second // for each write and each read of a reply
)

// Options say which Redis to open.
type Options struct {
	// URL of a server: redis://user:password@host:6379/0, rediss:// for TLS, or
	// unix:///path?db=0. go-redis's query parameters (pool_size, read_timeout …) are
	// understood and win over the defaults here. Empty: in-process.
	URL string

	// Log hears what is unwise in a server's setting, and when Redis goes away and comes
	// back. Default: slog.Default().
	Log *slog.Logger
}

// Broker is one Redis and a pool of connections to it.
type Broker struct {
	options *redis.Options
	client  *redis.Client // bounded by the breaker
	plain   *redis.Client // bounded by the options alone
	breaker *breaker
	server  *embedded // nil when the Redis is a server of its own
}

func newBroker(o *redis.Options, server *embedded, log *slog.Logger) *Broker {
	b := &Broker{options: o, client: newClient(o), plain: newClient(o), server: server}
	b.breaker = newBreaker(b.Ping, log)
	b.client.AddHook(b.breaker)
	return b
}

// Open gives the Redis that the options name. A server that cannot be reached now is no
// error, since it may come back: ask Ping. A URL that is no Redis URL is one, and so is
// an in-process Redis that cannot start. The error never holds a password.
//
// With a server, Open asks once whether its version has a known hole and whether it may
// evict keys, and says so in the log; that ends with ctx or after six seconds.
func Open(ctx context.Context, o Options) (*Broker, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.URL == "" {
		server, err := startEmbedded()
		if err != nil {
			return nil, err
		}
		return newBroker(prudent(server.options()), server, o.Log), nil
	}
	options, err := parse(o.URL)
	if err != nil {
		return nil, err
	}
	b := newBroker(options, nil, o.Log)
	b.inspect(ctx, o.Log)
	return b, nil
}

// parse reads the URL. url.Parse quotes its input, password and all, in its errors, so
// they go no further.
func parse(text string) (*redis.Options, error) {
	if _, err := url.Parse(text); err != nil {
		return nil, errors.New("broker: the Redis URL cannot be read: want redis://, rediss:// or unix://, with what is special in a password percent-encoded")
	}
	options, err := redis.ParseURL(text)
	if err != nil {
		return nil, fmt.Errorf("broker: the Redis URL is not usable: %w", err)
	}
	return prudent(options), nil
}

// prudent fills in what the URL leaves open, so that every wait has an end. Contexts
// count, and a dial is tried once: go-redis would try five times, and the callers here
// all come again by themselves.
func prudent(o *redis.Options) *redis.Options {
	if o.DialTimeout == 0 {
		o.DialTimeout = dialTimeout
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = ioTimeout
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = ioTimeout
	}
	if o.MaxRetries == 0 {
		o.MaxRetries = 1
	}
	if o.MaxRetryBackoff == 0 {
		o.MaxRetryBackoff = 100 * time.Millisecond
	}
	o.ContextTimeoutEnabled = true
	o.DialerRetries = 1
	// Only a managed cloud Redis knows these commands.
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o
}

// newClient leaves the options as they are, since redis.NewClient keeps and completes
// those that it is given.
func newClient(o *redis.Options) *redis.Client {
	own := *o
	return redis.NewClient(&own)
}

// Client is the pool of connections for what somebody waits for, shared by all who ask. A
// command takes a quarter of a second at most, and fails at once with [ErrUnavailable] while Redis
// is known not to reply. Subscriptions are not bounded. Close it through the Broker.
func (b *Broker) Client() redis.UniversalClient { return b.client }

// Shared is Client for what several processes count or agree on. It is nil where this process is
// alone, since memory does that as well, and better than an in-process Redis that waits for the
// processor.
func (b *Broker) Shared() redis.UniversalClient {
	if b.Embedded() {
		return nil
	}
	return b.client
}

// NewPool gives a new pool of connections for background work, which the options alone
// bound. Its user closes it before the Broker is closed.
func (b *Broker) NewPool() redis.UniversalClient { return newClient(b.options) }

// Ping asks for a sign of life. It fails within about 15 seconds at worst, and at once
// when ctx ends.
func (b *Broker) Ping(ctx context.Context) error {
	if err := b.plain.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("broker: Redis does not respond: %w", err)
	}
	return nil
}

// Embedded reports whether the Redis is inside this process, and so serves it alone.
func (b *Broker) Embedded() bool { return b.server != nil }

// Close ends the connections, and the in-process Redis with all that it held. Whatever
// still uses the Broker then gets errors. It may be called again.
func (b *Broker) Close() error {
	b.breaker.close()
	var err error
	for _, pool := range []*redis.Client{b.client, b.plain} {
		if closed := pool.Close(); !errors.Is(closed, redis.ErrClosed) {
			err = errors.Join(err, closed)
		}
	}
	if b.server != nil {
		b.server.close()
	}
	if err != nil {
		return fmt.Errorf("broker: close: %w", err)
	}
	return nil
}
