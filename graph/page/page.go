// Package page implements keyset pagination for every list of the API.
//
// A page is found by the key of the row before it, not by counting rows. The millionth page
// costs as much as the first, and rows that are added or removed in between shift nothing.
// The default and the maximum of the page size are defined here only: no list can be queried
// without a limit. Policies filter before the page is cut. A cursor says where a page
// begins, never what the viewer may see.
package page

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"tenantry/internal/fault"
)

// Page sizes.
const (
	DefaultSize = 50
	MaxSize     = 100
)

// Args are a connection's arguments as the client gave them.
type Args struct {
	First  *int
	After  *string
	Last   *int
	Before *string
}

// Connection is one page of a list, in Relay's form.
type Connection[T any] struct {
	Edges    []*Edge[T]
	PageInfo *Info

	count func(context.Context) (int, error)
}

// Edge is an entry of a page.
type Edge[T any] struct {
	Node   T
	Cursor string
}

// Info says where a page stands in its list.
type Info struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Nodes are the page's entries without their cursors.
func (c *Connection[T]) Nodes() []T {
	nodes := make([]T, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// TotalCount counts all pages' entries; it asks the database only when it is called.
func (c *Connection[T]) TotalCount(ctx context.Context) (int, error) { return c.count(ctx) }

// Query is what a generated ent query can do, as far as paging needs it.
type Query[Q, T any, P, O ~func(*sql.Selector)] interface {
	Where(...P) Q
	Order(...O) Q
	Limit(int) Q
	Clone() Q
	All(context.Context) ([]T, error)
	Count(context.Context) (int, error)
}

// Of cuts one page out of the query's rows in the order. Errors: LIMIT_EXCEEDED for a
// page of more than MaxSize, INVALID_ARGUMENT for a negative size, for first and last
// together and for a cursor that is not of this list.
func Of[Q Query[Q, T, P, O], T any, P, O ~func(*sql.Selector)](
	ctx context.Context, q Q, order Order[T], args Args,
) (*Connection[T], error) {
	return cut(ctx, []Q{q}, order, args)
}

// Parts is Of for a list that is made of several, one behind the other, each of them in the
// order: an index can give what no single order of one query could. No row may be in two.
func Parts[Q Query[Q, T, P, O], T any, P, O ~func(*sql.Selector)](
	ctx context.Context, parts []Q, order Order[T], args Args,
) (*Connection[T], error) {
	return cut(ctx, parts, order.inParts(len(parts)), args)
}

func cut[Q Query[Q, T, P, O], T any, P, O ~func(*sql.Selector)](
	ctx context.Context, parts []Q, order Order[T], args Args,
) (*Connection[T], error) {
	size, backward, err := args.size()
	if err != nil {
		return nil, err
	}
	after, err := order.bound(args.After, "after", place{part: 0})
	if err != nil {
		return nil, err
	}
	before, err := order.bound(args.Before, "before", place{part: len(parts) - 1})
	if err != nil {
		return nil, err
	}
	// One row more than the page says whether there is another page.
	var rows []*Edge[T]
	for n := 0; n < len(parts) && len(rows) <= size; n++ {
		i := n
		if backward {
			i = len(parts) - 1 - n
		}
		if i < after.part || i > before.part {
			continue
		}
		q := parts[i].Clone()
		if after.key != nil && i == after.part {
			q = q.Where(P(order.beyond(after.key, true)))
		}
		if before.key != nil && i == before.part {
			q = q.Where(P(order.beyond(before.key, false)))
		}
		found, err := q.Order(O(order.by(backward))).Limit(size + 1 - len(rows)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, row := range found {
			rows = append(rows, &Edge[T]{Node: row, Cursor: order.encode(row, i)})
		}
	}
	return connect(rows, args, size, backward, func(ctx context.Context) (int, error) { return count(ctx, parts) }), nil
}

// connect makes the page of its rows, of which there is one more where there is another
// page; backward they come last one first.
func connect[T any](rows []*Edge[T], args Args, size int, backward bool, count func(context.Context) (int, error)) *Connection[T] {
	more := len(rows) > size
	if more {
		rows = rows[:size]
	}
	c := &Connection[T]{Edges: rows, PageInfo: &Info{}, count: count}
	if backward {
		slices.Reverse(c.Edges)
		c.PageInfo.HasPreviousPage, c.PageInfo.HasNextPage = more, args.Before != nil
	} else {
		c.PageInfo.HasNextPage, c.PageInfo.HasPreviousPage = more, args.After != nil
	}
	if n := len(c.Edges); n > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[n-1].Cursor
	}
	return c
}

func count[Q Query[Q, T, P, O], T any, P, O ~func(*sql.Selector)](ctx context.Context, parts []Q) (int, error) {
	all := 0
	for _, q := range parts {
		n, err := q.Clone().Count(ctx)
		if err != nil {
			return 0, err
		}
		all += n
	}
	return all, nil
}

func (a Args) size() (n int, backward bool, err error) {
	if a.First != nil && a.Last != nil {
		return 0, false, fault.New(fault.Invalid, "give first or last, not both").At("last")
	}
	n, name := DefaultSize, "first"
	switch {
	case a.First != nil:
		n = *a.First
	case a.Last != nil:
		n, name, backward = *a.Last, "last", true
	}
	if n < 0 {
		return 0, false, fault.New(fault.Invalid, "%s is %d; it must be 0 to %d", name, n, MaxSize).At(name)
	}
	if n > MaxSize {
		return 0, false, fault.New(fault.LimitExceeded, "%s is %d; a page has at most %d entries", name, n, MaxSize).
			At(name).With("limit", MaxSize)
	}
	return n, backward, nil
}
