package main

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// entBatch is how many rows a statement of ent's has.
const entBatch = 1_000

// place is where rows of the plain table belong.
type place struct{ company, project, desk uuid.UUID }

// place is the default place of a company that has contacts.
func (s *stack) place(ctx context.Context) (p place, err error) {
	db, err := s.postgres.Open("bench")
	if err != nil {
		return p, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, `SELECT company_id, project_id, desk_id FROM contacts LIMIT 1`).Scan(&p.company, &p.project, &p.desk)
	return p, err
}

// entBulk writes contacts into the plain table by what ent's CreateBulk ends in
// (sqlgraph.BatchCreate), a thousand rows a statement; with upsert by OnConflict and
// UpdateNewValues, as ent generates them. It leaves out CreateBulk's own part (mutations,
// validators, hooks), so ent itself takes longer.
func (s *stack) entBulk(ctx context.Context, p place, rows int, upsert bool, lastName func(i int) string) (l leg, err error) {
	db, err := s.postgres.Open("bench")
	if err != nil {
		return l, err
	}
	defer db.Close()
	driver := entsql.OpenDB(dialect.Postgres, db)
	if err := db.PingContext(ctx); err != nil {
		return l, err
	}
	before, own, began := s.usage(), ownTime(), time.Now()
	for l.rows < rows {
		batch := min(entBatch, rows-l.rows)
		spec := &sqlgraph.BatchCreateSpec{}
		if upsert {
			spec.OnConflict = []entsql.ConflictOption{
				entsql.ConflictColumns("company_id", "email_key"), entsql.ResolveWithNewValues(),
				entsql.ResolveWith(func(u *entsql.UpdateSet) { u.SetIgnore("id").SetIgnore("created_at") }),
			}
		}
		for i := range batch {
			spec.Nodes = append(spec.Nodes, contactSpec(p, l.rows+i, lastName(l.rows+i)))
		}
		if err := sqlgraph.BatchCreate(ctx, driver, spec); err != nil {
			return l, fmt.Errorf("ent's bulk insert: %w", err)
		}
		l.rows += batch
	}
	l.took, l.cpu = time.Since(began), s.usage().since(before)
	l.cpu["ent"] = ownTime() - own
	return l, nil
}

// contactSpec is a contact as ent would insert it: of the columns that are NULL none.
func contactSpec(p place, i int, lastName string) *sqlgraph.CreateSpec {
	now, email := time.Now(), address(i)
	spec := sqlgraph.NewCreateSpec("plain_contacts", sqlgraph.NewFieldSpec("id", field.TypeUUID))
	spec.ID.Value = uuid.Must(uuid.NewV7())
	spec.SetField("created_at", field.TypeTime, now)
	spec.SetField("updated_at", field.TypeTime, now)
	spec.SetField("email", field.TypeString, email)
	spec.SetField("email_key", field.TypeString, email)
	spec.SetField("first_name", field.TypeString, fmt.Sprint("First", i))
	spec.SetField("last_name", field.TypeString, lastName)
	spec.SetField("username", field.TypeString, fmt.Sprint("person.", i))
	spec.SetField("first_name_key", field.TypeString, fmt.Sprint("first", i))
	spec.SetField("last_name_key", field.TypeString, lastName)
	spec.SetField("in_block", field.TypeBool, true)
	spec.SetField("active", field.TypeBool, true)
	spec.SetField("type", field.TypeString, "PERSONAL")
	spec.SetField("company_id", field.TypeUUID, p.company)
	spec.SetField("project_id", field.TypeUUID, p.project)
	spec.SetField("desk_id", field.TypeUUID, p.desk)
	return spec
}

func address(i int) string { return fmt.Sprintf("person.%d@example.org", i) }
