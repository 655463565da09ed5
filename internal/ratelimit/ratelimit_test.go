package ratelimit_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"tenantry/internal/broker"
	"tenantry/internal/fault"
	"tenantry/internal/ratelimit"
	"tenantry/internal/testenv"
)

var secret = []byte("a secret that all processes have")

// limiter is one with a clock that the test moves.
type limiter struct {
	t *testing.T
	*ratelimit.Limiter
	advance func(time.Duration)
}

// inBoth runs a test on a limiter of one process alone and on one that asks Redis.
func inBoth(t *testing.T, test func(t *testing.T, l limiter)) {
	t.Helper()
	t.Run("alone", func(t *testing.T) { test(t, alone(t)) })
	t.Run("redis", func(t *testing.T) { test(t, byRedis(t)) })
}

func alone(t *testing.T) limiter {
	l := ratelimit.Local()
	var now time.Duration
	l.SetClock(func() time.Duration { return now })
	return limiter{t, l, func(d time.Duration) { now += d }}
}

func byRedis(t *testing.T) limiter {
	t.Helper()
	s := miniredis.RunT(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s.SetTime(now)
	client := redis.NewClient(&redis.Options{Addr: s.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	l, err := ratelimit.New(client, secret, slog.New(slog.DiscardHandler))
	testenv.Must(t, err)
	return limiter{t, l, func(d time.Duration) {
		now = now.Add(d)
		s.SetTime(now)
		s.FastForward(d) // expires keys
	}}
}

// take wants 0 for an attempt that is admitted, else retryAfter in seconds.
func (l limiter) take(seconds int, counters ...ratelimit.Counter) []ratelimit.Taken {
	l.t.Helper()
	taken, err := l.Take(l.t.Context(), counters...)
	if got := retryAfter(l.t, err); got != seconds {
		l.t.Errorf("the wait is %d s, want %d", got, seconds)
	}
	return taken
}

func retryAfter(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	f := fault.Of(err)
	if f == nil || f.Kind != fault.RateLimited {
		t.Fatal(err)
	}
	return f.Extra["retryAfter"].(int)
}

func rule(burst int, every time.Duration) ratelimit.Rule {
	return ratelimit.Rule{Name: "test", What: "attempts", Limit: ratelimit.Limit{Burst: burst, Every: every}}
}

// U12: a burst of attempts is admitted, then one for each interval, and retryAfter is right.
func TestU12AttemptsAreForgivenWithTime(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, l limiter) {
		a, b := rule(3, time.Minute).Of("a"), rule(3, time.Minute).Of("b")
		for range 3 {
			l.take(0, a)
		}
		for range 5 {
			l.take(60, a) // a refused attempt does not make the wait longer
		}
		l.take(0, b)
		l.advance(59*time.Second + time.Millisecond)
		l.take(1, a)
		l.advance(999 * time.Millisecond)
		l.take(0, a)
		l.take(60, a)
		l.advance(time.Hour) // long enough for all of the burst, and no more than it
		for range 3 {
			l.take(0, a)
		}
		l.take(60, a)
	})
}

// U12: whoever goes on exhausting the burst waits twice as long each time, up to the longest wait;
// after a pause it begins anew.
func TestU12TheWaitGrows(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, l limiter) {
		r := rule(3, time.Minute)
		r.Limit.Longest = 5 * time.Minute
		a := r.Of("a")
		for range 2 {
			for range 3 {
				l.take(0, a)
			}
			for _, minutes := range []int{1, 2, 4, 5, 5} {
				l.take(60*minutes, a)
				l.advance(time.Duration(minutes) * time.Minute)
				l.take(0, a)
			}
			l.advance(7 * time.Minute) // the two that the burst leaves and the last wait
		}
	})
}

// U12: of several counters all count an attempt, or none where one refuses.
func TestU12CountersCountTogether(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, l limiter) {
		account, address := rule(2, time.Minute), rule(3, time.Hour)
		account.Name, account.What = "account", "wrong passwords"
		x, y, from := account.Of("x"), account.Of("y"), address.Of("here")
		l.take(0, x, from)
		l.take(0, x, from)
		_, err := l.Take(t.Context(), x, from)
		if err == nil || !strings.Contains(err.Error(), "too many wrong passwords. Try again in 60 seconds") {
			t.Errorf("the message is %v", err)
		}
		l.take(0, y, from)
		l.take(3600, y, from)
		l.take(3600, x, from) // the longer of the two waits
		l.take(0, y)          // which the refusals have not counted
	})
}

