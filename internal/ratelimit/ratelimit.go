// Package ratelimit refuses what is attempted too often, by name: an account, a client address, a
// company (rule U12). All processes that share a Redis count together.
//
// The algorithm is the generic cell rate algorithm (GCRA). A name has one number: the time at
// which everything that it did will be forgiven. Each attempt moves that time on by Limit.Every. An
// attempt is refused where the time is further away than a burst of attempts reaches. Refused
// attempts count nothing, so the wait never grows while somebody waits. A name that has done
// nothing for long needs no entry, so nothing has to be swept.
//
//	taken, err := limiter.Take(ctx, signIns.Of(email), addresses.Of(address)) // before any work
//	if err != nil {
//		return err // RATE_LIMITED with retryAfter
//	}
//
// Redis decides in one script with its own clock, so clocks of processes do not matter. Names are
// stored as keyed hashes, with an expiry. While Redis does not answer, each process decides alone
// by what it last saw, and tells Redis afterwards: an attacker then has the limit once for each process.
package ratelimit

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"tenantry/internal/fault"
)

// Limit is how often something may be done: Burst times at once, and once more for each Every that
// passes. The zero value is no limit.
type Limit struct {
	Burst int
	Every time.Duration
	// Longest, where it is longer than Every, lets the wait grow: each attempt that exhausts the burst
	// doubles the wait for the next, from Every up to Longest. After a pause in which everything is
	// forgiven it begins anew.
	Longest time.Duration
}

// PerPeriod is the limit of n for each period, all of which may come at once.
func PerPeriod(n int, period time.Duration) Limit {
	if n <= 0 {
		return Limit{}
	}
	return Limit{Burst: n, Every: max(period/time.Duration(n), time.Microsecond)}
}

func (l Limit) none() bool { return l.Burst <= 0 || l.Every <= 0 }

// tolerated is how far ahead the time of a name may be for one more attempt, in microseconds.
func (l Limit) tolerated() int64 { return int64(l.Burst-1) * l.Every.Microseconds() }

// Rule is a limit with a name of its own.
type Rule struct {
	Name  string // a word, part of the keys in Redis
	What  string // a plural for messages, such as "wrong passwords"
	Limit Limit
}

// Of is the counter of this rule for a name: an email, an address, an id.
func (r Rule) Of(name string) Counter { return Counter{rule: r, name: name, units: 1} }

// Counter is a rule for one name.
type Counter struct {
	rule  Rule
	name  string
	units int
}

// Times is the counter for n attempts at once; of more than a burst as many as that has, lest they be
// refused for ever.
func (c Counter) Times(n int) Counter {
	c.units = n
	if burst := c.rule.Limit.Burst; burst > 0 {
		c.units = min(n, burst)
	}
	return c
}

// Taken is what Take has counted by one counter, for Return.
type Taken struct {
	counter Counter
	cost    int64 // microseconds
	strikes int
	alone   bool // Redis has not counted it
}

// Limiter counts and refuses. It is safe for concurrent use.
type Limiter struct {
	redis redis.UniversalClient // nil: this process alone
	key   []byte
	log   *slog.Logger

	local  local
	ahead  ahead
	warned atomic.Int64 // when, in seconds of the process
}

// keyPurpose separates the key of the names in Redis from the server's other keys.
const keyPurpose = "tenantry rate limits 1"

// New makes the Limiter of a process. secret is the key material that all processes share: without
// it names in Redis could be guessed. A nil client counts in this process alone.
func New(client redis.UniversalClient, secret []byte, log *slog.Logger) (*Limiter, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, keyPurpose, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of the rate limits: %w", err)
	}
	started := time.Now()
	return &Limiter{redis: client, key: key, log: log, local: local{now: func() int64 { return time.Since(started).Microseconds() }}}, nil
}

// Local makes a Limiter that counts in this process alone.
func Local() *Limiter {
	l, err := New(nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err) // a hash of 32 bytes gives 32 bytes
	}
	return l
}

