package importer

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// edit is what somebody else does with contacts while an import of them is planned and not written.
type edit struct{ what, statement, file, counts, left string }

// K5, R2, R4: no edit is lost that somebody makes between the planning of a batch and its write, and
// none of the import's; the rows are then planned by what there is. On SQLite nobody can write in between.
func TestEditsBetweenPlanAndWriteStay(t *testing.T) {
	const setUp = "email,id,first_name,last_name,labels,plan\nann@x.example,a,Ann,Archer,VIP,gold\nbob@x.example,b,Bob,Breuer,,\n"
	edits := []edit{
		{
			"another field", "UPDATE contacts SET first_name = 'Anna'", "email,last_name\nann@x.example,New\n", "COMPLETED 0+1+0+0+0 of 1",
			"ann@x.example|Anna||New|a|VIP|plan=gold",
		},
		{
			"the same field", "UPDATE contacts SET last_name = 'Edited'", "email,last_name\nann@x.example,New\n", "COMPLETED 0+1+0+0+0 of 1",
			"ann@x.example|Ann||New|a|VIP|plan=gold",
		},
		{
			"what the file says", "UPDATE contacts SET last_name = 'New', updated_at = '2020-01-01'", "email,last_name\nann@x.example,New\n", "COMPLETED 0+0+1+0+0 of 1",
			"ann@x.example|Ann||New|a|VIP|plan=gold",
		},
		{
			"a blank that is to be filled", "UPDATE contacts SET middle_name = 'M'", "email,id,middle_name\nann@x.example,a,X\n", "COMPLETED 0+1+0+0+0 of 1",
			"ann@x.example|Ann|X|Archer|a|VIP|plan=gold",
		},
		{
			"the email", "UPDATE contacts SET email = 'moved@x.example', email_key = 'moved@x.example'", "email,id,last_name\nann2@x.example,a,New\n", "COMPLETED 0+1+0+0+0 of 1",
			"ann2@x.example|Ann||New|a|VIP|plan=gold",
		},
		{
			"the external id", "UPDATE contacts SET external_id = 'z'", "email,id,first_name,last_name\nann2@x.example,a,Ann,New\n", "COMPLETED 1+0+0+0+0 of 1",
			"ann2@x.example|Ann||New|a||;ann@x.example|Ann||Archer|z|VIP|plan=gold",
		},
		{
			"its values, and the contact with them", "WITH gone AS (DELETE FROM custom_field_values) UPDATE contacts SET updated_at = '2020-01-01'",
			"email,plan\nann@x.example,silver\n", "COMPLETED 0+1+0+0+0 of 1",
			"ann@x.example|Ann||Archer|a|VIP|plan=silver",
		},
		{
			"it is deleted", "DELETE FROM contacts", "email,first_name\nann@x.example,Again\n", "COMPLETED 1+0+0+0+0 of 1",
			"ann@x.example|Again|||||",
		},
	}
	inWorlds(t, func(t *testing.T, w *world) {
		if w.DB.Dialect() == database.SQLite {
			t.Skip("a transaction has the whole file")
		}
		w.furnish(w.plain, "", []string{"VIP"}, "TEXT:plan")
		for _, c := range edits {
			for mode := range 4 {
				held, inFlight := mode%2 == 1, mode/2+1
				t.Run(fmt.Sprint(c.what, " held ", held, " in flight ", inFlight), func(t *testing.T) {
					w.T = t
					w.Exec(`DELETE FROM import_runs`)
					w.Exec(`DELETE FROM contacts`)
					w.imports(setUp, hooked{})
					times := 0
					run := w.importsWith(Options{InFlight: inFlight}, c.file, hooked{planned: func() {
						if times++; times == 1 {
							w.edit(c.statement+" WHERE email = 'ann@x.example'", held)
							return
						}
						free := w.free()
						testenv.Equal(t, "Bob, whom the file does not name, is free", slices.Contains(free, "Breuer"), true)
						testenv.Equal(t, "what the file names is free", len(free) > 1, c.what == "the external id") // by which it was found
					}})
					testenv.Equal(t, "counts", run, c.counts)
					if times != 2 {
						t.Errorf("planned %d times, want 2", times)
					}
					testenv.Equal(t, "contacts", w.shortly(), c.left+";bob@x.example|Bob||Breuer|b||")
				})
			}
		}
	})
}

// imports imports the file into a company of its own with hooks and gives the counts.
func (w *world) imports(file string, h hooked) string {
	w.T.Helper()
	return w.importsWith(Options{}, file, h)
}

func (w *world) importsWith(o Options, file string, h hooked) string {
	w.T.Helper()
	e := w.engine(o)
	e.hook(h)
	run := w.of(e, w.outside, enum.Contacts, w.plain, file)
	w.work(e)
	return counts(w.state(run.ID))
}

// edit runs the statement on a connection of its own; held: it is not committed before the import
// waits for it.
func (w *world) edit(statement string, held bool) {
	if !held {
		w.Exec(statement)
		return
	}
	tx, err := w.DB.SQL().BeginTx(w.System, nil)
	w.Must(err)
	_, err = tx.ExecContext(w.System, statement)
	w.Must(err)
	var own int
	w.Must(tx.QueryRowContext(w.System, "SELECT pg_backend_pid()").Scan(&own))
	go func() {
		waits := false
		for !waits && w.System.Err() == nil {
			if err := w.DB.SQL().QueryRowContext(w.System, "SELECT count(*) > 0 FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))", own).Scan(&waits); err != nil {
				break
			}
		}
		_ = tx.Commit()
	}()
}

// free are the last names of the contacts that others can change now.
func (w *world) free() (names []string) {
	w.T.Helper()
	w.Must(w.DB.InTx(context.WithoutCancel(w.System), func(ctx context.Context, tx *database.Tx) error {
		names = nil
		return tx.Each(ctx, "contacts", func(rows *sql.Rows) error {
			var name sql.NullString
			err := rows.Scan(&name)
			names = append(names, name.String)
			return err
		}, "SELECT last_name FROM contacts"+tx.Dialect().LockFree(database.ForUpdate))
	}))
	return names
}

// shortly is what there is of the company's contacts.
func (w *world) shortly() string {
	var all []string
	for _, c := range w.listed(w.plain.ID) {
		f := strings.Split(c, "|")
		all = append(all, strings.Join([]string{f[0], f[1], f[2], f[3], f[5], f[10], f[11]}, "|"))
	}
	return strings.Join(all, ";")
}

// R4: contacts that an import leaves as they are can be changed at once by everybody.
func TestR4NobodyWaitsForContactsThatStay(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		if w.DB.Dialect() == database.SQLite {
			t.Skip("a transaction has the whole file")
		}
		w.imports("email,first_name\nann@x.example,Ann\nbob@x.example,Bob\n", hooked{})
		free := 0
		h := hooked{loaded: func(int) error {
			free = len(w.free())
			return nil
		}}
		testenv.Equal(t, "counts", w.imports("email,first_name\nann@x.example,Ann\nbob@x.example,Robert\n", h), "COMPLETED 0+1+1+0+0 of 2")
		testenv.Equal(t, "contacts that others can change", free, 1)
	})
}
