package database_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// patience is how long a call may outlive its context: the grace of 2 s and some more on
// a busy machine; far less than any timeout of the system or of the server.
const patience = 8 * time.Second

// relay passes connections on to a server until it is silenced; then it still accepts
// connections and whatever is sent, but never answers.
type relay struct {
	net.Listener
	target string
	mu     sync.Mutex
	conns  []net.Conn
	silent bool
	work   sync.WaitGroup
}

// listen starts a relay; without a target it is silent from the beginning.
func listen(t *testing.T, target string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l, target: target, silent: target == ""}
	r.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.work.Go(func() { r.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.mu.Lock()
		for _, c := range r.conns {
			_ = c.Close()
		}
		r.mu.Unlock()
		r.work.Wait()
	})
	return r
}

func (r *relay) serve(client net.Conn) {
	r.mu.Lock()
	r.conns = append(r.conns, client)
	silent := r.silent
	r.mu.Unlock()
	if silent {
		_, _ = io.Copy(io.Discard, client)
		return
	}
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	r.mu.Lock()
	r.conns = append(r.conns, server)
	r.mu.Unlock()
	r.work.Go(func() { _, _ = io.Copy(server, client) })
	buf := make([]byte, 4096)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		silent := r.silent
		r.mu.Unlock()
		if !silent {
			_, _ = client.Write(buf[:n])
		}
	}
}

func (r *relay) silence() {
	r.mu.Lock()
	r.silent = true
	r.mu.Unlock()
}

// within runs a call with a context of 200 ms and demands that it ends in time, with the
// context's error.
func within(t *testing.T, call func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := call(ctx)
	if took := time.Since(start); took > patience {
		t.Errorf("took %v", took)
	}
	if !errors.Is(err, context.DeadlineExceeded) || !database.IsUnavailable(err) {
		t.Errorf("error %v; want the context's, counted as unavailable", err)
	}
}

func TestOpenDoesNotWaitForASilentServer(t *testing.T) {
	t.Parallel()
	hole := listen(t, "")
	within(t, func(ctx context.Context) error {
		_, err := database.Open(ctx, database.Options{URL: "postgres://u@" + hole.Addr().String() + "/d"})
		return err
	})
}

func TestOpenSaysThatNobodyListens(t *testing.T) {
	t.Parallel()
	hole := listen(t, "")
	address := hole.Addr().String()
	_ = hole.Close()
	_, err := database.Open(t.Context(), database.Options{URL: "postgres://u@" + address + "/d"})
	if !database.IsUnavailable(err) {
		t.Errorf("error %v; want one that counts as unavailable", err)
	}
}

// A server may also go silent when it is connected to.
func TestCallsDoNotWaitForASilentServer(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(db *database.DB) func(ctx context.Context) error{
		"query": func(db *database.DB) func(context.Context) error {
			return func(ctx context.Context) error {
				_, err := db.Clock(ctx)
				return err
			}
		},
		"transaction": func(db *database.DB) func(context.Context) error {
			return func(ctx context.Context) error {
				return db.InTx(ctx, func(context.Context, *database.Tx) error {
					t.Error("a transaction has begun")
					return nil
				})
			}
		},
		"prepared": func(db *database.DB) func(context.Context) error {
			stmt, err := db.SQL().PrepareContext(t.Context(), "SELECT 1")
			if err != nil {
				t.Error(err)
			}
			return func(ctx context.Context) error {
				defer stmt.Close()
				_, err := stmt.ExecContext(ctx)
				return err
			}
		},
		"kept prepared": func(db *database.DB) func(context.Context) error {
			ask := func(ctx context.Context) error {
				return db.SQL().QueryRowContext(ctx, "SELECT $1::int", 1).Scan(new(int))
			}
			for range 2 {
				if err := ask(t.Context()); err != nil {
					t.Error(err)
				}
			}
			return ask
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, way := relayed(t)
			run := call(db)
			way.silence()
			within(t, run)
		})
	}
}

// reset breaks every connection.
func (r *relay) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
}

