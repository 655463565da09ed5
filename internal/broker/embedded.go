package broker

import (
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// embedded is a Redis inside this process. It listens on a free loopback port, which
// any local user can reach, so it takes a random password that exists in this process
// only: without it a connection gets NOAUTH for every command.
type embedded struct {
	redis    *miniredis.Miniredis
	password string
	once     sync.Once
}

// startEmbedded starts it, empty.
func startEmbedded() (*embedded, error) {
	e := &embedded{redis: miniredis.NewMiniRedis(), password: rand.Text()}
	e.redis.RequireAuth(e.password) // before it listens
	// Keys age by the clock whenever somebody looks. The default is that they never
	// do, unless a ticker calls FastForward.
	e.redis.ClockTTL(true)
	if err := e.redis.Start(); err != nil {
		return nil, fmt.Errorf("broker: the in-process Redis cannot listen on 127.0.0.1: %w", err)
	}
	return e, nil
}

func (e *embedded) options() *redis.Options {
	return &redis.Options{Network: "tcp", Addr: e.redis.Addr(), Password: e.password}
}

// close ends the server and waits for its connections to end.
func (e *embedded) close() { e.once.Do(e.redis.Close) }
