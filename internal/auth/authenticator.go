package auth

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"tenantry/internal/database"
	"tenantry/internal/encrypt"
	"tenantry/internal/ratelimit"
)

// Defaults of Options.
const (
	DefaultSessionTTL     = 30 * 24 * time.Hour
	DefaultSessionIdleTTL = 14 * 24 * time.Hour

	// RecheckInterval is how often whoever serves an open socket or stream calls
	// Authenticator.Recheck. It leaves two seconds of rule U3's five for the query itself.
	RecheckInterval = 3 * time.Second
)

// Options sets up a Authenticator; the zero value works but for PublicURL.
type Options struct {
	// PublicURL is the address that people reach the server at. Its scheme decides
	// whether cookies are Secure, its host which pages are our own. It is a function
	// because with port 0 the address is known only once the listener is open.
	PublicURL func() *url.URL
	// SessionTTL is how long a session lasts, by the database's clock; 30 days.
	SessionTTL time.Duration
	// SessionIdleTTL is after how long without use a session ends; 14 days. Uses are written once a
	// minute, so less than a few minutes makes no sense.
	SessionIdleTTL time.Duration
	// Limiter counts failures between all processes; by default in this one alone.
	Limiter *ratelimit.Limiter
	// FailuresPerEmail is how many failed sign-ins one email is forgiven; 10, and one
	// more each minute, with growing waits. A successful sign-in clears it.
	FailuresPerEmail ratelimit.Limit
	// FailuresPerAddress is the same for one client address (for IPv6, one /64); 100,
	// and one more every six seconds, because an office may share an address.
	FailuresPerAddress ratelimit.Limit
	// FailuresPerUser is how many wrong passwords and codes a signed-in user may give for their
	// own; 10, and one more each minute, with growing waits. The right one clears it.
	FailuresPerUser ratelimit.Limit
	// Log hears of failed sign-ins: of whom where that is known, and from where, but not
	// the email that was typed, which may be a password in the wrong place. nil: nobody does.
	Log *slog.Logger
	// Origins are those of further pages that may call with credentials, such as
	// https://app.example.com; "*" lets any page call without credentials.
	Origins []string
	// ClientAddress says where a request comes from, for FailuresPerAddress; the host
	// part of RemoteAddr. Behind a proxy it should be the function ClientAddress's.
	ClientAddress func(*http.Request) string
	// Factors encrypts the secrets of second factors; nil: nobody can enroll.
	Factors *encrypt.Cipher
	// Events hear of sign-ins; nil: nobody does.
	Events Events
	// Unavailable answers a request whose caller could not be looked up because the
	// database did not answer; 503 with a GraphQL error and no detail.
	Unavailable func(http.ResponseWriter, *http.Request, error)
}

// Authenticator lets people in and out. It is safe for concurrent use.
type Authenticator struct {
	db          *database.DB
	sql         statements
	passwords   *Passwords
	options     Options
	limiter     *ratelimit.Limiter
	limits      limits
	sessions    *credentials
	keys        *credentials
	failures    *failedSignIns
	origins     origins
	crossOrigin *http.CrossOriginProtection
}

// New makes the Authenticator of a database.
func New(db *database.DB, passwords *Passwords, o Options) *Authenticator {
	if o.PublicURL == nil {
		o.PublicURL = func() *url.URL { return &url.URL{} }
	}
	if o.SessionTTL <= 0 {
		o.SessionTTL = DefaultSessionTTL
	}
	if o.SessionIdleTTL <= 0 {
		o.SessionIdleTTL = DefaultSessionIdleTTL
	}
	if o.Limiter == nil {
		o.Limiter = ratelimit.Local()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.ClientAddress == nil {
		o.ClientAddress = func(r *http.Request) string { return r.RemoteAddr }
	}
	if o.Unavailable == nil {
		o.Unavailable = unavailable
	}
	a := &Authenticator{
		db: db, sql: newStatements(db.Dialect(), o.SessionIdleTTL), passwords: passwords, options: o,
		limiter: o.Limiter, limits: newLimits(o), failures: newFailedSignIns(rememberedUsers, time.Now),
		origins:     newOrigins(o.PublicURL, o.Origins),
		crossOrigin: http.NewCrossOriginProtection(),
	}
	a.sessions = a.newCredentials(SessionPrefix, a.sql.ofSessions, "s.id", "s.token_hash", newUses(db.Dialect(), "sessions"))
	a.keys = a.newCredentials(KeyPrefix, a.sql.ofKeys, "k.id", "k.secret_hash", newUses(db.Dialect(), "api_keys"))
	return a
}
