package app

import (
	"context"
	"net/http"
	"time"

	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/config"
	"tenantry/internal/id"
	"tenantry/internal/ratelimit"
	"tenantry/internal/tenancy"
)

// The longest waits of whoever goes on failing to sign in: an account is one person's, an address may
// be an office's.
const (
	longestOfAccount = 15 * time.Minute
	longestOfAddress = time.Minute
)

// callerLimits are the limits of callers (rule U12) beside those of signing in, which auth has.
type callerLimits struct {
	limiter                             *ratelimit.Limiter
	requests, uploads, searches, redeem ratelimit.Rule
}

func newCallerLimits(l *ratelimit.Limiter, c config.Config) callerLimits {
	rule := func(name, what string, r config.Rate) ratelimit.Rule {
		return ratelimit.Rule{Name: name, What: what, Limit: limitOf(r, 0)}
	}
	return callerLimits{
		limiter:  l,
		requests: rule("requests", "requests", c.RequestRate),
		uploads:  rule("uploads", "uploads of your company", c.UploadRate),
		searches: rule("searches", "searches", c.SearchRate),
		redeem:   rule("transfer-tokens", "transfer tokens that cannot be redeemed", c.TransferTokenRate),
	}
}

func limitOf(r config.Rate, longest time.Duration) ratelimit.Limit {
	l := ratelimit.PerPeriod(r.Count, r.Per)
	l.Longest = longest
	return l
}

// caller is by whom is counted: the API key, else the user, else the client address.
func caller(ctx context.Context) string {
	switch v := viewer.FromContext(ctx); {
	case v.ByKey():
		return "key " + v.KeyID.String()
	case v.Authenticated():
		return "user " + v.UserID.String()
	}
	return "address " + auth.AddressOf(ctx)
}

// request counts an operation.
func (c callerLimits) request(ctx context.Context) error {
	return c.limiter.Spend(ctx, c.requests.Of(caller(ctx)))
}

// search counts the searches of an operation.
func (c callerLimits) search(ctx context.Context, n int) error {
	_, err := c.limiter.Take(ctx, c.searches.Of(caller(ctx)).Times(n))
	return err
}

// upload decides who may upload, and counts it.
func (c callerLimits) upload(r *http.Request) error {
	if err := auth.RequireForUpload(r); err != nil {
		return err
	}
	_, err := c.limiter.Take(r.Context(), c.uploads.Of(viewer.FromContext(r.Context()).CompanyID.String()))
	return err
}

// redeemLimit counts tries of transfer tokens.
func (c callerLimits) redeemLimit() tenancy.RedeemLimit {
	return func(ctx context.Context, user id.ID) (func(), error) {
		taken, err := c.limiter.Take(ctx, c.redeem.Of(user.String()))
		return func() { c.limiter.Return(ctx, taken...) }, err
	}
}
