package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxAnswer bounds an answer, in bytes. The server's own are far smaller.
const maxAnswer = 16 << 20

// Options of a client. The zero value works.
type Options struct {
	// Token of a session or an API key. [Client.SignIn] gives a client that has one.
	Token string
	// HTTP sends the requests; nil: a transport of its own, without a time limit. A limit for
	// whole requests would end event streams: use contexts instead.
	HTTP *http.Client
	// Sockets has subscriptions go over WebSocket (graphql-transport-ws) instead of
	// server-sent events.
	Sockets bool
	// GiveUp is how long subscriptions and uploads are tried again without any success; 0: two
	// minutes.
	GiveUp time.Duration
	// Broken, if not nil, is called each time that a subscription's connection has failed or was
	// refused, with the reason, before it is opened again or given up: to show that what is on
	// the screen may be old.
	Broken func(err error)
}

// Client talks to one server as one caller.
type Client struct {
	url     string // of the API
	options Options
}

// New returns a client of the server at an address such as https://api.example.com.
func New(address string, o Options) *Client {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}}
	}
	o.GiveUp = cmp.Or(o.GiveUp, 2*time.Minute)
	return &Client{url: strings.TrimSuffix(address, "/") + "/graphql", options: o}
}

// Token is what the client's requests bear; empty for nobody's.
func (c *Client) Token() string { return c.options.Token }

// As returns a client of the same server and connections that bears the token.
func (c *Client) As(token string) *Client {
	as := *c
	as.options.Token = token
	return &as
}

// Close closes the idle connections.
func (c *Client) Close() { c.options.HTTP.CloseIdleConnections() }

// SignIn begins a session and returns a client that bears its token. For a user with a second factor
// it fails with an [*Error] whose Extensions.Challenge is for [Client.CompleteSignIn].
func (c *Client) SignIn(ctx context.Context, email, password string) (*Client, error) {
	var out struct{ SignIn struct{ Token string } }
	err := c.Do(ctx, `mutation($input: SignInInput!) { signIn(input: $input) { token } }`,
		Vars{"input": Vars{"email": email, "password": password}}, &out)
	if err != nil {
		return nil, err
	}
	return c.As(out.SignIn.Token), nil
}

// CompleteSignIn answers the challenge of a sign-in with a code of the authenticator app or a recovery
// code, and returns a client that bears the session's token. A challenge holds for five minutes and
// five codes.
func (c *Client) CompleteSignIn(ctx context.Context, challenge, code string) (*Client, error) {
	var out struct{ CompleteSignIn struct{ Token string } }
	err := c.Do(ctx, `mutation($input: CompleteSignInInput!) { completeSignIn(input: $input) { token } }`,
		Vars{"input": Vars{"challenge": challenge, "code": code}}, &out)
	if err != nil {
		return nil, err
	}
	return c.As(out.CompleteSignIn.Token), nil
}

// Vars are the variables of an operation.
type Vars map[string]any

// Do runs a query or a mutation once and reads its data into out (nil: into nothing), as
// encoding/json does. Where the answer has errors, out is left alone, and each of them is an
// [*Error] in the error's tree, the first one first. A mutation is not sent again: whether
// one that was not answered was done, only its caller can find out.
func (c *Client) Do(ctx context.Context, query string, variables Vars, out any) error {
	body, err := json.Marshal(request{query, variables})
	if err != nil {
		return err
	}
	return c.send(ctx, "application/json", bytes.NewReader(body), int64(len(body)), out)
}

type request struct {
	Query     string `json:"query"`
	Variables Vars   `json:"variables,omitempty"`
}

// send posts a body of so many bytes (-1: unknown) and reads the answer.
func (c *Client) send(ctx context.Context, contentType string, body io.Reader, size int64, out any) error {
	resp, err := c.post(ctx, contentType, "application/json", body, size)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return readAnswer(resp, out)
}

func (c *Client) post(ctx context.Context, contentType, accept string, body io.Reader, size int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", accept)
	if c.options.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.options.Token)
	}
	return c.options.HTTP.Do(req)
}

// answer is what comes back for an operation.
type answer struct {
	Data   json.RawMessage
	Errors []*Error
}

// readAnswer reads an answer's data into out, or returns its errors.
func readAnswer(resp *http.Response, out any) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the answer (HTTP %d): %w", resp.StatusCode, err)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil || a.Data == nil && a.Errors == nil {
		return &Error{
			Message: fmt.Sprintf("%.200q is no GraphQL answer", text),
			Status:  resp.StatusCode, RetryAfter: retryAfter(resp.Header),
		}
	}
	for _, e := range a.Errors {
		e.Status = resp.StatusCode
		e.RetryAfter = max(time.Duration(e.Extensions.RetryAfter)*time.Second, retryAfter(resp.Header))
	}
	return a.read(out)
}

func (a answer) read(out any) error {
	if len(a.Errors) > 0 {
		return a.fault()
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(a.Data, out)
}

func (a answer) fault() error {
	if len(a.Errors) == 1 {
		return a.Errors[0]
	}
	all := make([]error, len(a.Errors))
	for i, e := range a.Errors {
		all[i] = e
	}
	return errors.Join(all...)
}

func retryAfter(h http.Header) time.Duration {
	seconds, _ := strconv.Atoi(h.Get("Retry-After"))
	return time.Duration(max(seconds, 0)) * time.Second
}

// Error is an error of an answer.
type Error struct {
	Message string
	Path    []any // of the field in the answer: names, and indexes of lists
	// Extensions are the API's own part of an error (docs/errors.md).
	Extensions struct {
		Code       string   // such as FORBIDDEN; empty where the answer was none of GraphQL
		Field      []string // the argument at fault
		RequestID  string   // finds the error in the server's log
		RetryAfter int      // seconds

		// Of signIn where the user has a second factor; see [Client.CompleteSignIn].
		Challenge string
		Methods   []string // TOTP, RECOVERY_CODE

		// Of INVALID_FILE; empty and 0 where it is not about one.
		Reason, Column, Suggestion string
		Line, Limit                int
		Accepted                   []string                            // what would be accepted
		Columns                    []struct{ Name, Suggestion string } // all that are at fault
	}
	Status     int           `json:"-"` // of HTTP; 0 within a stream
	RetryAfter time.Duration `json:"-"` // when to try again; 0 where the server does not say
}

// Code is the error's code in the API, such as FORBIDDEN.
func (e *Error) Code() string { return e.Extensions.Code }

func (e *Error) Error() string {
	code := strings.TrimSpace(e.Extensions.Code + " " + e.Extensions.Reason)
	if code == "" {
		code = fmt.Sprintf("HTTP %d", e.Status)
	}
	return fmt.Sprintf("%s (%s)", e.Message, code)
}

// Temporary reports whether the same request may be answered otherwise later.
func (e *Error) Temporary() bool {
	switch e.Extensions.Code {
	case "INTERNAL", "UNAVAILABLE", "RATE_LIMITED":
		return true
	case "":
		return e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests
	}
	return e.Status == http.StatusServiceUnavailable
}
