package auth

import (
	"context"
	"time"

	"tenantry/internal/id"
	"tenantry/internal/ratelimit"
)

// limits are the limits of attempts (rule U12). An attempt counts as a failure from before
// anything of it is computed until it has succeeded, so that of many sent at once no more are computed
// than of as many in a row; and before it is known whether there is such an account.
type limits struct{ email, address, user ratelimit.Rule }

func newLimits(o Options) limits {
	or := func(l, standard ratelimit.Limit) ratelimit.Limit {
		if l.Burst <= 0 || l.Every <= 0 {
			return standard
		}
		return l
	}
	account := ratelimit.PerPeriod(10, 10*time.Minute)
	account.Longest = 15 * time.Minute
	return limits{
		email:   ratelimit.Rule{Name: "signin-account", What: "failed sign-ins", Limit: or(o.FailuresPerEmail, account)},
		address: ratelimit.Rule{Name: "signin-address", What: "failed sign-ins", Limit: or(o.FailuresPerAddress, ratelimit.PerPeriod(100, 10*time.Minute))},
		user:    ratelimit.Rule{Name: "own-password", What: "wrong passwords or codes", Limit: or(o.FailuresPerUser, account)},
	}
}

// signInAttempt is an attempt to sign in that was counted.
type signInAttempt struct {
	a       *Authenticator
	account ratelimit.Counter
	taken   []ratelimit.Taken // by account, by address
}

// takeSignIn counts an attempt to sign in by account and by client address, or by neither where one of
// them has failed too often: RATE_LIMITED.
func (a *Authenticator) takeSignIn(ctx context.Context, emailKey string) (signInAttempt, error) {
	account := a.limits.email.Of(emailKey)
	counters := []ratelimit.Counter{account}
	if address := visitOf(ctx).address; address != "" { // else a program of our own
		counters = append(counters, a.limits.address.Of(address))
	}
	taken, err := a.limiter.Take(ctx, counters...)
	return signInAttempt{a, account, taken}, err
}

// returned uncounts an attempt that has neither failed nor proved who it is.
func (s signInAttempt) returned(ctx context.Context) { s.a.limiter.Return(ctx, s.taken...) }

// succeeded forgets the failures of the account. Those of the address stay: whoever has an account
// of their own must not clear them with it.
func (s signInAttempt) succeeded(ctx context.Context) {
	s.a.limiter.Return(ctx, s.taken[1:]...)
	s.a.limiter.Forget(ctx, s.account)
}

// ownAttempt is what a signed-in user gives for their own account, a password or a code, once counted.
type ownAttempt struct {
	a     *Authenticator
	user  ratelimit.Counter
	taken []ratelimit.Taken
}

func (a *Authenticator) takeOwn(ctx context.Context, userID id.ID) (ownAttempt, error) {
	user := a.limits.user.Of(userID.String())
	taken, err := a.limiter.Take(ctx, user)
	return ownAttempt{a, user, taken}, err
}

func (o ownAttempt) returned(ctx context.Context)  { o.a.limiter.Return(ctx, o.taken...) }
func (o ownAttempt) succeeded(ctx context.Context) { o.a.limiter.Forget(ctx, o.user) }
