package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"tenantry/chaos/harness"
	"tenantry/client"
)

// watchers measures many WebSockets that watch one running import which commits once a second:
// how long after the commit each hears of it, what a watcher costs the api process, and how
// they come through the restart of one of two api processes.
type watchers struct {
	programs
	n, users int
	measure  time.Duration
	restart  bool
}

// within is how soon after its connection is lost a watcher is to be back.
const within = 10 * time.Second

func (w *watchers) run(ctx context.Context) error {
	if w.n < 2 || w.users < 1 || w.measure < 2*time.Second {
		return errors.New("at least two watchers, a user and two seconds")
	}
	if err := descriptors(w.n + 200); err != nil {
		return err
	}
	for _, p := range []struct{ name, binary string }{{"tenantry", w.binary}, {"older", w.against}} {
		if p.name == "older" && p.binary == "" {
			continue
		}
		s, err := newStack(ctx, p.binary, false, map[string]string{
			"IMPORT_BATCH_ROWS": "10", "WS_MAX_CONNECTIONS": "100000", "WS_MAX_PER_ADDRESS": "100000", "IMPORT_MAX_ROWS_CONTACTS": "5000",
		})
		if err == nil {
			err = w.of(ctx, &version{name: p.name, stack: s})
		}
		s.end()
		if err != nil {
			return err
		}
	}
	return nil
}

// paced makes imports commit at the beginning of each second, while the table bench_pace has a
// row, and notes when.
var paced = []string{
	`CREATE TABLE bench_pace (on_ boolean)`, `INSERT INTO bench_pace VALUES (true)`,
	`CREATE TABLE bench_steps (processed integer, at timestamptz)`,
	`CREATE FUNCTION bench_pace() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF EXISTS (SELECT 1 FROM bench_pace) THEN
				PERFORM pg_sleep(1 - mod(extract(epoch FROM clock_timestamp()), 1));
				INSERT INTO bench_steps VALUES (NEW.processed_rows, clock_timestamp());
			END IF;
			RETURN NEW;
		END $$`,
	`CREATE TRIGGER bench_pace BEFORE UPDATE ON import_runs FOR EACH ROW WHEN (NEW.processed_rows > OLD.processed_rows) EXECUTE FUNCTION bench_pace()`,
}

func (w *watchers) of(ctx context.Context, v *version) (err error) {
	if v.api, v.worker, err = v.run(ctx); err != nil {
		return err
	}
	if _, err := v.ready(ctx); err != nil {
		return err
	}
	users, err := w.signIn(ctx, v)
	if err != nil {
		return err
	}
	if err := v.execute(ctx, paced...); err != nil {
		return err
	}
	run, err := upload(ctx, users[0], "", contacts("watched", 5_000))
	if err != nil {
		return err
	}
	if err := started(ctx, users[0], run); err != nil {
		return err
	}
	idle, _, err := resident(v.api.PID())
	if err != nil {
		return err
	}

	crowd := &crowd{run: run, each: make([]*watcher, w.n)}
	crowd.addresses.Store(&[]string{strings.TrimPrefix(v.url, "http://")})
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	opening := make(chan struct{}, 32) // how many open a connection at once
	began := time.Now()
	for i := range crowd.each {
		crowd.each[i] = &watcher{crowd: crowd, token: users[i%len(users)].Token(), opening: opening}
		all.Go(func() { crowd.each[i].watch(watching) })
	}
	if err := harness.Until(ctx, 3*time.Minute, "all watchers to be connected", func() bool { return crowd.connected.Load() == int64(w.n) || crowd.lost.Load() > 0 }); err != nil {
		return errors.Join(fmt.Errorf("%w: %d are", err, crowd.connected.Load()), crowd.failure())
	}
	if crowd.lost.Load() > 0 {
		return fmt.Errorf("%d connections were lost: %w", crowd.lost.Load(), crowd.failure())
	}
	fmt.Printf("%s: %d watchers of %d users connected in %v; from subscribing to the first event %s\n", v.name, w.n, w.users,
		time.Since(began).Round(10*time.Millisecond), percentiles(crowd.take(func(a *watcher) []time.Duration { return a.first })))

	if err := wait(ctx, 2*time.Second); err != nil {
		return err
	}
	from, u, own, heard := time.Now(), v.usage(), ownTime(), crowd.heard.Load()
	if err := wait(ctx, w.measure); err != nil {
		return err
	}
	now, _, err := resident(v.api.PID())
	if err != nil {
		return err
	}
	spent, spentHere := v.usage().since(u), ownTime()-own
	heard = crowd.heard.Load() - heard
	until := time.Now().Add(-time.Second) // what came then has had its time
	delays, missed, err := w.delays(ctx, v, crowd, from, until)
	if err != nil {
		return err
	}
	perWatcher := float64(now-idle) / 1024 / float64(w.n)
	fmt.Printf("from the commit to a watcher: %s; %d of %d messages did not come, %d connections were lost\n", percentiles(delays), missed, missed+len(delays), crowd.lost.Load())
	fmt.Printf("memory of the api process: %.1f KiB a watcher; CPU a message %s, of the watchers themselves %.1f µs\n", perWatcher, spent.per(int(heard)),
		micros(spentHere)/float64(heard))
	name := fmt.Sprintf("watchers %d ", w.n)
	v.figure(name+"p99", quantile(delays, 0.99).Seconds()*1e3)
	v.figure(name+"memory", perWatcher)
	v.figure(name+"lost", float64(crowd.lost.Load())+float64(missed))
	if w.restart {
		if err := w.restarted(ctx, v, crowd); err != nil {
			return err
		}
	}
	if err := v.execute(ctx, `DELETE FROM bench_pace`); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(time.Minute):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	once := 0
	for _, a := range crowd.each {
		if a.finals.Load() == 1 {
			once++
		}
	}
	fmt.Printf("%d of %d watchers got exactly one final event\n", once, w.n)
	v.figure(name+"without one final event", float64(w.n-once))
	return nil
}