// U12: an attempt counts from before it is checked; one that was no failure is given back, and who
// has proved to be who they are begins anew.
func TestU12AttemptsAreReturnedAndForgotten(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, l limiter) {
		r := rule(3, time.Minute)
		r.Limit.Longest = time.Hour
		a, other := r.Of("a"), rule(3, time.Minute).Of("other")
		var taken []ratelimit.Taken
		for range 3 {
			taken = append(taken, l.take(0, a)...)
		}
		l.take(60, a)
		l.Return(t.Context(), taken[2])
		l.take(0, a)
		l.take(60, a) // a returned attempt has not made the wait grow
		l.Return(t.Context(), taken...)
		l.Return(t.Context(), taken...) // of nothing
		for range 3 {
			l.take(0, a)
		}
		l.Forget(t.Context(), a, other)
		for range 3 {
			l.take(0, a)
		}
		l.take(60, a)
	})
}

// A limit of zero is none, and a counter of several attempts at once counts them all.
func TestUnitsAndNoLimit(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, l limiter) {
		none := rule(0, time.Minute).Of("a")
		for range 50 {
			l.take(0, none)
		}
		a := rule(10, time.Minute).Of("a")
		l.take(0, none, a.Times(8))
		l.take(60, a.Times(3), none)
		l.take(0, a.Times(2))
		l.take(0, a.Times(0))
		l.take(60, a)
		l.take(0, rule(3, time.Minute).Of("more than a burst").Times(1000))
	})
}

// Spend admits as many as Take, and no more, whatever it counts in advance.
func TestSpendCountsInAdvance(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, l limiter) {
		a := rule(500, time.Second).Of("a")
		spend := func() int { return retryAfter(t, l.Spend(t.Context(), a)) }
		for i := range 500 {
			if wait := spend(); wait > 0 {
				t.Fatalf("attempt %d waits %d s", i+1, wait)
			}
		}
		if wait := spend(); wait != 5 { // until five more can be counted at once
			t.Errorf("after the burst the wait is %d s", wait)
		}
		l.advance(time.Hour)
		if wait := spend(); wait > 0 {
			t.Errorf("after an hour: %d s", wait)
		}
	})
}

// What many requests count in advance at the same time is not lost.
func TestSpendAtTheSameTime(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, l limiter) {
		a := rule(2000, time.Minute).Of("a")
		var admitted atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				for range 60 {
					if l.Spend(t.Context(), a) == nil {
						admitted.Add(1)
					}
				}
			})
		}
		all.Wait()
		if n := admitted.Load(); n != 2000 {
			t.Errorf("%d of 3,000 were admitted, want 2,000", n)
		}
	})
}

// Redis's script and this process alone decide the same, whatever comes.
func TestRedisAndLocalAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		one, other := alone(t), byRedis(t)
		limits := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) ratelimit.Limit {
			return ratelimit.Limit{
				Burst: rapid.IntRange(1, 5).Draw(rt, "burst"), Every: time.Duration(rapid.IntRange(1, 90).Draw(rt, "every")) * time.Second,
				Longest: time.Duration(rapid.IntRange(0, 600).Draw(rt, "longest")) * time.Second,
			}
		}), 2, 2).Draw(rt, "limits")
		counters := func() (all []ratelimit.Counter) {
			for i, l := range limits {
				r := ratelimit.Rule{Name: fmt.Sprint("r", i), What: "attempts", Limit: l}
				all = append(all, r.Of(rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "name")).Times(rapid.IntRange(0, 2).Draw(rt, "units")))
			}
			return all
		}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0:
				c := counters()[:1]
				one.Forget(t.Context(), c...)
				other.Forget(t.Context(), c...)
			case 1, 2, 3:
				d := time.Duration(rapid.IntRange(1, 100_000).Draw(rt, "milliseconds")) * time.Millisecond
				one.advance(d)
				other.advance(d)
			default:
				c := counters()
				taken, err := one.Take(t.Context(), c...)
				taken2, err2 := other.Take(t.Context(), c...)
				if fmt.Sprint(err) != fmt.Sprint(err2) {
					rt.Fatalf("alone: %v; by Redis: %v", err, err2)
				}
				if err == nil && rapid.IntRange(0, 3).Draw(rt, "return") == 0 {
					one.Return(t.Context(), taken...)
					other.Return(t.Context(), taken2...)
				}
			}
		}
	})
}

