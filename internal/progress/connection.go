package progress

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// connection is what a hub does with Redis. It names no type of go-redis, since every package
// that holds a hub would otherwise compile the 600 methods of go-redis's client again: its type
// holds an atomic.Pointer to itself, and a generic type is compiled wherever it is reached. That
// was most of what notify cost to build.
type connection interface {
	// publish sends the topics in one round trip.
	publish(ctx context.Context, topics map[string]struct{}) error
	// subscribe begins without a channel, and sends nothing yet.
	subscribe(ctx context.Context) feed
}

// feed is a subscription of go-redis. What it receives is a *redis.Subscription, a
// *redis.Message or a *redis.Pong.
type feed interface {
	Subscribe(ctx context.Context, channels ...string) error
	ReceiveTimeout(ctx context.Context, timeout time.Duration) (any, error)
	Ping(ctx context.Context, payload ...string) error
	Close() error
}

type goRedis struct{ client redis.UniversalClient }

func (r goRedis) publish(ctx context.Context, topics map[string]struct{}) error {
	_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for topic := range topics {
			p.Publish(ctx, channel, topic)
		}
		return nil
	})
	return err
}

func (r goRedis) subscribe(ctx context.Context) feed { return r.client.Subscribe(ctx) }
