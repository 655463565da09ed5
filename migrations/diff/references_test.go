package main

import (
	"maps"
	"slices"
	"testing"

	"ariga.io/atlas/sql/schema"

	"tenantry/internal/database"
	"tenantry/migrations"
)

// Every reference between rows of tenants carries the tenant, in the databases as the
// files make them, but for those that lead across by design.
func TestReferencesCarryTheTenant(t *testing.T) {
	for _, tg := range targets {
		t.Run(tg.folder, func(t *testing.T) {
			here(t, tg)
			db, drop, err := tg.fresh(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := drop(); err != nil {
					t.Error(err)
				}
			}()
			if err := db.MigrateFrom(t.Context(), migrations.Files); err != nil {
				t.Fatal(err)
			}
			_, s, err := inspect(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			unseen, carried := maps.Clone(crossing), 0
			for _, table := range s.Tables {
				for _, fk := range table.ForeignKeys {
					if has(table, company) && has(fk.RefTable, company) {
						names := columns(fk.Columns)
						at := table.Name + "." + names[len(names)-1]
						_, crosses := crossing[at]
						delete(unseen, at)
						switch {
						case crosses:
						case names[0] == company && slices.Equal(columns(fk.RefColumns), []string{company, "id"}):
							carried++
						default:
							t.Errorf("%s%v refers to %s%v and does not carry the tenant", table.Name, names, fk.RefTable.Name, columns(fk.RefColumns))
						}
					}
				}
			}
			want := 6
			if db.Dialect() == database.Postgres {
				want -= len(byTriggers)
			}
			if len(unseen) > 0 || carried < want {
				t.Errorf("%d references carry the tenant; said to cross and not there: %v", carried, unseen)
			}
			refusesStrangers(t, db)
		})
	}
}

func has(t *schema.Table, name string) bool { _, ok := t.Column(name); return ok }

func columns(of []*schema.Column) (names []string) {
	for _, c := range of {
		names = append(names, c.Name)
	}
	return names
}

// refusesStrangers tries, in SQL, to give a contact another company's project.
func refusesStrangers(t *testing.T, db *database.DB) {
	t.Helper()
	const one, two = "01a20242-f3cd-7a1f-acc4-2a5f4decec01", "01a20242-f3cd-7a1f-acc4-2a5f4decec02"
	for _, c := range []string{one, two} {
		execute(t, db, `INSERT INTO companies (id, created_at, updated_at, name, slug, name_slug, name_key)
			VALUES ($1, `+db.Dialect().Now()+`, `+db.Dialect().Now()+`, $2, $2, $2, $2)`, c, c)
		for _, table := range []string{"projects", "desks"} {
			execute(t, db, `INSERT INTO `+table+` (id, created_at, updated_at, name, company_id)
				VALUES ($1, `+db.Dialect().Now()+`, `+db.Dialect().Now()+`, 'p', $2)`, c, c)
		}
	}
	insert := `INSERT INTO contacts (id, created_at, updated_at, email, email_key, first_name, username, company_id, project_id, desk_id)
		VALUES ($1, ` + db.Dialect().Now() + `, ` + db.Dialect().Now() + `, 'a', 'a', 'a', 'a', $2, $3, $4)`
	if _, err := db.SQL().ExecContext(t.Context(), insert, one, one, one, two); !database.IsForeignKeyViolation(err) {
		t.Errorf("another company's desk: %v", err)
	}
	execute(t, db, insert, one, one, one, one)
	if _, err := db.SQL().ExecContext(t.Context(), `UPDATE contacts SET project_id = $1`, two); !database.IsForeignKeyViolation(err) {
		t.Errorf("another company's project: %v", err)
	}
	if _, err := db.SQL().ExecContext(t.Context(), `DELETE FROM projects WHERE id = $1`, one); !database.IsForeignKeyViolation(err) {
		t.Errorf("a project with contacts was deleted: %v", err)
	}
}

func execute(t *testing.T, db *database.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.SQL().ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
