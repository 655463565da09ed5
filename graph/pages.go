package graph

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"tenantry/graph/page"
	"tenantry/internal/id"
)

// maxParents is of how many parents one statement cuts the pages: SQLite joins at most 500
// parts into one.
const maxParents = 100

// conditions say, of each of some parents, which rows are to be in its list.
type conditions[P any] func(ctx context.Context, parents []id.ID) (page.Conditions[P], error)

// allThat are the parents' rows for which where holds.
func allThat[P any](where ...P) conditions[P] {
	return func(context.Context, []id.ID) (page.Conditions[P], error) {
		return page.Conditions[P]{All: where}, nil
	}
}

// pagesOf is the connection that each of a batch's rows has: all that one selection asks
// for, whose arguments are the same, is cut in one statement.
func pagesOf[Q page.Query[Q, T, P, O], T, R any, P, O ~func(*sql.Selector)](
	ctx context.Context, q Q, of page.Children[Q, T], row R, ref *reference[R], args page.Args, those conditions[P],
) (*page.Connection[T], error) {
	l := mapped(func(ctx context.Context, parents []id.ID) (map[id.ID]*page.Connection[T], error) {
		all := make(map[id.ID]*page.Connection[T], len(parents))
		var rows []T
		for some := range slices.Chunk(parents, maxParents) {
			where, err := those(ctx, some)
			if err != nil {
				return nil, err
			}
			pages, err := page.Each(ctx, q, of, some, args, where)
			if err != nil {
				return nil, err
			}
			for parent, p := range pages {
				all[parent] = p
				rows = append(rows, p.Nodes()...)
			}
		}
		inBatch(ctx, rows)
		return all, nil
	})
	kept, _ := loadersOf(ctx).pages.LoadOrStore(graphql.GetFieldContext(ctx).Field.Field, l)
	return load(ctx, kept.(*loader[*page.Connection[T]]), row, ref)
}

// pageOf and pageOfParts are those of package page; the entries are a batch.
func pageOf[Q page.Query[Q, T, P, O], T any, P, O ~func(*sql.Selector)](
	ctx context.Context, q Q, order page.Order[T], args page.Args,
) (*page.Connection[T], error) {
	c, err := page.Of(ctx, q, order, args)
	if err == nil {
		inBatch(ctx, c.Nodes())
	}
	return c, err
}

func pageOfParts[Q page.Query[Q, T, P, O], T any, P, O ~func(*sql.Selector)](
	ctx context.Context, parts []Q, order page.Order[T], args page.Args,
) (*page.Connection[T], error) {
	c, err := page.Parts(ctx, parts, order, args)
	if err == nil {
		inBatch(ctx, c.Nodes())
	}
	return c, err
}
