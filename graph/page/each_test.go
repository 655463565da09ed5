package page_test

import (
	"fmt"
	"testing"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/project"
	"tenantry/graph/page"
	"tenantry/internal/id"
)

var projectsOfCompany = page.Children[*ent.ProjectQuery, *ent.Project]{
	Order: page.Order[*ent.Project]{
		Terms: []page.Term{page.Text(project.FieldName), page.UUID(project.FieldID)},
		Key:   func(p *ent.Project) []any { return []any{p.Name, p.ID} },
	},
	Column: project.FieldCompanyID, Parent: func(p *ent.Project) id.ID { return p.CompanyID },
	Count: func(q *ent.ProjectQuery, f ...func(*sql.Selector) string) page.Scanner {
		fns := make([]ent.AggregateFunc, len(f))
		for i, one := range f {
			fns[i] = one
		}
		return q.Aggregate(fns...)
	},
}

// The pages of many parents at once are those that each parent has for itself: of every
// size, in both directions, behind and before a cursor, with a condition, and their counts.
func TestPagesOfManyParentsAreTheirOwn(t *testing.T) {
	withCompanies(t, func(t *testing.T, s *fixture) {
		companies, err := s.client.Company.Query().IDs(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range companies {
			for n := range i { // the first has none
				if err := s.client.Project.Create().SetCompanyID(c).SetName(fmt.Sprint(n % 3)).Exec(s.ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		var cursors []*string
		all, err := page.Each(s.ctx, s.client.Project.Query(), projectsOfCompany, companies, page.Args{}, page.Conditions[predicate.Project]{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all[companies[9]].Edges {
			cursors = append(cursors, &e.Cursor)
		}
		for size := range 5 {
			for _, args := range []page.Args{
				{First: &size}, {Last: &size}, {First: &size, After: cursors[2]}, {Last: &size, Before: cursors[7]},
				{First: &size, After: cursors[1], Before: cursors[5]}, {Last: &size, After: cursors[1], Before: cursors[5]},
			} {
				where := project.NameIn("0", "2")
				each := map[id.ID][]predicate.Project{}
				for _, c := range companies {
					each[c] = []predicate.Project{project.CompanyID(c), where}
				}
				pages, err := page.Each(s.ctx, s.client.Project.Query(), projectsOfCompany, companies, args, page.Conditions[predicate.Project]{All: []predicate.Project{where}})
				if err != nil {
					t.Fatal(err)
				}
				byParent, err := page.Each(s.ctx, s.client.Project.Query(), projectsOfCompany, companies, args, page.Conditions[predicate.Project]{ByParent: each})
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range companies {
					if got, want := describe(t, s, byParent[c]), describe(t, s, pages[c]); got != want {
						t.Errorf("size %d, last %v, conditions by parent:\n got %s\nwant %s", size, args.Last != nil, got, want)
					}
					want, err := page.Of(s.ctx, s.client.Project.Query().Where(project.CompanyID(c), where), projectsOfCompany.Order, args)
					if err != nil {
						t.Fatal(err)
					}
					if got, want := describe(t, s, pages[c]), describe(t, s, want); got != want {
						t.Errorf("size %d, last %v:\n got %s\nwant %s", size, args.Last != nil, got, want)
					}
				}
			}
		}
	})
}

func describe(t *testing.T, s *fixture, c *page.Connection[*ent.Project]) string {
	t.Helper()
	n, err := c.TotalCount(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%d in all, before %v, behind %v:", n, c.PageInfo.HasPreviousPage, c.PageInfo.HasNextPage)
	for _, e := range c.Edges {
		out += " " + e.Node.ID.String() + e.Cursor
	}
	return out
}