// A pool whose connections were reset closes without an error: nothing is left undone.
func TestAPoolWhoseConnectionsAreLostCloses(t *testing.T) {
	t.Parallel()
	db, way := relayed(t)
	if _, err := db.Clock(t.Context()); err != nil {
		t.Fatal(err)
	}
	way.reset()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// relayed gives a database behind a relay.
func relayed(t *testing.T) (*database.DB, *relay) {
	t.Helper()
	u, err := url.Parse(testenv.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	way := listen(t, u.Host)
	u.Host = way.Addr().String()
	db, err := database.Open(t.Context(), database.Options{URL: u.String() + "&connect_timeout=1", MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, way
}

// A server that is well answers a canceled statement itself, and the pool goes on.
func TestALiveServerCancels(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := db.SQL().ExecContext(ctx, "SELECT pg_sleep(60)")
	var answer *pq.Error
	if !errors.As(err, &answer) || answer.Code != "57014" {
		t.Errorf("error %v; want the server's answer", err)
	}
	if _, err := db.Clock(t.Context()); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

// A context that ends when its call is over does not end a later one.
func TestAContextThatEndsLaterDoesNoHarm(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(ctx context.Context, db *database.DB) error{
		"query": func(ctx context.Context, db *database.DB) error {
			return db.SQL().QueryRowContext(ctx, "SELECT 1").Scan(new(int))
		},
		"prepared": func(ctx context.Context, db *database.DB) error {
			for range 3 {
				if err := db.SQL().QueryRowContext(ctx, "SELECT $1::int", 1).Scan(new(int)); err != nil {
					return err
				}
			}
			return nil
		},
		"exec": func(ctx context.Context, db *database.DB) error {
			_, err := db.SQL().ExecContext(ctx, "SELECT $1::int", 1)
			return err
		},
		"refused": func(ctx context.Context, db *database.DB) error {
			if err := db.SQL().QueryRowContext(ctx, "SELECT 1 / $1::int", 0).Scan(new(int)); err == nil {
				return errors.New("divided by zero")
			}
			return nil
		},
		"transaction": func(ctx context.Context, db *database.DB) error {
			return db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
				if _, err := tx.ExecContext(ctx, "CREATE TABLE one (a bigint)"); err != nil {
					return err
				}
				_, err := database.Load(ctx, tx, database.Batch{Table: "one", Columns: []string{"a"}, Rows: [][]any{{int64(1)}}})
				return err
			})
		},
		"ping": func(ctx context.Context, db *database.DB) error { return db.Ping(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := single(t, "")
			before := value[int](t, db, "SELECT pg_backend_pid()")
			ctx, cancel := context.WithCancel(t.Context())
			if err := call(ctx, db); err != nil {
				t.Error(err)
			}
			cancel()
			execute(t, db, "SELECT pg_sleep(2.5)") // longer than a server is waited for
			if after := value[int](t, db, "SELECT pg_backend_pid()"); after != before {
				t.Error("the connection is another one")
			}
		})
	}
}

// deadlines is a connection that keeps its last deadline.
type deadlines struct {
	net.Conn
	last time.Time
}

func (d *deadlines) SetDeadline(t time.Time) error {
	d.last = t
	return d.Conn.SetDeadline(t)
}

// Once its context has ended no other deadline puts off the end of a connection.
func TestAnEndedContextIsNotPutOff(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	beneath := &deadlines{Conn: near}
	ctx, cancel := context.WithCancel(t.Context())
	conn := database.Guarded(ctx, beneath)
	later := time.Now().Add(time.Hour)
	testenv.Must(t, conn.SetDeadline(later))
	testenv.Equal(t, "deadline while the context lives", beneath.last, later)
	cancel()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want the context's", err)
	}
	testenv.Must(t, conn.SetDeadline(later))
	if !beneath.last.Before(later) {
		t.Error("a later deadline is set")
	}
}

// watched is a context that never ends, and knows who waits for its end.
type watched struct {
	context.Context
	done  chan struct{}
	waits atomic.Int32
}

func (w *watched) Done() <-chan struct{} { return w.done }

// AfterFunc is what the package context asks for.
func (w *watched) AfterFunc(func()) (stop func() bool) {
	w.waits.Add(1)
	return sync.OnceValue(func() bool {
		w.waits.Add(-1)
		return true
	})
}

// A context that lives on knows nothing of connections that could not be made.
func TestNoContextKeepsAConnectionThatFailed(t *testing.T) {
	t.Parallel()
	hole := listen(t, "")
	silent := hole.Addr().(*net.TCPAddr)
	u, err := url.Parse(testenv.URL(t))
	testenv.Must(t, err)
	for name, c := range map[string]struct {
		hosts, ports string
		fails        bool
	}{
		"the only host": {silent.IP.String(), strconv.Itoa(silent.Port), true},
		"all hosts":     {silent.IP.String() + "," + silent.IP.String(), fmt.Sprint(silent.Port, ",", silent.Port), true},
		"the first":     {silent.IP.String() + "," + u.Hostname(), fmt.Sprint(silent.Port, ",", u.Port()), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of, query := *u, u.Query()
			query.Set("host", c.hosts)
			query.Set("port", c.ports)
			query.Set("connect_timeout", "1")
			of.Host, of.RawQuery = "", query.Encode()
			ctx := &watched{Context: t.Context(), done: make(chan struct{})}
			db, err := database.Open(ctx, database.Options{URL: of.String(), MaxConns: 1})
			if (err != nil) != c.fails {
				t.Errorf("error %v", err)
			}
			if db != nil {
				defer db.Close()
			}
			if n := ctx.waits.Load(); n != 0 {
				t.Errorf("%d wait for the context's end", n)
			}
		})
	}
}
