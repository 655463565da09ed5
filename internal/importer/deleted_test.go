package importer

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/internal/auth"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/progress"
	"tenantry/internal/tenancy"
)

// U3, C8: what is imported into a company that is deleted meanwhile, by its own imports and
// from its partner's list, before a batch, in one, and when all of one is written, is gone
// with it: no user stands in it, the own imports have stopped, and the purge leaves nothing.
func TestU3NothingIsImportedIntoADeletedCompany(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		passwords, err := auth.NewPasswords(auth.PasswordOptions{Cost: auth.Cost{MemoryKiB: 64, Passes: 1}})
		w.Must(err)
		hub := progress.New(w.redis, quiet)
		service := tenancy.New(tenancy.Parts{DB: w.DB, Passwords: passwords, Sessions: auth.New(w.DB, passwords, auth.Options{}), Events: hub, Owners: []tenancy.Owner{contacts.Owner(), Owner()}, Log: quiet})
		for i, when := range []string{"between", "in a batch", "when it is written"} {
			for _, c := range []struct {
				kind enum.ImportKind
				into bool // the company itself; else it is named by the rows of its partner's import
				head string
				row  string
			}{
				{enum.Users, true, "email,first_name,last_name,password", "%[2]s%[1]d@late.example,F,L,password"},
				{enum.Contacts, true, "email,first_name", "%[2]s%[1]d@late.example,F"},
				{enum.Contacts, false, "email,first_name,company_id", "%[2]s%[1]d@late.example,F,%[3]s"},
			} {
				tag := fmt.Sprintf("%s-%d-%v", c.kind, i, c.into)
				customer, err := service.AddCustomer(w.As(w.maria), tenancy.AddCustomer{Name: tag})
				w.Must(err)
				file := c.head + "\n"
				for row := range 6 {
					file += fmt.Sprintf(c.row, row, tag, customer.ID) + "\n"
				}
				into := w.partner
				if c.into {
					into = customer
				}
				deleted, begun := make(chan error, 1), false
				begin := func() {
					if !begun {
						begun = true
						go func() { deleted <- service.DeleteCustomer(w.As(w.maria), customer.ID) }()
					}
				}
				h := hooked{}
				switch when {
				case "between":
					h.between = func(turn int) {
						if turn == 1 {
							begin()
							err := <-deleted
							deleted <- err
						}
					}
				case "in a batch":
					h.inTx = func(_ context.Context, _ *database.Tx, b hookedBatch) error {
						if b.first > 1 {
							begin()
						}
						return nil
					}
				default:
					h.loaded = func(turn int) error {
						if turn >= 1 {
							begin()
						}
						return nil
					}
				}
				e := w.engine(Options{BatchRows: 2})
				e.hook(h)
				run := w.of(e, w.maria, c.kind, into, file)
				w.workOn(e)
				if err := <-deleted; err != nil {
					t.Errorf("%s %s: the deletion: %v", tag, when, err)
				}
				w.workOn(e)
				w.leavesNothing(tag+" "+when, service, customer, run.ID)
			}
		}
	})
}

// workOn is work where imports may be gone meanwhile.
func (w *world) workOn(e *Engine) {
	w.T.Helper()
	for worked := true; worked; {
		var err error
		if worked, err = e.RunNext(w.T.Context()); err != nil && !errors.Is(err, errSuperseded) {
			w.T.Fatal(err)
		}
	}
}

// leavesNothing demands of a deleted customer that no import of its own goes on, that it has
// no users, and that the purge takes all of it.
func (w *world) leavesNothing(what string, service *tenancy.Service, customer *ent.Company, run id.ID) {
	w.T.Helper()
	open := w.DB.Ent().ImportRun.Query().Where(importrun.CompanyID(customer.ID), importrun.StatusIn(enum.Queued, enum.Running)).CountX(w.System)
	var users int
	w.Must(w.DB.SQL().QueryRowContext(w.System, `SELECT count(*) FROM users WHERE company_id = $1`, customer.ID).Scan(&users))
	if open > 0 || users > 0 {
		w.T.Errorf("%s: %d open imports and %d users of a deleted company", what, open, users)
	}
	if state, err := w.DB.Ent().ImportRun.Get(w.System, run); err == nil && state.CompanyID == w.partner.ID && state.Status != enum.Completed {
		w.T.Errorf("%s: the partner's own import is %s", what, state.Status)
	}
	w.Must(service.Purge(w.T.Context()))
	for _, table := range []string{"companies", "contacts", "users"} {
		column := map[bool]string{true: "id", false: "company_id"}[table == "companies"]
		var n int
		w.Must(w.DB.SQL().QueryRowContext(w.System, `SELECT count(*) FROM `+table+` WHERE `+column+` = $1`, customer.ID).Scan(&n))
		if n > 0 {
			w.T.Errorf("%s: the purge leaves %d rows of %s", what, n, table)
		}
	}
}
