package importer

import (
	"context"
	"errors"
	"testing"

	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/testenv"
)

// J6: the rights are those of now, at the start and at each batch.
func TestJ6WithoutRightsAnImportFails(t *testing.T) {
	for what, take := range map[string]string{
		"no administrator any more": `UPDATE users SET role = 'MEMBER' WHERE email_key = 'maria@partner.example'`,
		"inactive":                  `UPDATE users SET active = NOT active WHERE email_key = 'maria@partner.example'`,
		"deleted":                   `DELETE FROM users WHERE email_key = 'maria@partner.example'`,
		"partner demoted":           `UPDATE companies SET is_partner = NOT is_partner WHERE slug = 'partner'`,
	} {
		for at, when := range []string{"before the first batch", "before the second"} {
			t.Run(what+" "+when, func(t *testing.T) {
				inWorlds(t, func(t *testing.T, w *world) {
					e := w.engine(Options{BatchRows: 2})
					run := w.start(e, three+"A,a@b.example,tom@partner.example\nB,=x,tom@partner.example\nC,a@b.example,tom@partner.example\n")
					e.hook(hooked{inTx: func(ctx context.Context, tx *database.Tx, b hookedBatch) error {
						if b.first == 1 && at == 1 { // validated already: it is the next batch that fails
							_, err := tx.ExecContext(ctx, take)
							return err
						}
						return nil
					}})
					if at == 0 {
						w.Exec(take)
					}
					w.work(e)
					r := w.state(run.ID)
					testenv.Equal(t, "counts", counts(r), []string{"FAILED 0+0+0+0+0 of 3", "FAILED 1+0+0+0+1 of 3"}[at])
					if *r.FailureCode != fault.Forbidden.Code() || *r.FailureMessage == "" {
						t.Errorf("%s: %s", *r.FailureCode, *r.FailureMessage)
					}
					testenv.Equal(t, "customers", len(w.customers(w.partner.ID)), at) // what was written stays
					testenv.Equal(t, "rejects", r.RejectsKey != nil, at == 1)
				})
			})
		}
	}
}

// C8: an import goes with its company, and its worker stops without a word.
func TestC8AnImportStopsWhenItsCompanyIsDeleted(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 1})
		boss := w.another("Doomed")
		run, err := w.tryStart(e, boss, "name\n=x\nB\nC\n")
		w.Must(err)
		lost := make(chan error, 1)
		states, err := w.follow(w.As(boss), e, run.ID, func(err error) { lost <- err })
		w.Must(err)
		e.hook(hooked{between: func(turn int) {
			if turn == 1 {
				w.Exec(`DELETE FROM companies WHERE id = $1`, boss.CompanyID)
			}
		}})
		for range states {
			if _, err := e.RunNext(w.System); err != nil && !errors.Is(err, errSuperseded) {
				t.Errorf("the worker: %v", err)
			}
		}
		if err := <-lost; !fault.Is(err, fault.NotFound) {
			t.Errorf("the watcher: %v", err)
		}
		if n := w.DB.Ent().ImportRun.Query().CountX(w.System); n != 0 {
			t.Errorf("%d imports", n)
		}
	})
}
