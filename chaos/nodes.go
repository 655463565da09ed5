package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"tenantry/chaos/model"
	"tenantry/client"
)

// nodes are the processes that answer now, as a load balancer knows them: an [http.RoundTripper]
// that sends each request to any of them.
type nodes struct {
	transport *http.Transport

	// earlier: some are of the version before, which may not know all fields that the client asks for.
	earlier bool

	mu    sync.Mutex
	hosts []string
}

func newNodes() *nodes {
	return &nodes{transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 20 * time.Second}}
}

// add makes the process at the URL known.
func (n *nodes) add(url string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts = append(n.hosts, strings.TrimPrefix(url, "http://"))
}

// remove forgets it.
func (n *nodes) remove(url string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts = slices.DeleteFunc(n.hosts, func(host string) bool { return host == strings.TrimPrefix(url, "http://") })
}

// errNoNode: a client waits and tries again.
var errNoNode = errors.New("no node answers now")

// RoundTrip sends the request to one of the processes.
func (n *nodes) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	host := ""
	if len(n.hosts) > 0 {
		host = n.hosts[rand.IntN(len(n.hosts))]
	}
	n.mu.Unlock()
	if host == "" {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, errNoNode
	}
	r = r.Clone(r.Context())
	r.URL.Host, r.Host = host, host
	return n.transport.RoundTrip(r)
}

// CloseIdleConnections closes the connections that no request uses.
func (n *nodes) CloseIdleConnections() { n.transport.CloseIdleConnections() }

// as is a client of all the processes, as the token's bearer, that does not give up.
func (n *nodes) as(token string) *client.Client { return n.with(client.Options{Token: token}) }

func (n *nodes) with(o client.Options) *client.Client {
	o.HTTP, o.GiveUp = &http.Client{Transport: n}, 24*time.Hour
	return client.New("http://nodes", o)
}

// insist runs an operation until it is answered for good, or ctx ends.
func (n *nodes) insist(ctx context.Context, token, query string, variables client.Vars, out any) error {
	return n.until(ctx, func(ctx context.Context) error { return n.as(token).Do(ctx, query, variables, out) })
}

// until asks again until it is answered for good, or ctx ends.
func (n *nodes) until(ctx context.Context, ask func(context.Context) error) error {
	for {
		one, cancel := context.WithTimeout(ctx, 20*time.Second)
		err := ask(one)
		cancel()
		if e, answered := errors.AsType[*client.Error](err); err == nil || answered && !e.Temporary() {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// delivery is a file on its way to importCsv.
type delivery struct {
	client.Upload
	token   string
	content []byte

	// pace, where set, is called before each piece of the file, with how much of it was sent: it
	// may wait, or break the upload off with an error.
	pace   func(sent, size int) error
	failed func(error) // where set: called with what became of each try that is made again
	piece  int         // bytes a piece; 0: all at once
	blind  bool        // do not announce the length (chunked)
}

// once sends the file once, and gives the import's id.
func (n *nodes) once(ctx context.Context, d delivery) (string, error) {
	d.File = io.MultiReader(bytes.NewReader(d.content)) // what cannot be rewound is not sent again
	if d.pace != nil {
		d.File = &pacedReader{delivery: d}
	}
	if !d.blind {
		d.Size = int64(len(d.content))
	}
	if n.earlier {
		return n.onceEarlier(ctx, d)
	}
	run, err := n.as(d.token).ImportCSV(ctx, d.Upload)
	return run.ID, err
}

// onceEarlier asks for what every version has.
func (n *nodes) onceEarlier(ctx context.Context, d delivery) (string, error) {
	var out struct {
		ImportCsv struct{ ImportRun struct{ ID string } }
	}
	err := n.as(d.token).DoFile(ctx, `mutation($kind:ImportKind!,$file:Upload!,$key:String){importCsv(input:{kind:$kind,file:$file,idempotencyKey:$key}){importRun{id}}}`,
		client.Vars{"kind": d.Kind, "file": nil, "key": d.IdempotencyKey}, "file", client.File{Name: d.Name, Content: d.File, Size: d.Size}, &out)
	return out.ImportCsv.ImportRun.ID, err
}

// deliver sends the file until it is answered for good, or ctx ends. The key makes the
// repetition harmless.
func (n *nodes) deliver(ctx context.Context, d delivery) (string, error) {
	for {
		one, cancel := context.WithTimeout(ctx, 60*time.Second)
		run, err := n.once(one, d)
		cancel()
		if e, answered := errors.AsType[*client.Error](err); err == nil || answered && !e.Temporary() && !brokenOff(e) {
			return run, err
		}
		if d.failed != nil {
			d.failed(err)
		}
		d.pace = nil // what was to happen on the way has happened
		select {
		case <-ctx.Done():
			return "", errors.Join(context.Cause(ctx), err)
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// brokenOff: the server itself says that the file did not arrive whole, and to send it again.
func brokenOff(e *client.Error) bool {
	return e.Code() == "BAD_REQUEST" || e.Code() == "FAILED_PRECONDITION"
}

type pacedReader struct {
	delivery
	sent int
}

func (r *pacedReader) Read(p []byte) (int, error) {
	if r.sent == len(r.content) {
		return 0, io.EOF
	}
	if err := r.pace(r.sent, len(r.content)); err != nil {
		return 0, err
	}
	if r.piece > 0 && len(p) > r.piece {
		p = p[:r.piece]
	}
	n := copy(p, r.content[r.sent:])
	r.sent += n
	return n, nil
}

const watchQuery = `subscription($id:ID!){importProgress(id:$id){status revision totalRows processedRows createdCount skippedCount failedCount}}`

// watch follows an import until the subscription completes, or the server says that
// the watcher may not see the import, and records all that it receives.
func (n *nodes) watch(ctx context.Context, token string, h *model.History) {
	connection := 1
	c := n.with(client.Options{Token: token, Sockets: h.Protocol == "ws", Broken: func(err error) {
		e := model.Event{Connection: connection, Closed: max(int(websocket.CloseStatus(err)), 0)}
		if fault, ok := errors.AsType[*client.Error](err); ok {
			e.Fault = fault.Code()
		}
		if e.Closed != 0 || e.Fault != "" {
			h.Record(e)
		}
		connection++
	}})
	for ctx.Err() == nil {
		err := c.Subscribe(ctx, watchQuery, client.Vars{"id": h.Import}, func(data json.RawMessage) error {
			var out struct{ ImportProgress client.Import }
			if err := json.Unmarshal(data, &out); err != nil {
				return err
			}
			h.Record(model.Event{Connection: connection, State: &out.ImportProgress})
			return nil
		})
		if err == nil {
			h.Record(model.Event{Connection: connection, Complete: true})
			return
		}
		if h.Lost() {
			return
		}
		select { // refused, but perhaps not for good
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
