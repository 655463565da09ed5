package app

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/client"
)

// breaker is an address in front of a server whose connections break when it is told so.
type breaker struct {
	listener net.Listener
	mu       sync.Mutex
	open     map[net.Conn]bool
	accepted int
}

func newBreaker(t *testing.T, server string) *breaker {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	b := &breaker{open: map[net.Conn]bool{}}
	if b.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.listener.Close(); b.breakAll() })
	go func() {
		for {
			near, err := b.listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to.Host)
			if err != nil {
				near.Close()
				continue
			}
			b.mu.Lock()
			b.open[near], b.open[far] = true, true
			b.accepted++
			b.mu.Unlock()
			go func() { _, _ = io.Copy(far, near); far.Close() }()
			go func() { _, _ = io.Copy(near, far); near.Close() }()
		}
	}()
	return b
}

func (b *breaker) url() string { return "http://" + b.listener.Addr().String() }

func (b *breaker) breakAll() (accepted int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		_ = c.Close()
		delete(b.open, c)
	}
	return b.accepted
}

// The public client against the whole server, over both kinds of streams, through connections
// that break: it signs in, uploads with progress, and is told of each state once.
func TestTheClientImportsAndWatchesThroughBrokenConnections(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, _, _ = s.partner("Partner", "partner.example")
		for _, sockets := range []bool{false, true} {
			b := newBreaker(t, s.url)
			nobody := client.New(b.url(), client.Options{Sockets: sockets, GiveUp: 20 * time.Second})
			if _, err := nobody.SignIn(t.Context(), "maria.keller@partner.example", "wrong"); err == nil || !strings.Contains(err.Error(), "UNAUTHENTICATED") {
				t.Errorf("a wrong password: %v", err)
			}
			maria, err := nobody.SignIn(t.Context(), "maria.keller@partner.example", "maria-password")
			if err != nil {
				t.Fatal(err)
			}
			file := customersNamed(90, map[bool]string{false: "Events %d", true: "Sockets %d"}[sockets])
			var sent int64
			run, err := maria.ImportCSV(t.Context(), client.Upload{
				Kind: "CUSTOMERS", Name: "list.csv", File: strings.NewReader(file), DryRun: true, Sent: func(n int64) { sent = n },
			})
			if err != nil || run.TotalRows != 90 || sent != int64(len(file)) {
				t.Fatalf("sockets %v: %+v after %d bytes: %v", sockets, run, sent, err)
			}
			var revisions []int
			last, err := maria.WatchImport(t.Context(), run.ID, func(i client.Import) error {
				if n := len(revisions); n > 0 && i.Revision <= revisions[n-1] {
					t.Errorf("revision %d comes after %v", i.Revision, revisions)
				}
				revisions = append(revisions, i.Revision)
				if len(revisions) == 1 {
					b.breakAll()
				}
				return nil
			})
			if err != nil || last.Status != "COMPLETED" || last.CreatedCount != 90 {
				t.Errorf("sockets %v: %+v: %v", sockets, last, err)
			}
			if _, err := maria.WatchImport(t.Context(), run.ID+"x", nil); err == nil {
				t.Errorf("sockets %v: an import that is not there is watched", sockets)
			}
			if err := maria.CancelImport(t.Context(), run.ID); err != nil {
				t.Errorf("sockets %v: canceling what has ended: %v", sockets, err)
			}
			maria.Close()
		}
	})
}

// J13, J15: the client lists an import's rows, however many pages they take, and retries those that failed.
func TestTheClientListsAndRetriesRows(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, token, _ := s.partner("Partner", "partner.example")
		maria := s.as(token)
		var file strings.Builder
		file.WriteString("email,first_name\n")
		for i := range 230 {
			fmt.Fprintf(&file, "p%d@x.example,%s\n", i, strings.Repeat("P", i%10)) // each tenth has no name
		}
		run, err := maria.ImportCSV(t.Context(), client.Upload{Kind: "CONTACTS", Name: "list.csv", File: strings.NewReader(file.String())})
		if err == nil {
			run, err = maria.WatchImport(t.Context(), run.ID, nil)
		}
		if err != nil || run.FailedCount != 23 {
			t.Fatalf("%+v: %v", run, err)
		}
		rows := func(id string, outcomes ...string) (all []client.ImportRow) {
			err := maria.ImportRows(t.Context(), id, func(r client.ImportRow) error { all = append(all, r); return nil }, outcomes...)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		all, failed := rows(run.ID), rows(run.ID, "FAILED")
		if len(all) != 230 || len(failed) != 23 || all[229].Row != 230 || all[229].Line != 231 || all[229].Record == nil || failed[22].Row != 221 || failed[22].Record != nil {
			t.Errorf("%d rows, %d failed, the last %+v, %+v", len(all), len(failed), all[len(all)-1], failed[len(failed)-1])
		}
		retry := client.Retry{Import: run.ID, IdempotencyKey: "again"}
		for _, r := range failed {
			retry.Rows = append(retry.Rows, client.RetryRow{Row: r.Row, Cells: []client.RetryCell{{Column: "first_name", Value: "P"}}})
		}
		again, err := maria.RetryRows(t.Context(), retry)
		if err == nil {
			again, err = maria.WatchImport(t.Context(), again.ID, nil)
		}
		if err != nil || again.CreatedCount != 23 || again.TotalRows != 23 {
			t.Errorf("the retry: %+v: %v", again, err)
		}
		if same, err := maria.RetryRows(t.Context(), retry); err != nil || same.ID != again.ID || same.ResolvedCount != 0 {
			t.Errorf("the same rows and key: %+v: %v", same, err)
		}
		for _, r := range rows(run.ID, "FAILED") {
			if !r.Resolved {
				t.Errorf("row %d is not resolved", r.Row)
			}
		}
		if err := maria.ImportRows(t.Context(), run.ID+"x", nil); err == nil {
			t.Error("rows of an import that is not there")
		}
	})
}