// signIn makes administrators of one company, among whom the watchers are divided.
func (w *watchers) signIn(ctx context.Context, v *version) (all []*client.Client, err error) {
	_, admin, err := v.company(ctx, "Watched")
	if err != nil {
		return nil, err
	}
	all = append(all, admin)
	for i := 1; i < w.users; i++ {
		email := fmt.Sprintf("watcher%d@watched.example", i)
		if err := admin.Do(ctx, `mutation($e:String!,$p:String!){createUser(input:{email:$e,firstName:"Wendy",lastName:"Watcher",password:$p,role:ADMIN}){user{id}}}`,
			client.Vars{"e": email, "p": password}, nil); err != nil {
			return nil, err
		}
		user, err := v.operator.SignIn(ctx, email, password)
		if err != nil {
			return nil, err
		}
		all = append(all, user)
	}
	return all, nil
}

// delays are from each commit between two moments to its arrival at each watcher, and how many
// did not arrive.
func (w *watchers) delays(ctx context.Context, v *version, c *crowd, from, until time.Time) (delays []time.Duration, missed int, err error) {
	db, err := v.postgres.Open("bench")
	if err != nil {
		return nil, 0, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT processed, at FROM bench_steps WHERE at BETWEEN $1 AND $2`, from, until)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	steps := map[int]time.Time{}
	for rows.Next() {
		var processed int
		var at time.Time
		if err := rows.Scan(&processed, &at); err != nil {
			return nil, 0, err
		}
		steps[processed] = at
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	fmt.Printf("%d commits in %v\n", len(steps), until.Sub(from).Round(time.Second))
	for _, a := range c.each {
		a.mu.Lock()
		came := maps.Clone(a.came)
		a.mu.Unlock()
		for processed, at := range steps {
			if t, ok := came[processed]; ok {
				delays = append(delays, t.Sub(at))
			} else {
				missed++
			}
		}
	}
	if len(delays) == 0 {
		err = fmt.Errorf("none of %d commits was heard of", len(steps))
	}
	return delays, missed, err
}

// restarted moves half of the watchers to a second api process, restarts the first one, and
// sees when its watchers are back.
func (w *watchers) restarted(ctx context.Context, v *version, c *crowd) error {
	first := v.api
	if _, err := v.start(ctx, "api"); err != nil {
		return err
	}
	second := strings.TrimPrefix(v.url, "http://")
	c.addresses.Store(&[]string{second})
	moved := c.each[:w.n/2]
	for _, a := range moved {
		a.move()
	}
	began := time.Now()
	if err := harness.Until(ctx, 3*time.Minute, "half of the watchers to be at the second process", func() bool {
		return !slices.ContainsFunc(moved, func(a *watcher) bool { return a.address.Load() != second || !a.up.Load() })
	}); err != nil {
		return errors.Join(fmt.Errorf("%w: %d of %d are connected", err, c.connected.Load(), w.n), c.failure())
	}
	fmt.Printf("%d of them moved to a second api process in %v\n", len(moved), time.Since(began).Round(10*time.Millisecond))
	if err := wait(ctx, 2*time.Second); err != nil {
		return err
	}
	for _, a := range c.each {
		a.mu.Lock()
		a.outages = nil
		a.mu.Unlock()
	}
	lost := c.lost.Load()
	stopping := make(chan error, 1)
	began = time.Now()
	go func() { stopping <- first.Stop(syscall.SIGTERM, 40*time.Second) }()
	_, err := v.start(ctx, "api")
	if err != nil {
		return err
	}
	c.addresses.Store(&[]string{second, strings.TrimPrefix(v.url, "http://")})
	if err := <-stopping; err != nil {
		return err
	}
	took := time.Since(began)
	_ = harness.Until(ctx, 30*time.Second, "", func() bool { return c.connected.Load() == int64(w.n) }) // who is not is counted
	if err := wait(ctx, time.Second); err != nil {
		return err
	}
	outages := c.take(func(a *watcher) []time.Duration { return a.outages })
	late := w.n - int(c.connected.Load())
	for _, d := range outages {
		if d > within {
			late++
		}
	}
	fmt.Printf("one of two api processes was restarted (%v until it had ended): %d connections were lost; back after %s; %d not within %v\n",
		took.Round(10*time.Millisecond), c.lost.Load()-lost, percentiles(append(outages, 0)), late, within)
	v.figure(fmt.Sprintf("watchers %d back", w.n), slices.Max(append(outages, 0)).Seconds())
	v.figure(fmt.Sprintf("watchers %d late", w.n), float64(late))
	return nil
}

// descriptors raises the limit of open files, which the program's processes inherit.
func descriptors(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Max < uint64(n) {
		return fmt.Errorf("%d files may be open, %d are needed: ulimit -Hn", limit.Max, n)
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}

// crowd is all watchers.
type crowd struct {
	run             string
	addresses       atomic.Pointer[[]string] // of the api processes that may be connected to
	connected, lost atomic.Int64
	heard           atomic.Int64 // states, by all
	each            []*watcher
	failed          atomic.Pointer[error] // the last reason of a loss
}

func (c *crowd) failure() error {
	if err := c.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// take gathers what each watcher has.
func (c *crowd) take(of func(*watcher) []time.Duration) (all []time.Duration) {
	for _, a := range c.each {
		a.mu.Lock()
		all = append(all, of(a)...)
		a.mu.Unlock()
	}
	return all
}

// watcher is one that watches, and connects again when its connection is lost.
type watcher struct {
	crowd   *crowd
	token   string
	opening chan struct{}
	address atomic.Value // string: where it is connected
	up      atomic.Bool  // an event has come on the connection
	moving  atomic.Bool
	finals  atomic.Int64

	mu      sync.Mutex
	socket  *socket
	came    map[int]time.Time // the first event with so many rows processed
	first   []time.Duration   // from subscribing to the first event of each connection
	outages []time.Duration   // from the loss of a connection to the next first event
}

// move has the watcher connect again, elsewhere.
func (a *watcher) move() {
	a.moving.Store(true)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.socket != nil {
		_ = a.socket.conn.Close()
	}
}

func (a *watcher) watch(ctx context.Context) {
	var down time.Time
	backoff := 50 * time.Millisecond
	for ctx.Err() == nil {
		select {
		case a.opening <- struct{}{}:
		case <-ctx.Done():
			return
		}
		addresses := *a.crowd.addresses.Load()
		address := addresses[rand.IntN(len(addresses))]
		over, err := a.connection(ctx, address, down)
		if over || ctx.Err() != nil {
			return
		}
		was := a.up.Swap(false)
		if was {
			a.crowd.connected.Add(-1)
			backoff = 50 * time.Millisecond
		}
		if was || down.IsZero() {
			down = time.Now()
		}
		if a.moving.Swap(false) {
			continue
		}
		if was {
			a.crowd.lost.Add(1)
		}
		a.crowd.failed.Store(&err)
		if wait(ctx, backoff/2+rand.N(backoff)) != nil {
			return
		}
		backoff = min(2*backoff, time.Second)
	}
}

// connection watches on one connection until it is lost, or the import is over. It gives its
// place among those that open one back once the first event has come.
func (a *watcher) connection(ctx context.Context, address string, down time.Time) (over bool, err error) {
	release := sync.OnceFunc(func() { <-a.opening })
	defer release()
	s, err := dial(ctx, address, a.token)
	if err != nil {
		return false, err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer stop()
	defer s.conn.Close()
	a.mu.Lock()
	a.socket = s
	a.mu.Unlock()
	asked := time.Now()
	if err := s.subscribe(`subscription($id: ID!) { importProgress(id: $id) { `+client.ImportFields+` } }`, a.crowd.run); err != nil {
		return false, err
	}
	for {
		text, err := s.next()
		if err != nil {
			return false, err
		}
		now := time.Now()
		switch {
		case message(text, "next"):
			processed, final := state(text)
			a.crowd.heard.Add(1)
			a.mu.Lock()
			if a.came == nil {
				a.came = map[int]time.Time{}
			}
			if _, known := a.came[processed]; !known {
				a.came[processed] = now
			}
			if !a.up.Load() {
				a.first = append(a.first, now.Sub(asked))
				if !down.IsZero() {
					a.outages = append(a.outages, now.Sub(down))
				}
			}
			a.mu.Unlock()
			if a.up.CompareAndSwap(false, true) {
				a.address.Store(address)
				a.crowd.connected.Add(1)
				release()
			}
			if final {
				a.finals.Add(1)
			}
		case message(text, "complete"):
			return true, nil
		case message(text, "error"):
			return false, fmt.Errorf("%.300s", text)
		case message(text, "ping"):
			if err := s.write(`{"type":"pong"}`); err != nil {
				return false, err
			}
		}
	}
}
