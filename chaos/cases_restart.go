package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"tenantry/chaos/model"
	"tenantry/client"
)

func restartCases() []experiment {
	return []experiment{
		{name: "rolling-restart", what: "SIGTERM in the middle: two rolling restarts of all processes", short: true, run: rollingRestart},
		{name: "cancel", what: "imports are canceled at random moments, also as they end", short: true, run: cancelRace},
		{name: "rights-withdrawn", what: "the importer's rights are taken away in the middle", short: true, run: rightsWithdrawn},
		{name: "company-deleted", what: "the importing company is deleted in the middle", run: companyDeleted},
		{name: "customer-deleted", what: "the customer into which contacts are imported is deleted in the middle, over the API", run: customerDeleted},
	}
}

func rollingRestart(t *trial) {
	// A drain hands an import over at once; a little more than a sweep.
	t.bound("RUNNING", 5*time.Second)
	t.pace = "batch.mid=sleep:60ms@1+"
	// An import that is handed over keeps its tries: nobody may ever see a second one counted.
	t.exec(`CREATE TABLE retries (import_run_id uuid)`)
	t.exec(`CREATE FUNCTION retried() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO retries VALUES (NEW.id); RETURN NULL; END $$`)
	t.exec(`CREATE TRIGGER retried AFTER UPDATE ON import_runs FOR EACH ROW WHEN (NEW.claims > 1) EXECUTE FUNCTION retried()`)
	processes := []*process{t.api(), t.api(), t.worker(), t.worker()}
	t.send(t.plan(load{tenants: 4, files: 2, rows: 6000}))
	t.middle(2)
	for range 2 {
		for _, p := range processes {
			t.sleep(t.between(0, 500*time.Millisecond))
			p.leave()
			p.again()
		}
	}
	t.conclude()
	if n := t.number(`SELECT count(DISTINCT import_run_id) FROM retries`); n > 0 {
		t.violate("I4", "%d imports have used up a retry in a restart", n)
	}
	t.shown(t.number(`SELECT count(*) FROM import_runs WHERE epoch > 1`), "imports that another process went on with")
	closed := 0
	for _, h := range t.world.Histories {
		for _, e := range h.Events() {
			if e.Closed == 1012 {
				closed++
			}
			if e.Closed != 0 && e.Closed != 1012 {
				t.violate("I5", "a watcher's socket was closed with %d in a restart, want 1012", e.Closed)
			}
		}
	}
	t.shown(closed, "sockets that were closed by a restart")
}

const cancelMutation = `mutation($id:ID!){cancelImport(input:{id:$id}){importRun{status}}}`

func cancelRace(t *trial) {
	// Some time before the final transaction there is nothing left to stop.
	t.pace += fmt.Sprintf(";finish.before=sleep:%dms@1+", 20+t.rand.IntN(200))
	t.eightSlots()
	sent := t.plan(load{tenants: 6, files: 2, rows: 700, fate: model.MayStop})
	t.send(sent)
	stopped := map[*model.Sent]string{}
	for _, s := range sent {
		t.await(30*time.Second, "an accepted import", func() bool { return t.answer(s) != "" })
		t.sleep(t.between(0, 250*time.Millisecond))
		var out struct {
			CancelImport struct{ ImportRun struct{ Status string } }
		}
		err := t.nodes.insist(t.ctx, s.Tenant.Admin.Token, cancelMutation, client.Vars{"id": t.answer(s)}, &out)
		if err == nil {
			t.fault("%s is canceled: %s", s.Name, out.CancelImport.ImportRun.Status)
			stopped[s] = out.CancelImport.ImportRun.Status
		}
	}
	t.conclude()
	ends := map[string]int{}
	for _, s := range sent {
		var status string
		t.check(t.db.QueryRowContext(t.ctx, `SELECT status FROM import_runs WHERE CAST(id AS text) = $1`, s.Answer).Scan(&status))
		ends[status]++
		if stopped[s] == "CANCELED" && status != "CANCELED" || stopped[s] == "" && status != "COMPLETED" {
			t.violate("I4", "%s is %s; cancelImport had answered %q", s.Name, status, stopped[s])
		}
	}
	t.note("%d canceled, %d completed", ends["CANCELED"], ends["COMPLETED"])
}

func (t *trial) answer(s *model.Sent) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return s.Answer
}

