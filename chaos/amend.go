package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"tenantry/chaos/model"
	"tenantry/client"
	"tenantry/internal/importer/journal"
)

// imported imports the files with nothing broken, and returns when that is done: what is done about imports that
// have ended begins with these.
func (t *trial) imported(l load) []*model.Sent {
	sent := t.plan(l)
	t.undisturbed(func() { t.send(sent) })
	return sent
}

// undisturbed has the imports that send sends come to their end with nothing broken. On PostgreSQL the worker for
// that ends thereafter.
func (t *trial) undisturbed(send func()) {
	pace, leave := t.pace, func() {}
	if t.embedded == "" {
		t.pace = ""
		leave = t.worker().leave
	}
	send()
	t.settle(60 * time.Second)
	if t.working() {
		t.violate("I4", "imports that nothing disturbs are not final")
	}
	leave()
	t.pace = pace
}

// retries makes retries of the rows of the imports that have failed.
func (t *trial) retries(sent []*model.Sent) []*model.Sent {
	tables, err := model.Read(t.ctx, t.db)
	t.check(err)
	var retries []*model.Sent
	for _, s := range sent {
		run := slices.IndexFunc(tables.Imports, func(r model.Import) bool { return r.ID == s.Answer })
		if run < 0 {
			continue // which the check reports
		}
		var failed []int
		for row, result := range tables.Imports[run].Results() {
			if result == journal.Failed {
				failed = append(failed, row)
			}
		}
		slices.Sort(failed)
		if len(failed) > 0 {
			retries = append(retries, t.maker.Correct(s, failed[:min(len(failed), mostRetried)]))
		}
	}
	t.shown(len(retries), "imports with failed rows")
	t.world.Sent = append(t.world.Sent, retries...)
	return retries
}

// undos makes undos of the imports or undos, which are of contacts.
func (t *trial) undos(sent []*model.Sent) []*model.Sent {
	var undos []*model.Sent
	for _, s := range sent {
		undos = append(undos, t.maker.Undo(s))
	}
	t.world.Sent = append(t.world.Sent, undos...)
	return undos
}

// edit edits by hand some contacts that each of the imports has written, and deletes others. It is done before
// what is sent of the tenant.
func (t *trial) edit(imports []*model.Sent, sent []*model.Sent) {
	tables, err := model.Read(t.ctx, t.db)
	t.check(err)
	emails := map[string]string{}
	for _, c := range tables.Contacts {
		emails[c.ID] = c.Email
	}
	edits := map[*model.Tenant][]model.Edit{}
	for _, s := range imports {
		run := slices.IndexFunc(tables.Imports, func(r model.Import) bool { return r.ID == s.Answer })
		if run < 0 {
			continue // which the check reports
		}
		for _, result := range []journal.Result{journal.Created, journal.Updated} {
			records := slices.Sorted(maps.Keys(tables.Imports[run].Records(result)))
			for range min(edited, len(records)) {
				i := t.rand.IntN(len(records))
				e := model.Edit{ID: records[i], Email: emails[records[i]], Last: fmt.Sprintf("Edited %d", t.rand.IntN(1000)), Delete: t.rand.IntN(4) == 0}
				records = slices.Delete(records, i, i+1)
				if e.Email != "" {
					t.editOne(s.Tenant, e)
					edits[s.Tenant] = append(edits[s.Tenant], e)
				}
				if e.Delete {
					emails[e.ID] = ""
				}
			}
		}
	}
	for _, s := range sent {
		s.Edits, edits[s.Tenant] = edits[s.Tenant], nil
	}
}

// edited is how many contacts of those that an import has created, and of those that it has updated, are
// edited.
const edited = 4

func (t *trial) editOne(of *model.Tenant, e model.Edit) {
	if e.Delete {
		t.check(t.nodes.insist(t.ctx, of.Admin.Token, `mutation($id:ID!){deleteContact(input:{id:$id}){contactId}}`, client.Vars{"id": e.ID}, nil))
		return
	}
	t.check(t.nodes.insist(t.ctx, of.Admin.Token, `mutation($id:ID!,$last:String!){updateContact(input:{id:$id,lastName:$last}){contact{id}}}`,
		client.Vars{"id": e.ID, "last": e.Last}, nil))
}

// amend retries and undoes imports of contacts, each tenant's in an order that is drawn, after some contacts were
// edited by hand. first and second are an import of each tenant, and one over the same contacts. It gives the undos.
func (t *trial) amend(first, second []*model.Sent) []*model.Sent {
	undos := slices.Concat(t.undos(second), t.undos(first))
	amendments := slices.Concat(t.retries(second), undos)
	t.rand.Shuffle(len(amendments), func(i, j int) { amendments[i], amendments[j] = amendments[j], amendments[i] })
	t.edit(second, amendments)
	t.send(amendments)
	return undos
}

// redo undoes undos that have ended, after some of their contacts were edited by hand.
func (t *trial) redo(undos []*model.Sent) {
	redos := t.undos(undos)
	t.rand.Shuffle(len(redos), func(i, j int) { redos[i], redos[j] = redos[j], redos[i] })
	t.edit(undos, redos)
	t.send(redos)
}

// mostRetried is how many rows retryRows takes (rule J15).
const mostRetried = 1_000
