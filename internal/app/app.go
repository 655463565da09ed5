// Package app is the program: it opens the parts, wires them, serves, and ends them in
// order. [Run] does what a command line asks for; package main gives it the signals and
// makes an exit code of its error.
//
// It alone reads the settings ([tenantry/internal/config]); everything else is given what
// it needs. The tests of whole servers are here too.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tenantry/ent/enum"
	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/broker"
	"tenantry/internal/config"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/deployment"
	"tenantry/internal/importer"
	"tenantry/internal/peer"
	"tenantry/internal/progress"
	"tenantry/internal/requestid"
	"tenantry/internal/signed"
	"tenantry/internal/tenancy"
	"tenantry/jobs"
)

// app is one process: its parts, opened, and how to end them.
type app struct {
	config   config.Config
	log      *slog.Logger
	db       *database.DB
	broker   *broker.Broker
	blobs    *blob.Store
	hub      *progress.Hub
	queue    *jobs.Client
	gate     *auth.Gate
	signer   *signed.Signer
	tenancy  *tenancy.Service
	contacts *contacts.Service
	engine   *importer.Engine
	address  *publicAddress
}

// open opens the parts in order; what was opened before an error is closed again.
func open(ctx context.Context, c config.Config, does roles, log *slog.Logger) (a *app, err error) {
	a = &app{config: c, log: log, address: &publicAddress{configured: c.PublicURL}}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.db, err = openDatabase(ctx, c, log, false); err != nil {
		return a, err
	}
	if a.broker, err = broker.Open(ctx, broker.Options{URL: c.RedisURL.Reveal(), Log: log}); err != nil {
		return a, err
	}
	if a.blobs, err = blob.Open(blob.Options{URL: c.BlobURL.Reveal(), Dir: c.BlobDir()}); err != nil {
		return a, explainBlobs(c, err)
	}
	passwords, err := auth.NewPasswords(auth.PasswordOptions{MinLength: c.PasswordMinLength})
	if err != nil {
		return a, err
	}
	key, err := signingKey(ctx, a.db, c, log)
	if err != nil {
		return a, err
	}
	var sharing importer.Sharing
	if !does.guest {
		shared := deployment.New(deployment.Parts{DB: a.db, Blobs: a.blobs, Key: key, Defines: does.api})
		if err = checkSharing(ctx, shared, log); err != nil {
			return a, err
		}
		sharing = shared
	}
	if a.signer, err = signed.New(key, a.address.get); err != nil {
		return a, err
	}
	a.gate = auth.New(a.db, passwords, auth.Options{
		PublicURL: a.address.get, SessionTTL: c.SessionTTL, Unavailable: a.unavailable,
		Log: log, Origins: c.CORSOrigins, ClientAddress: auth.ClientAddress(c.TrustedProxies, log),
	})
	a.hub = progress.New(a.broker.Client(), log)
	a.tenancy = tenancy.New(tenancy.Parts{DB: a.db, Passwords: passwords, Sessions: a.gate, News: a.hub, Log: log})
	a.contacts = contacts.New(contacts.Parts{DB: a.db, Companies: a.tenancy, BuiltIn: importer.BuiltIn, Log: a.log})
	a.queue = jobs.NewClient(a.broker.Client())
	a.engine = importer.New(importer.Parts{
		DB: a.db, Blobs: a.blobs, News: a.hub, Queue: a.queue, Rights: a.gate,
		Passwords: passwords, Accounts: a.tenancy, Sharing: sharing, Log: log,
	}, importer.Options{
		MaxRows: map[enum.ImportKind]int{
			enum.Customers: c.MaxRows.Customers, enum.Contacts: c.MaxRows.Contacts, enum.Users: c.MaxRows.Users,
		},
		MaxUploadBytes: c.UploadMaxBytes, BatchRows: c.ImportBatchRows, BatchBytes: c.ImportBatchBytes, Lease: c.Lease,
		UploadsKept: c.UploadRetention, RejectsKept: c.RejectsRetention,
	})
	return a, nil
}

// close ends the parts in the opposite order.
func (a *app) close() error {
	var errs []error
	if a.blobs != nil {
		errs = append(errs, a.blobs.Close())
	}
	if a.broker != nil {
		errs = append(errs, a.broker.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	return errors.Join(errs...)
}

// silentFor is how long a client may leave what it is sent unacknowledged or untaken. With
// the 12 s between two comments of an event stream, a dead one is noticed within half a minute.
const silentFor = 12 * time.Second

// roles says what this process does.
type roles struct {
	api, worker bool
	guest       bool // it has a blob store of its own for a while, and the database is not to know it
}

// serve runs the process until ctx ends, and then ends it in order: new work is refused,
// sockets are closed so that their clients come back, requests and batches under way are
// finished, the news goes out, and only then the parts are closed. listening is told where
// the process listens once requests are answered; it may be nil.
func (a *app) serve(ctx context.Context, r roles, listening func(*url.URL)) error {
	// The news outlives the work that makes it.
	news, endNews := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	background.Go(func() {
		if err := a.hub.Run(news); err != nil && news.Err() == nil {
			a.log.ErrorContext(ctx, "the news ended", "error", err)
		}
	})
	defer background.Wait()
	defer endNews()

	work, ctx := errgroup.WithContext(ctx)
	if r.api {
		listener, err := (&net.ListenConfig{Control: peer.GiveUpAfter(silentFor)}).Listen(ctx, "tcp", a.config.HTTPAddr)
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
		a.log.InfoContext(ctx, "working on imports", "settings", a.config)
	}
	defer a.log.InfoContext(ctx, "this process has ended its work")
	if r.worker {
		worker := jobs.NewWorker(a.broker.AsynqOpt(), a.engine, a.log, jobs.WorkerOptions{
			Concurrency: a.config.WorkerConcurrency, DrainTimeout: a.config.DrainTimeout,
		})
		work.Go(func() error { return worker.Run(ctx) })
		work.Go(func() error {
			jobs.Sweep(ctx, a.broker.AsynqOpt(), a.queue, a.engine, a.config.SweepInterval, a.log)
			return nil
		})
		work.Go(func() error { return a.tidy(ctx) })
		work.Go(func() error {
			a.contacts.Tidy(ctx)
			return nil
		})
	}
	return work.Wait()
}

// tidy does what has no hurry: ended sessions go, what deleted companies have left behind,
// files that are kept no longer, and what search blocks say in vain.
func (a *app) tidy(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		_, err := a.gate.Purge(ctx)
		if err = errors.Join(err, a.tenancy.Purge(ctx), a.engine.Clean(ctx), a.contacts.Compact(ctx)); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "what has had its time was not dropped; it will be", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// serveHTTP answers until ctx ends and then drains.
func (a *app) serveHTTP(ctx context.Context, listener net.Listener) error {
	handler, endpoint := a.handler()
	server := &http.Server{
		Handler: handler,
		// Bodies and answers have their own deadlines, where it is known what they are.
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

// publicAddress is where people reach the server: as configured, or where it listens.
type publicAddress struct {
	configured *url.URL
	mu         sync.Mutex
	actual     *url.URL
}

// bound is told where the server listens, and gives it as a URL.
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

// newLog writes text or JSON; each record of a request bears the request's id.
func newLog(w io.Writer, c config.Config) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.LogLevel}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if c.LogFormat == config.LogJSON {
		h = slog.NewJSONHandler(w, o)
	}
	return slog.New(requestid.Handler(h))
}