func rightsWithdrawn(t *trial) {
	t.pace = "batch.mid=sleep:40ms@1+"
	t.api()
	t.worker()
	t.worker()
	sent := t.plan(load{tenants: 4, rows: 6000})
	loser := sent[t.rand.IntN(len(sent))]
	loser.Fate = model.Fails
	t.send(sent)
	t.await(30*time.Second, "the import's middle", func() bool {
		run := t.answer(loser)
		return run != "" && t.number(`SELECT processed_rows FROM import_runs WHERE CAST(id AS text) = $1`, run) > 0
	})
	t.sleep(t.between(0, 500*time.Millisecond))
	if loser.Kind != model.Customers || t.rand.IntN(2) == 0 { // contacts and users take no partner
		t.exec(`UPDATE users SET role = 'MEMBER' WHERE id = $1`, loser.Tenant.Admin.ID)
	} else {
		t.exec(`UPDATE companies SET is_partner = false WHERE id = $1`, loser.Tenant.Company)
	}
	t.fault("%s may not import any more", loser.Tenant.Tag)
	t.conclude()
	if n := t.number(`SELECT count(*) FROM import_runs WHERE failure_code = 'FORBIDDEN'`); n != 1 {
		t.violate("I4", "%d imports ended FORBIDDEN, want one", n)
	}
}

func companyDeleted(t *trial) {
	t.pace = "batch.mid=sleep:40ms@1+"
	t.mayOrphan = true // its uploads belong to nobody then
	t.api()
	t.worker()
	t.worker()
	sent := t.plan(load{tenants: 4, rows: 5000})
	gone := sent[t.rand.IntN(len(sent))]
	gone.Fate = model.Disappears
	t.send(sent)
	t.sent()
	t.middle(4)
	t.sleep(t.between(0, 500*time.Millisecond))
	// The API deletes customers alone; this is what a platform's administrator does. The
	// customers stay, without a partner. A deadlock with a batch is expected: it is tried again.
	t.await(20*time.Second, "the deletion", func() bool {
		err := t.erase(gone.Tenant.Company)
		if problem, ok := errors.AsType[*pq.Error](err); ok && problem.Code == "40P01" {
			return false
		}
		t.check(err)
		return true
	})
	t.fault("%s is deleted", gone.Tenant.Name)
	t.conclude()
	if n := t.number(`SELECT count(*) FROM import_runs WHERE company_id = $1`, gone.Tenant.Company); n > 0 {
		t.violate("I7", "%d imports of a company that is gone", n)
	}
}

// erase deletes a company behind the program's back, between two batches of its import.
func (t *trial) erase(company string) error {
	tx, err := t.db.BeginTx(t.ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	for _, statement := range []string{
		`SELECT id FROM import_runs WHERE company_id = $1 FOR UPDATE`,
		`DELETE FROM contacts WHERE company_id = $1`, `DELETE FROM companies WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(t.ctx, statement, company); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// customerDeleted is rule C8: the customer is gone at once for whoever looks, its import
// stops, and what there was of both is purged behind.
func customerDeleted(t *trial) {
	t.pace = "batch.mid=sleep:40ms@1+"
	t.mayOrphan = true
	t.api()
	t.worker()
	t.worker()
	sent := t.plan(load{tenants: 4, rows: 4000, kind: model.Contacts})
	gone := sent[t.rand.IntN(len(sent))]
	token := gone.Tenant.Admin.Token
	var added struct {
		AddCustomer struct{ Customer struct{ ID string } }
	}
	t.check(t.nodes.insist(t.ctx, token, `mutation($n:String!){addCustomer(input:{name:$n}){customer{id}}}`,
		client.Vars{"n": gone.Tenant.Tag + " Doomed"}, &added))
	gone.Into, gone.Fate = added.AddCustomer.Customer.ID, model.Disappears
	t.send(sent)
	t.sent()
	t.middle(4)
	t.sleep(t.between(0, 500*time.Millisecond))
	t.check(t.nodes.insist(t.ctx, token, `mutation($id:ID!){deleteCustomer(input:{id:$id}){customerId}}`, client.Vars{"id": gone.Into}, nil))
	t.fault("%s's customer is deleted", gone.Tenant.Tag)
	var shown struct{ ImportRun *struct{ ID string } }
	if err := t.nodes.as(token).Do(t.ctx, `query($id:ID!){importRun(id:$id){id}}`, client.Vars{"id": gone.Answer}, &shown); err == nil && shown.ImportRun != nil {
		t.violate("I7", "the import of a customer that is deleted is still shown")
	}
	t.worker() // each purges when it begins, and every ten minutes
	t.await(30*time.Second, "the purge", func() bool {
		return t.number(`SELECT count(*) FROM companies WHERE id = $1`, gone.Into) == 0
	})
	t.conclude()
	for _, table := range []string{"import_runs", "contacts", "projects", "desks"} {
		if n := t.number(`SELECT count(*) FROM `+table+` WHERE company_id = $1`, gone.Into); n > 0 {
			t.violate("I7", "%d %s of a customer that is gone", n, table)
		}
	}
}
