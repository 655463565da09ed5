package page

import (
	"context"
	"fmt"
	"sync"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"tenantry/internal/database"
)

// Children are a list that each of many parents has: the users of each company.
type Children[Q, T any] struct {
	Order  Order[T]
	Column string            // of the rows: whose they are
	Parent func(T) uuid.UUID // the column's value of a row
	// Count is the query with these aggregates selected: q.Aggregate(f…) of ent, with its
	// functions' type. Of each parent it gives the number of rows.
	Count func(q Q, f ...func(*sql.Selector) string) Scanner
}

// Scanner reads rows into a slice of structs.
type Scanner interface {
	Scan(ctx context.Context, into any) error
}

// Conditions say which rows are in the lists of some parents.
type Conditions[P any] struct {
	// All is what the rows have to be besides being the parent's own, if that is the same for
	// each of the parents.
	All []P
	// ByParent is, where it differs, all that each parent's rows have to be. nil: All says it.
	ByParent map[uuid.UUID][]P
}

// of are the conditions of one parent, whose id the column has.
func (c Conditions[P]) of(parent uuid.UUID, is P) []P {
	if c.ByParent != nil {
		return c.ByParent[parent]
	}
	return append([]P{is}, c.All...)
}

// Each cuts one page for each of the parents out of the query's rows, all pages in one
// statement and, where it is asked for, all counts in one more: a hundred companies with
// their users cost what one does. The policies check the rows that come back; the pages are cut
// before, so whoever asks must see all of the parents' rows or none. Errors: as of Of.
func Each[Q Query[Q, T, P, O], T any, P, O ~func(*sql.Selector)](
	ctx context.Context, q Q, of Children[Q, T], parents []uuid.UUID, args Args, where Conditions[P],
) (map[uuid.UUID]*Connection[T], error) {
	those := func(parent uuid.UUID) []P { return where.of(parent, P(sql.FieldEQ(of.Column, parent))) }
	if len(parents) == 1 { // the plain query, which the database plans best
		only, err := Of(ctx, q.Clone().Where(those(parents[0])...), of.Order, args)
		return map[uuid.UUID]*Connection[T]{parents[0]: only}, err
	}
	size, backward, err := args.size()
	if err != nil {
		return nil, err
	}
	after, err := of.Order.bound(args.After, "after", place{})
	if err != nil {
		return nil, err
	}
	before, err := of.Order.bound(args.Before, "before", place{})
	if err != nil {
		return nil, err
	}
	// One row more than the page says whether there is another page.
	first := func(s *sql.Selector, where ...P) *sql.Selector {
		t := sql.Dialect(s.Dialect()).Table(s.TableName())
		some := sql.Dialect(s.Dialect()).Select(t.C("id")).From(t)
		for _, w := range where {
			w(some)
		}
		if after.key != nil {
			of.Order.beyond(after.key, true)(some)
		}
		if before.key != nil {
			of.Order.beyond(before.key, false)(some)
		}
		of.Order.by(backward)(some)
		return some.Limit(size + 1)
	}
	rows, err := q.Clone().Where(P(func(s *sql.Selector) {
		if where.ByParent == nil {
			is := P(func(s *sql.Selector) { s.Where(database.IsParent(s.C(of.Column))) })
			if p := database.AmongChildren(s, parents, first(s, append([]P{is}, where.All...)...)); p != nil {
				s.Where(p)
				return
			}
		}
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C("id")).WriteString(" IN (")
			for i, parent := range parents {
				if i > 0 {
					b.WriteString(" UNION ALL ")
				}
				// In a table of its own each, because an order and a limit cannot stand in a union.
				b.WriteString("SELECT id FROM ").Wrap(func(b *sql.Builder) { b.Join(first(s, those(parent)...)) }).WriteString(" AS ").Ident(fmt.Sprint("page", i))
			}
			b.WriteByte(')')
		}))
	})).Order(O(of.Order.by(backward))).Limit(len(parents) * (size + 1)).All(ctx)
	if err != nil {
		return nil, err
	}
	byParent := make(map[uuid.UUID][]*Edge[T], len(parents))
	for _, row := range rows {
		byParent[of.Parent(row)] = append(byParent[of.Parent(row)], &Edge[T]{Node: row, Cursor: of.Order.encode(row, 0)})
	}
	counts := sync.OnceValues(func() (map[uuid.UUID]int, error) { return of.counts(ctx, countable(q, of.Column, parents, where)) })
	pages := make(map[uuid.UUID]*Connection[T], len(parents))
	for _, parent := range parents {
		pages[parent] = connect(byParent[parent], args, size, backward, func(context.Context) (int, error) {
			all, err := counts()
			return all[parent], err
		})
	}
	return pages, nil
}

// countable are all rows of the parents, those of each a group.
func countable[Q Query[Q, T, P, O], T any, P, O ~func(*sql.Selector)](q Q, column string, parents []uuid.UUID, where Conditions[P]) Q {
	if where.ByParent == nil {
		return q.Clone().Where(append([]P{database.Among(column, parents)}, where.All...)...).
			Where(P(func(s *sql.Selector) { s.GroupBy(s.C(column)) }))
	}
	return q.Clone().Where(P(func(s *sql.Selector) {
		either := make([]*sql.Predicate, len(parents))
		for i, parent := range parents {
			// Conditions are put on a selector of their own, which says what they came to.
			own := sql.Dialect(s.Dialect()).Select().From(sql.Dialect(s.Dialect()).Table(s.TableName()))
			for _, w := range where.ByParent[parent] {
				w(own)
			}
			either[i] = own.P()
		}
		s.Where(sql.Or(either...)).GroupBy(s.C(column))
	}))
}

func (of Children[Q, T]) counts(ctx context.Context, q Q) (map[uuid.UUID]int, error) {
	var groups []struct {
		Parent uuid.UUID `sql:"parent"`
		Rows   int       `sql:"rows"`
	}
	err := of.Count(q,
		func(s *sql.Selector) string { return sql.As(s.C(of.Column), "parent") },
		func(*sql.Selector) string { return sql.As(sql.Count("*"), "rows") },
	).Scan(ctx, &groups)
	counts := make(map[uuid.UUID]int, len(groups))
	for _, g := range groups {
		counts[g.Parent] = g.Rows
	}
	return counts, err
}
