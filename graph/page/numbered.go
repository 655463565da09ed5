package page

import (
	"context"
	"slices"
)

// Numbered is a list whose entries bear numbers, each another one, which are their cursors. It is
// read by something else than a query.
type Numbered[T any] struct{ Number func(T) int }

// Part is what of such a list is to be read for a page.
type Part struct {
	After, Before *int // the entry before it and the one behind it; nil: no bound
	Most          int  // so many of its entries, one more than the page has: it says whether there is another page
	Last          bool // from its end
}

// Part gives what is to be read for the page. Errors: as of [Of].
func (n Numbered[T]) Part(args Args) (Part, error) {
	size, backward, err := args.size()
	if err != nil {
		return Part{}, err
	}
	p := Part{Most: size + 1, Last: backward}
	for _, bound := range []struct {
		cursor *string
		name   string
		to     **int
	}{{args.After, "after", &p.After}, {args.Before, "before", &p.Before}} {
		at, err := n.order().bound(bound.cursor, bound.name, place{})
		if err != nil {
			return Part{}, err
		}
		if at.key != nil {
			number := int(at.key[0].(int64))
			*bound.to = &number
		}
	}
	return p, nil
}

// Page is the page of the entries that were read for it, in the order of the list. count counts all
// pages' entries, if that is asked for.
func (n Numbered[T]) Page(entries []T, args Args, count func(context.Context) (int, error)) (*Connection[T], error) {
	size, backward, err := args.size()
	if err != nil {
		return nil, err
	}
	edges := make([]*Edge[T], len(entries))
	for i, entry := range entries {
		edges[i] = &Edge[T]{Node: entry, Cursor: n.order().encode(entry, 0)}
	}
	if backward {
		slices.Reverse(edges) // as connect has them
	}
	return connect(edges, args, size, backward, count), nil
}

func (n Numbered[T]) order() Order[T] {
	return Order[T]{Terms: []Term{Int("")}, Key: func(entry T) []any { return []any{n.Number(entry)} }}
}