// Take counts an attempt by each of the counters, or by none of them where one refuses: then its
// error is RATE_LIMITED with `retryAfter` in whole seconds. It is to be called before the work that
// it limits, and does not end with ctx: whoever leaves early is counted too.
func (l *Limiter) Take(ctx context.Context, counters ...Counter) ([]Taken, error) {
	now := l.local.now()
	taken := make([]Taken, len(counters))
	var asked []asked
	for i, c := range counters {
		taken[i].counter = c
		if !c.rule.Limit.none() && c.units > 0 {
			asked = append(asked, l.ask(i, c))
		}
	}
	if len(asked) == 0 {
		return taken, nil
	}
	results, refused, ok := l.shared(ctx, now, asked)
	if ok {
		l.local.keep(now, asked, results, refused.wait == 0)
	} else {
		results, refused = l.local.take(now, asked)
	}
	if refused.wait > 0 {
		return nil, tooMany(asked[refused.by].Counter, refused.wait)
	}
	for i, a := range asked {
		taken[a.index] = Taken{a.Counter, results[i].cost, results[i].struck, !ok}
	}
	return taken, nil
}

// asked is a counter that limits.
type asked struct {
	Counter
	index int    // among those that the caller gave
	key   string // in Redis
}

func (l *Limiter) ask(i int, c Counter) asked { return asked{c, i, l.keyOf(c)} }

// keyOf is the counter's key in Redis. It tells nothing about the name.
func (l *Limiter) keyOf(c Counter) string {
	h := hmac.New(sha256.New, l.key)
	h.Write([]byte(c.rule.Name + "\x00" + c.name))
	return "tenantry:limit:" + c.rule.Name + ":" + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

func tooMany(c Counter, wait int64) *fault.Error {
	seconds := max(1, int(math.Ceil(float64(wait)/1e6)))
	return fault.New(fault.RateLimited, "There were too many %s. Try again in %d seconds.", c.rule.What, seconds).
		With("retryAfter", seconds)
}

// Return uncounts attempts that were none of those which the limit is about.
func (l *Limiter) Return(ctx context.Context, taken ...Taken) {
	var keys []string
	var args []any
	now := l.local.now()
	for _, t := range taken {
		if t.cost == 0 {
			continue
		}
		key := l.keyOf(t.counter)
		l.local.giveBack(now, t, key)
		if !t.alone {
			keys, args = append(keys, key), append(args, t.cost, t.strikes)
		}
	}
	if len(keys) > 0 {
		l.check(ctx, giveBack.Run(context.WithoutCancel(ctx), l.redis, keys, args...).Err())
	}
}

// Forget clears counters: their names have proved to be who they are.
func (l *Limiter) Forget(ctx context.Context, counters ...Counter) {
	keys := make([]string, len(counters))
	for i, c := range counters {
		keys[i] = l.keyOf(c)
		l.local.forget(c.rule.Name, keys[i])
	}
	if len(keys) > 0 && l.redis != nil {
		l.check(ctx, l.redis.Del(context.WithoutCancel(ctx), keys...).Err())
	}
}

// check logs, once a minute at most, that Redis has not counted.
func (l *Limiter) check(ctx context.Context, err error) {
	if err == nil {
		return
	}
	now, last := l.local.now()/1e6+1, l.warned.Load()
	if (last == 0 || now-last >= 60) && l.warned.CompareAndSwap(last, now) {
		l.log.WarnContext(ctx, "Redis does not count attempts: each process limits alone", "error", err)
	}
}

// ahead are attempts that were counted in advance, by key.
type ahead struct {
	mu   sync.Mutex
	left lru[credit]
}

type credit struct {
	units int
	until int64 // microseconds of the process
}

// aheadShare is the part of a burst that Spend counts at once.
const aheadShare = 100

// Spend is Take for what happens so often that asking Redis each time would cost more than what it
// limits. It counts a hundredth of the burst in advance: a process may hold that much of a name's
// limit unused, for as long as it takes to be forgiven.
func (l *Limiter) Spend(ctx context.Context, c Counter) error {
	limit := c.rule.Limit
	chunk := limit.Burst / aheadShare
	if limit.none() || chunk <= 1 {
		_, err := l.Take(ctx, c)
		return err
	}
	key := l.keyOf(c)
	if l.ahead.spend(key, l.local.now()) {
		return nil
	}
	if _, err := l.Take(ctx, c.Times(chunk)); err != nil {
		return err
	}
	l.ahead.add(key, chunk-1, l.local.now(), limit.Every.Microseconds())
	return nil
}

func (a *ahead) spend(key string, now int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.left.get(key)
	if !ok || c.units <= 0 || now > c.until {
		return false
	}
	c.units--
	a.left.put(key, c)
	return true
}

// add adds to what others have counted at the same time. It holds for as long as it takes to be forgiven.
func (a *ahead) add(key string, units int, now, every int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.left.get(key); ok && now <= c.until {
		units += c.units
	}
	a.left.put(key, credit{units, now + int64(units+1)*every})
}
