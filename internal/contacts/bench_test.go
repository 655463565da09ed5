package contacts_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
	"tenantry/internal/searchindex"
	"tenantry/internal/testenv"
)

// BenchmarkSearch asks for a page of 50 of a company that has 100,000 contacts, beside
// another one with as many (rule K6 in 50 ms): where imports have brought them, and where
// they came one by one.
func BenchmarkSearch(b *testing.B) {
	for _, world := range []struct {
		dialect  database.Dialect
		inBlocks bool
	}{{database.SQLite, true}, {database.SQLite, false}, {database.Postgres, true}, {database.Postgres, false}} {
		dialect, where := world.dialect, "indexes"
		if world.inBlocks {
			where = "blocks"
		}
		b.Run(string(dialect)+"/"+where, func(b *testing.B) {
			db := testenv.Open(b, dialect)
			w := newWorld(testenv.NewWorld(b, db))
			people := newPeople()
			for range 20 {
				for _, company := range []*ent.Company{w.alpha, w.beta} {
					people.load(b, db, company.ID, 5_000, world.inBlocks)
				}
			}
			if dialect == database.Postgres {
				if _, err := db.SQL().ExecContext(b.Context(), "ANALYZE contacts"); err != nil {
					b.Fatal(err)
				}
			}
			standard, err := db.Ent().Project.Query().Where(project.CompanyID(w.alpha.ID)).OnlyID(w.System)
			if err != nil {
				b.Fatal(err)
			}
			all := contacts.Filter{ProjectID: &standard, Active: new(true)}
			for _, c := range []struct {
				what   string
				search string
				and    contacts.Filter
			}{
				{"none", "zzz", contacts.Filter{}},
				{"one in a thousand", people.last[40], contacts.Filter{}},
				{"one in a hundred", people.first[2], contacts.Filter{}},
				{"one in ten", "ma", contacts.Filter{}},
				{"almost all", "", contacts.Filter{}},
				{"none, filtered", "zzz", all},
				{"one in a hundred, filtered", people.first[2], all},
				{"one in ten, filtered", "ma", all},
				{"almost all, filtered", "c", all},
			} {
				f := c.and
				if f.Search = &c.search; c.search == "" {
					f.Search = new("c") // as the emails begin
				}
				b.Run(c.what, func(b *testing.B) {
					n := 0
					for b.Loop() {
						q, err := w.list(w.alpha.ID, f)
						if err != nil {
							b.Fatal(err)
						}
						page, err := q.Order(ent.Asc(contact.FieldEmailKey)).Limit(51).All(w.sato)
						if err != nil {
							b.Fatal(err)
						}
						n = len(page)
					}
					b.ReportMetric(float64(n), "rows")
				})
			}
		})
	}
}

// people are made up: a few hundred first names and some thousand last names, the common
// ones common, and emails that begin with a number of the customer's and not with a name,
// which is the dearest case, in every second contact.
type people struct {
	first, last []string
	rand        *rand.Rand
	n           int
}

func newPeople() *people {
	p := &people{rand: rand.New(rand.NewPCG(1, 2))}
	syllables := strings.Fields("an na mar ko lu pe ter sa to mi el ra jo han wil be rt gu sch mid ber ger fi no ma rie")
	names := func(n int) (out []string) {
		for range n {
			var name string
			for range 2 + p.rand.IntN(3) {
				name += syllables[p.rand.IntN(len(syllables))]
			}
			out = append(out, name)
		}
		return out
	}
	p.first, p.last = names(400), names(4_000)
	return p
}

// load loads n contacts, as an import does or so that all their keys stand in the indexes.
func (p *people) load(b *testing.B, db *database.DB, company id.ID, n int, inBlocks bool) {
	b.Helper()
	ctx := context.Background()
	var places [2]id.ID
	for i, query := range []string{
		"SELECT id FROM " + project.Table + " WHERE company_id = $1", "SELECT id FROM " + desk.Table + " WHERE company_id = $1",
	} {
		if err := db.SQL().QueryRowContext(ctx, query, company).Scan(&places[i]); err != nil {
			b.Fatal(err)
		}
	}
	batch := rows(company, places[0], places[1], 0, n)
	batch.Columns = append(batch.Columns, contact.FieldInBlock)
	var blocks searchindex.Batch
	for i, row := range batch.Rows {
		p.n++
		common := func(names []string) string {
			return names[min(p.rand.IntN(len(names)), p.rand.IntN(len(names)))]
		}
		first, last := common(p.first), common(p.last)
		email := fmt.Sprintf("%s.%s%d@firm%d.example", first, last, p.n, p.n%97)
		if i%2 == 0 {
			email = fmt.Sprintf("c%07d@firm%d.example", p.rand.IntN(10_000_000), p.n%97)
		}
		username := contacts.DefaultUsername(email)
		if i%10 == 0 {
			username = fmt.Sprintf("%s%d", last, p.rand.IntN(1000))
		}
		keys := contacts.KeysOf(normalize.Email(email), username, first, last)
		copy(row[4:], []any{email, normalize.Email(email), first, last, username, true, enum.Personal, keys.Username, keys.FirstName, keys.LastName})
		batch.Rows[i] = append(row, inBlocks)
		if inBlocks {
			blocks.Add(company, row[0].(id.ID), keys.All()...)
		}
	}
	if err := db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		if _, err := database.Load(ctx, tx, batch); err != nil {
			return err
		}
		return blocks.Write(ctx, tx)
	}); err != nil {
		b.Fatal(err)
	}
}
