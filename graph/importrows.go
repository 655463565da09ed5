package graph

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/graph/page"
	"tenantry/internal/id"
	"tenantry/internal/importer"
)

var numberedRows = page.Numbered[*importer.Row]{Number: func(r *importer.Row) int { return r.Place }}

// rowsOf is pagesOf for the rows of an import, which are in its journal.
func rowsOf(ctx context.Context, engine *importer.Engine, obj *ent.ImportRun, args page.Args, outcomes []enum.RowOutcome) (*page.Connection[*importer.Row], error) {
	l := mapped(func(ctx context.Context, runs []id.ID) (map[id.ID]*page.Connection[*importer.Row], error) {
		part, err := numberedRows.Part(args)
		if err != nil {
			return nil, err
		}
		found, err := engine.Rows(ctx, runs, importer.RowsQuery{Outcomes: outcomes, After: part.After, Before: part.Before, Most: part.Most, Last: part.Last})
		if err != nil {
			return nil, err
		}
		counts := sync.OnceValues(func() (map[id.ID]int, error) { return engine.CountRows(ctx, runs, outcomes) })
		pages := make(map[id.ID]*page.Connection[*importer.Row], len(runs))
		var rows []*importer.Row
		for _, run := range runs {
			pages[run], err = numberedRows.Page(found[run], args, func(context.Context) (int, error) {
				all, err := counts()
				return all[run], err
			})
			if err != nil {
				return nil, err
			}
			rows = append(rows, pages[run].Nodes()...)
		}
		inBatch(ctx, rows)
		return pages, nil
	})
	kept, _ := loadersOf(ctx).pages.LoadOrStore(graphql.GetFieldContext(ctx).Field.Field, l)
	return load(ctx, kept.(*loader[*page.Connection[*importer.Row]]), obj, &importItself)
}
