package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tenantry/internal/tcptimeout"
	"tenantry/jobs"
)

// tcpTimeout is how long a client may leave sent data unacknowledged or unread. Together with
// the 12 s between two comments of an event stream, a dead client is found within 30 s.
const tcpTimeout = 12 * time.Second

// roles are what this process does.
type roles struct {
	api, worker    bool
	temporaryBlobs bool // its blob store ends with it, so it is not registered in the database
}

// serve runs the process until ctx ends and then shuts down in order: new work is refused,
// sockets are closed so that their clients reconnect, running requests and batches finish,
// and their events are published. The caller closes the parts afterwards. listening is
// called with the address once requests are answered; it may be nil.
func (a *process) serve(ctx context.Context, r roles, listening func(*url.URL)) error {
	// Events outlive the work that publishes them.
	events, endEvents := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	background.Go(func() {
		if err := a.events.Run(events); err != nil && events.Err() == nil {
			a.log.ErrorContext(ctx, "receiving events failed", "error", err)
		}
	})
	defer background.Wait()
	defer endEvents()

	work, ctx := errgroup.WithContext(ctx)
	if r.api {
		listener, err := (&net.ListenConfig{Control: tcptimeout.Control(tcpTimeout)}).Listen(ctx, "tcp", a.config.HTTPAddr)
		if err != nil {
			return explainListening(a.config, err)
		}
		address := a.address.bound(listener.Addr())
		work.Go(func() error { return a.serveHTTP(ctx, listener) })
		a.log.InfoContext(ctx, "answering", "address", a.address.get().String(), "settings", a.config)
		if listening != nil {
			listening(address)
		}
	}
	if !r.api {
		a.log.InfoContext(ctx, "running imports", "settings", a.config)
	}
	defer a.log.InfoContext(ctx, "stopped")
	work.Go(func() error {
		a.authenticator.Run(ctx)
		return nil
	})
	if r.worker {
		worker := jobs.NewWorker(a.broker.NewPool(), a.events, a.engine, a.log, jobs.WorkerOptions{
			Concurrency: a.config.WorkerConcurrency, DrainTimeout: a.config.DrainTimeout,
		})
		work.Go(func() error { return worker.Run(ctx) })
		work.Go(func() error {
			jobs.Sweep(ctx, a.queue, a.engine, a.config.SweepInterval, a.log)
			return nil
		})
		work.Go(func() error { return a.cleanUp(ctx) })
		work.Go(func() error {
			a.contacts.Tidy(ctx)
			return nil
		})
	}
	return work.Wait()
}

// cleanUp deletes ended sessions, what deleted companies left behind and files whose
// retention has passed, compacts the search index and forgets old edits, every ten minutes.
func (a *process) cleanUp(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		_, err := a.authenticator.Purge(ctx)
		if err = errors.Join(err, a.tenancy.Purge(ctx), a.engine.Clean(ctx), a.contacts.Compact(ctx), a.contacts.Forget(ctx)); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "cleaning up failed; it is retried in ten minutes", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// serveHTTP answers requests until ctx ends, and then drains.
func (a *process) serveHTTP(ctx context.Context, listener net.Listener) error {
	handler, endpoint := a.handler()
	server := &http.Server{
		Handler: handler,
		// Bodies and answers have deadlines of their own, where their kind is known.
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog:    slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.config.DrainTimeout)
	defer cancel()
	err := errors.Join(endpoint.Drain(drain), server.Shutdown(drain))
	if err != nil {
		err = errors.Join(fmt.Errorf("requests were still under way after %v: %w", a.config.DrainTimeout, err), server.Close())
	}
	return err
}

// publicAddress is where clients reach the server: as configured, or where it listens.
type publicAddress struct {
	configured *url.URL
	mu         sync.Mutex
	actual     *url.URL
}

// bound records where the server listens, and returns it as a URL.
func (p *publicAddress) bound(at net.Addr) *url.URL {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.actual = &url.URL{Scheme: "http", Host: at.String()}
	return p.actual
}

func (p *publicAddress) get() *url.URL {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.configured != nil:
		return p.configured
	case p.actual != nil:
		return p.actual
	}
	return &url.URL{Scheme: "http", Host: "localhost"}
}
