// Package client talks to the program as its users' programs do: GraphQL over HTTP,
// uploads, and subscriptions over WebSocket and server-sent events. It knows nothing of
// the program's code.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Nodes are the addresses that answer now, as a load balancer knows them.
type Nodes struct {
	HTTP *http.Client

	mu   sync.Mutex
	urls []string
}

// NewNodes returns a balancer that knows no node yet.
func NewNodes() *Nodes {
	return &Nodes{HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 20 * time.Second}}}
}

// Add makes a node known.
func (n *Nodes) Add(url string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.urls = append(n.urls, url)
}

// Remove forgets a node.
func (n *Nodes) Remove(url string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	kept := make([]string, 0, len(n.urls))
	for _, u := range n.urls {
		if u != url {
			kept = append(kept, u)
		}
	}
	n.urls = kept
}

// Any is one of the nodes; empty where there is none.
func (n *Nodes) Any() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.urls) == 0 {
		return ""
	}
	return n.urls[rand.IntN(len(n.urls))]
}

// ErrNoNode says that no node is known: a client waits and tries again.
var ErrNoNode = errors.New("no node answers now")

// Fault is an answer that holds an error.
type Fault struct {
	Status  int
	Code    string
	Reason  string
	Message string
}

func (f *Fault) Error() string {
	return fmt.Sprintf("HTTP %d %s %s: %s", f.Status, f.Code, f.Reason, f.Message)
}

// Final says that the same request would be answered so again.
func Final(err error) bool {
	f, ok := errors.AsType[*Fault](err)
	return ok && f.Code != "INTERNAL" && f.Code != "" && f.Status < 500 && f.Code != "RATE_LIMITED"
}

// Vars are the variables of an operation.
type Vars map[string]any

// Do runs an operation once, as the token's bearer, and reads its data into out. Its
// error is a *Fault where there was an answer.
func (n *Nodes) Do(ctx context.Context, token, query string, variables Vars, out any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	return n.send(ctx, token, "application/json", bytes.NewReader(body), int64(len(body)), out)
}

// Insist runs an operation until it is answered for good, or ctx ends.
func (n *Nodes) Insist(ctx context.Context, token, query string, variables Vars, out any) error {
	for {
		one, cancel := context.WithTimeout(ctx, 20*time.Second)
		err := n.Do(one, token, query, variables, out)
		cancel()
		if err == nil || Final(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (n *Nodes) send(ctx context.Context, token, contentType string, body io.Reader, size int64, out any) error {
	url := n.Any()
	if url == "" {
		return ErrNoNode
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", body)
	if err != nil {
		return err
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", contentType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := n.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return err
	}
	return decode(resp.StatusCode, text, out)
}

// decode reads an answer's data into out, or gives its first error.
func decode(status int, text []byte, out any) error {
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code, Reason string }
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("HTTP %d with %.200q: %w", status, text, err)
	}
	if len(answer.Errors) > 0 {
		e := answer.Errors[0]
		return &Fault{Status: status, Code: e.Extensions.Code, Reason: e.Extensions.Reason, Message: e.Message}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.Data, out)
}
