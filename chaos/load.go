package main

import (
	"context"
	"sync"
	"time"

	"tenantry/chaos/model"
	"tenantry/client"
)

// load is the work of a trial.
type load struct {
	tenants int
	files   int // each; they are sent one after another
	rows    int // each, more or less
	fate    model.Fate
	dryRuns bool
	kind    model.Kind // of every file; empty: of all kinds
}

// usersRows is what a file of users has at most: each new one costs a slow fingerprint of
// its password (argon2id), 16 ms of a core.
const usersRows = 60

// kinds draws of which kind a tenant's n-th file is, and how many rows it may have. Where a
// tenant sends several, the last one of every second tenant has users; where there are many
// tenants, the last one's.
func (t *trial) kinds(l load, tenant, n int) (model.Kind, int) {
	switch {
	case l.kind != "":
		return l.kind, l.rows
	case l.files > 1 && n == l.files-1 && tenant%2 == 1, l.files == 1 && l.tenants > 4 && tenant == l.tenants-1:
		return model.Users, min(l.rows, usersRows)
	case t.rand.IntN(2) == 0:
		return model.Contacts, l.rows
	}
	return model.Customers, l.rows
}

// plan makes the files. Tenants want some of the same names.
func (t *trial) plan(l load) []*model.Sent {
	if l.files == 0 {
		l.files = 1
	}
	t.world.Tenants = t.tenants
	if t.embedded == "" && len(t.world.Contested) == 0 {
		t.world.Contested = append(t.world.Contested, "Contested Lighthouse", "Contested Mill", "Contested Orchard")
	}
	var sent []*model.Sent
	for i, tenant := range t.world.Tenants[:l.tenants] {
		for n := range l.files {
			kind, rows := t.kinds(l, i, n)
			s := &model.Sent{Fate: l.fate, DryRun: l.dryRuns && n == 0 && t.rand.IntN(2) == 0}
			t.maker.Contested = t.world.Contested
			if s.DryRun {
				t.maker.Contested = nil // afterwards nobody knows whether such a name was free then
			}
			s.File = t.maker.File(kind, tenant, rows/2+t.rand.IntN(rows))
			sent = append(sent, s)
		}
	}
	t.world.Sent = append(t.world.Sent, sent...)
	return sent
}

// send delivers the files, those of a tenant in their order, and watches each from the
// moment that it is accepted. It returns at once; sent waits.
func (t *trial) send(sent []*model.Sent, each ...func(*model.Sent, *delivery)) {
	byTenant := map[*model.Tenant][]*model.Sent{}
	for _, s := range sent {
		byTenant[s.Tenant] = append(byTenant[s.Tenant], s)
	}
	for _, files := range byTenant {
		t.senders.Go(func() {
			for _, s := range files {
				u := upload(s, delivery{})
				for _, change := range each {
					change(s, &u)
				}
				t.deliver(s, u)
			}
		})
	}
}

// upload is a file's way to the API.
func upload(s *model.Sent, d delivery) delivery {
	d.token, d.content = s.Tenant.Admin.Token, s.Bytes
	d.Upload = client.Upload{Kind: string(s.Kind), Name: s.Name, IdempotencyKey: s.Key, DryRun: s.DryRun, CompanyID: s.Into}
	return d
}

// deliver sends one file until it is answered for good.
func (t *trial) deliver(s *model.Sent, d delivery) {
	run, err := t.ask(s, d)
	t.mu.Lock()
	s.Answer = run
	t.mu.Unlock()
	switch {
	case err == nil && run != "":
		t.follow(s, "ws")
		t.follow(s, "sse")
	case s.Fate == model.Completes || s.Fate == model.Fails:
		t.violate("I1", "%s was not accepted: %v", s.Name, err)
	}
}

// ask has the import accepted, and gives its id.
func (t *trial) ask(s *model.Sent, d delivery) (string, error) {
	c := t.nodes.as(s.Tenant.Admin.Token)
	var run client.Import
	var ask func(context.Context) error
	switch {
	case s.Retries != nil:
		ask = func(ctx context.Context) (err error) {
			run, err = c.RetryRows(ctx, client.Retry{Import: t.answer(s.Retries), Rows: s.Corrections, IdempotencyKey: s.Key})
			return err
		}
	case s.Undoes != nil:
		ask = func(ctx context.Context) (err error) {
			run, err = c.UndoImport(ctx, client.Undo{Import: t.answer(s.Undoes), IdempotencyKey: s.Key})
			return err
		}
	default:
		return t.nodes.deliver(t.ctx, d)
	}
	err := t.nodes.until(t.ctx, ask)
	return run.ID, err
}

// follow has an import watched until its end.
func (t *trial) follow(s *model.Sent, protocol string) {
	h := &model.History{Import: s.Answer, Protocol: protocol}
	t.mu.Lock()
	t.world.Histories = append(t.world.Histories, h)
	t.mu.Unlock()
	t.viewers.Go(func() { t.nodes.watch(t.ctx, s.Tenant.Admin.Token, h) })
}

// sent waits until every file is answered.
func (t *trial) sent() { t.wait(&t.senders, "the uploads") }

// answered is closed when every file is.
func (t *trial) answered() <-chan struct{} {
	done := make(chan struct{})
	go func() { t.senders.Wait(); close(done) }()
	return done
}

func (t *trial) wait(group *sync.WaitGroup, what string) {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
	case <-t.ctx.Done():
		t.say("still waiting for %s", what)
		t.check(context.Cause(t.ctx))
	}
}

// middle waits until so many imports are in their middle.
func (t *trial) middle(imports int) {
	t.await(60*time.Second, "imports in their middle", func() bool { return t.watch.running() >= imports })
}

// settle waits until every import is final; what is not in time breaks I4 at the check.
func (t *trial) settle(within time.Duration) {
	t.sent()
	began := time.Now()
	for time.Since(began) < within && t.ctx.Err() == nil {
		if !t.working() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.say("not every import is final after %v", within)
}

// working says whether an import that was accepted has not ended, or has not been seen yet.
func (t *trial) working() bool {
	return t.watch.open() > 0 || t.watch.count(func(string, int) bool { return true }) < t.expected()
}

// expected is how many imports the tables must show.
func (t *trial) expected() int {
	n := 0
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.world.Sent {
		if s.Answer != "" && s.Fate != model.Disappears {
			n++
		}
	}
	return n
}