// processes are limiters that share a redis-server, as those of several processes do.
func processes(t *testing.T, s *testenv.Server, n int) (all []*ratelimit.Limiter, client redis.UniversalClient) {
	t.Helper()
	for range n {
		b, err := broker.Open(t.Context(), broker.Options{URL: s.URL(), Log: slog.New(slog.DiscardHandler)})
		testenv.Must(t, err)
		t.Cleanup(func() { _ = b.Close() })
		l, err := ratelimit.New(b.Client(), secret, slog.New(slog.DiscardHandler))
		testenv.Must(t, err)
		all, client = append(all, l), b.Client()
	}
	return all, client
}

// U12: what is attempted all at once in several processes is counted once for all of them, whatever
// their clocks say.
func TestU12ProcessesCountTogether(t *testing.T) {
	t.Parallel()
	all, client := processes(t, testenv.RedisServer(t), 3)
	all[1].SetClock(func() time.Duration { return 10 * time.Hour })
	all[2].SetClock(func() time.Duration { return -10 * time.Hour })
	r := rule(100, time.Hour)
	var mu sync.Mutex
	var admitted int
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			for range 20 {
				if _, err := all[i%3].Take(t.Context(), r.Of("mallory@example.org")); err == nil {
					mu.Lock()
					admitted++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if admitted != 100 {
		t.Errorf("%d of 600 attempts in three processes were admitted, want 100", admitted)
	}
	for i, l := range all {
		if _, err := l.Take(t.Context(), r.Of("mallory@example.org")); !fault.Is(err, fault.RateLimited) {
			t.Errorf("process %d: %v", i, err)
		}
		if _, err := l.Take(t.Context(), r.Of("other@example.org")); err != nil {
			t.Errorf("another name in process %d: %v", i, err)
		}
	}
	keys, err := client.Keys(t.Context(), "*").Result()
	testenv.Must(t, err)
	if len(keys) != 2 {
		t.Errorf("there are keys %q", keys)
	}
	for _, key := range keys {
		if strings.Contains(key, "example") {
			t.Errorf("a name is in Redis: %s", key)
		}
		if ttl := client.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > 100*time.Hour {
			t.Errorf("%s expires in %v", key, ttl)
		}
	}
}

// U12: while Redis is gone or hangs each process limits alone, from what it has seen; a Redis that
// comes back empty limits again.
func TestU12LimitsHoldWithoutRedis(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testenv.Server){"killed": (*testenv.Server).Kill, "paused": (*testenv.Server).Pause} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testenv.RedisServer(t)
			all, _ := processes(t, s, 2)
			r := rule(5, time.Hour)
			admitted := func(l *ratelimit.Limiter, name string) (n int) {
				for range 20 {
					if _, err := l.Take(t.Context(), r.Of(name)); err == nil {
						n++
					}
				}
				return n
			}
			if n := admitted(all[0], "seen"); n != 5 {
				t.Fatalf("%d were admitted before", n)
			}
			end(s)
			began := time.Now()
			if n := admitted(all[0], "seen"); n != 0 {
				t.Errorf("%d more of an exhausted name were admitted where it was exhausted", n)
			}
			for i, l := range all {
				if n := admitted(l, "new"); n != 5 {
					t.Errorf("process %d admitted %d of a new name", i, n)
				}
			}
			if d := time.Since(began); d > 3*time.Second {
				t.Errorf("80 attempts without Redis took %v", d)
			}
			alone, err := all[0].Take(t.Context(), r.Of("returned"))
			testenv.Must(t, err)
			s.Restart()
			round := 0
			testenv.Await(t, "both to count by Redis again", func() bool {
				round++
				name := fmt.Sprint("after ", round)
				_ = admitted(all[1], name)
				return admitted(all[0], name) == 0
			})
			_ = admitted(all[1], "returned")
			all[0].Return(t.Context(), alone...) // of which Redis does not know
			if n := admitted(all[1], "returned"); n != 0 {
				t.Errorf("%d more were admitted after the return of an attempt that was counted without Redis", n)
			}
			if n := admitted(all[0], "new"); n != 0 {
				t.Errorf("%d more of a name were admitted where it was exhausted without Redis", n)
			}
		})
	}
}

// Whoever invents names fills no memory of a process.
func TestALocalLimiterIsBounded(t *testing.T) {
	t.Parallel()
	l := alone(t)
	r := rule(1, time.Minute)
	l.take(0, r.Of("first"))
	for i := range 10_000 {
		l.take(0, r.Of(fmt.Sprint(i)))
	}
	l.take(60, r.Of("9999"))
	l.take(0, r.Of("first")) // pushed out
}
