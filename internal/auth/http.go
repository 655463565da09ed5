package auth

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/normalize"
)

// visit is what the middleware knows of a request beside its viewer.
type visit struct {
	address   string // where it comes from; see network
	client    string // the same as the client's IP address; empty where it is none
	userAgent string // what the client calls itself
	cookie    string // the session cookie, valid or not, of a request from our own pages
	badToken  bool   // it bore a token, but none that is valid now
	byCookie  bool   // the token was a cookie
	crossSite bool   // it comes from another site's page that the settings name
	cookieJar *jar   // nil where no cookie can be set: not a POST, or cross-site
}

type visitKey struct{}

// AddressOf is where the request of this context comes from, as it is counted by; empty
// outside of one.
func AddressOf(ctx context.Context) string { return visitOf(ctx).address }

func visitOf(ctx context.Context) visit {
	v, _ := ctx.Value(visitKey{}).(visit)
	return v
}

// Middleware puts who is asking into the request's context, from `Authorization:
// Bearer` or, where there is no such header, from the session cookie. (Another scheme
// is somebody else's, such as a proxy's Basic, and no obstacle.) Without a valid token
// the request goes on as nobody. It never reads the body.
func (a *Authenticator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tokenInAddress(r) {
			answer(w, http.StatusBadRequest, fault.BadRequest, "A token is in the address of this request, and addresses end up in logs. "+
				"Send it as the header `Authorization: Bearer <token>`, and end this session or revoke this API key, since others may have read it.")
			return
		}
		ctx := r.Context()
		own := a.fromOwnPages(r)
		from := a.options.ClientAddress(r)
		v := visit{address: network(from), client: ipOf(from), userAgent: userAgent(r)}

		token, given := bearer(r.Header.Get("Authorization"))
		if own {
			v.cookie = a.sessionCookie(r)
		}
		if !given && v.cookie != "" {
			token, given, v.byCookie = v.cookie, true, true
		}
		if given {
			who, err := a.Authenticate(ctx, token)
			switch {
			case err == nil:
				ctx = viewer.NewContext(ctx, who)
			case fault.Is(err, fault.Unauthenticated):
				v.badToken = true
			default:
				a.options.Unavailable(w, r, err)
				return
			}
		}
		// Only mutations set cookies, and mutations come by POST; and a cookie that would
		// not count on its way back is not handed out, nor one that a browser refuses because
		// it comes from another site's page, without TLS.
		v.crossSite = own && a.fromOtherSite(r)
		if r.Method == http.MethodPost && own && (!v.crossSite || a.secure()) {
			v.cookieJar = &jar{w: w}
			w = &watched{ResponseWriter: w, jar: v.cookieJar}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, visitKey{}, v)))
	})
}

// RequireForUpload refuses, as UNAUTHENTICATED, an upload of which nobody valid is the
// sender, and as FORBIDDEN one of an API key that only reads (rule U7) or of whoever must enroll in a
// second factor first (U9). The caller answers 401 without reading the body: a request whose file is
// read first and checked afterwards lets anybody fill the disk.
func RequireForUpload(r *http.Request) error {
	if v := viewer.FromContext(r.Context()); v.OnlyReads() {
		return fault.New(fault.Forbidden, "This API key has READ access, and an upload needs one with WRITE access.")
	} else if v.MustEnroll {
		return EnrollFirst()
	} else if v.Authenticated() {
		return nil
	}
	if visitOf(r.Context()).badToken {
		return badToken()
	}
	return fault.New(fault.Unauthenticated,
		"An upload needs a signed-in caller: send `Authorization: Bearer <token>` with a session's token or an API key.")
}

// ByCookie reports whether the caller of this context is signed in by the cookie of a browser.
func ByCookie(ctx context.Context) bool {
	return visitOf(ctx).byCookie && viewer.FromContext(ctx).Authenticated()
}

// FromInit returns ctx with the caller that a WebSocket's connection_init names, by
// {"Authorization": "Bearer <token>"} (the key in any case). Where it names none (the
// key is missing, null or empty) the caller is whoever the HTTP request r was. A token
// that is not valid is UNAUTHENTICATED, upon which the socket closes with 4403. INTERNAL
// where the database did not say within half a minute: the socket closes with 1013, and its client
// comes back.
func (a *Authenticator) FromInit(ctx context.Context, payload map[string]any, r *http.Request) (context.Context, error) {
	for key, value := range payload {
		if !strings.EqualFold(key, "Authorization") || value == nil || value == "" {
			continue
		}
		text, _ := value.(string)
		token, ok := bearer(text)
		if !ok {
			return nil, fault.New(fault.Unauthenticated,
				"The connection_init payload's Authorization is no bearer token: it must be a text such as \"Bearer tnt_s_…\" or \"Bearer tnt_k_…\".")
		}
		who, err := a.authenticateInit(ctx, token)
		if err != nil && fault.Of(err) == nil {
			err = fault.New(fault.Internal, "the server cannot authenticate requests at the moment; try again").Because(err)
		}
		if err != nil {
			return nil, err
		}
		named := visitOf(ctx)
		named.byCookie = false // whatever the HTTP request had
		return viewer.NewContext(context.WithValue(ctx, visitKey{}, named), who), nil
	}
	return viewer.NewContext(ctx, viewer.FromContext(r.Context())), nil
}

// maxUserAgent is how many code points of a client's name for itself are kept.
const maxUserAgent = 200

// userAgent is what the client calls itself, as one line.
func userAgent(r *http.Request) string {
	given := r.UserAgent()
	given = strings.ToValidUTF8(given[:min(len(given), 4*maxUserAgent)], "\uFFFD")
	name := []rune(normalize.Line(given))
	return string(name[:min(len(name), maxUserAgent)])
}

// bearer takes the token out of an Authorization header (RFC 6750; the scheme in any
// case, RFC 9110).
func bearer(header string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(header), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// tokenInAddress reports whether the request's query string has a session's token or an API key.
func tokenInAddress(r *http.Request) bool {
	return strings.Contains(r.URL.RawQuery, SessionPrefix) || strings.Contains(r.URL.RawQuery, KeyPrefix)
}

func unavailable(w http.ResponseWriter, _ *http.Request, _ error) {
	w.Header().Set("Retry-After", "1")
	answer(w, http.StatusServiceUnavailable, fault.Internal, "The service cannot check who is calling just now. Try again.")
}

// answer is a GraphQL response with one error.
func answer(w http.ResponseWriter, status int, kind fault.Kind, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
		"message": message, "extensions": map[string]any{"code": kind.Code()},
	}}})
}
