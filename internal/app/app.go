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
	"io"
	"log/slog"

	"tenantry/graph"
	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/broker"
	"tenantry/internal/config"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/deployment"
	"tenantry/internal/encrypt"
	"tenantry/internal/importer"
	"tenantry/internal/importer/kind"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/progress"
	"tenantry/internal/ratelimit"
	"tenantry/internal/requestid"
	"tenantry/internal/signed"
	"tenantry/internal/tenancy"
	"tenantry/jobs"
)

// process is one process of the server: its opened parts.
type process struct {
	config        config.Config
	log           *slog.Logger
	db            *database.DB
	broker        *broker.Broker
	blobs         *blob.Store
	events        *progress.Hub
	queue         *jobs.Client
	authenticator *auth.Authenticator
	signer        *signed.Signer
	tenancy       *tenancy.Service
	contacts      *contacts.Service
	kinds         kind.Set
	engine        *importer.Engine
	limits        callerLimits
	trusted       graph.TrustedDocuments // nil: sessions by cookie run any document
	address       *publicAddress
}

// open opens the parts in order. After an error it closes those that were open.
func open(ctx context.Context, c config.Config, does roles, log *slog.Logger) (a *process, err error) {
	a = &process{config: c, log: log, address: &publicAddress{configured: c.PublicURL}}
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
	if does.api {
		if a.trusted, err = trustedDocuments(c); err != nil {
			return a, err
		}
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
	if !does.temporaryBlobs {
		shared := deployment.New(deployment.Parts{DB: a.db, Blobs: a.blobs, Key: key, Defines: does.api})
		if err = checkSharing(ctx, shared, log); err != nil {
			return a, err
		}
		sharing = shared
	}
	if a.signer, err = signed.New(key, a.address.get); err != nil {
		return a, err
	}
	factors, err := encrypt.New(key, auth.FactorPurpose)
	if err != nil {
		return a, err
	}
	limiter, err := ratelimit.New(a.broker.Shared(), key, log)
	if err != nil {
		return a, err
	}
	a.limits = newCallerLimits(limiter, c)
	ofAccount := limitOf(c.SignInsPerAccount, longestOfAccount)
	a.authenticator = auth.New(a.db, passwords, auth.Options{
		PublicURL: a.address.get, SessionTTL: c.SessionTTL, SessionIdleTTL: c.SessionIdleTTL, Unavailable: a.unavailable,
		Log: log, Origins: c.CORSOrigins, ClientAddress: auth.ClientAddress(c.TrustedProxies, log),
		Factors: factors, Events: tenancy.SignInEvents{},
		Limiter: limiter, FailuresPerEmail: ofAccount, FailuresPerUser: ofAccount, FailuresPerAddress: limitOf(c.SignInsPerAddress, longestOfAddress),
	})
	a.events = progress.New(a.broker.Client(), log)
	a.tenancy = tenancy.New(tenancy.Parts{DB: a.db, Passwords: passwords, Sessions: a.authenticator, Factors: a.authenticator, Events: a.events, Owners: []tenancy.Owner{contacts.Owner(), importer.Owner()}, Redeem: a.limits.redeemLimit(), Log: log})
	a.contacts = contacts.New(contacts.Parts{DB: a.db, Companies: a.tenancy, BuiltIn: contactkind.BuiltIn, Journals: importer.Journals{}, EditsKept: c.ImportUndoPeriod, Log: a.log})
	a.queue = jobs.NewClient(a.broker.Client(), a.events)
	a.kinds = kinds.New(a.db, passwords.Background(), a.tenancy, contactkind.Options{})
	a.engine = importer.New(importer.Parts{
		DB: a.db, Blobs: a.blobs, Events: a.events, Queue: a.queue, Rights: a.authenticator,
		Fingerprints: passwords, Kinds: a.kinds, Sharing: sharing, Log: log,
	}, importer.Options{
		MaxRows:        maxRows(c),
		MaxUploadBytes: c.UploadMaxBytes, BatchRows: c.ImportBatchRows, BatchBytes: c.ImportBatchBytes, Lease: c.Lease,
		UploadsKept: c.UploadRetention, RejectsKept: c.RejectsRetention, UndoPeriod: c.ImportUndoPeriod,
	})
	return a, nil
}

// close closes the parts in reverse order.
func (a *process) close() error {
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

// newLog writes text or JSON; each record of a request bears the request's id.
func newLog(w io.Writer, c config.Config) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.LogLevel}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if c.LogFormat == config.LogJSON {
		h = slog.NewJSONHandler(w, o)
	}
	return slog.New(requestid.Handler(h))
}
