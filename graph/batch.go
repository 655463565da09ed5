package graph

import (
	"context"
	"sync"

	"tenantry/internal/id"
)

// batch are rows that came out of the database together: what one of them refers to is
// asked for, once, for all of them. So an answer costs as many statements as its document
// has references, however many rows it shows and however busy the machine is. (Loaders
// that collect keys for a moment, as is usual, ask several times where the moment is short.)
type batch[T any] struct{ rows []T }

// batches remembers, for one answer, which rows came together.
type batches struct{ of sync.Map } // *batch[T] by its rows

// inBatch makes the rows a batch.
func inBatch[T any](ctx context.Context, rows []T) []T {
	l := loadersOf(ctx)
	f := &batch[T]{rows}
	for _, row := range rows {
		l.batches.of.Store(row, f)
	}
	return rows
}

func batchOf[T any](ctx context.Context, row T) *batch[T] {
	kept, _ := loadersOf(ctx).batches.of.LoadOrStore(row, &batch[T]{[]T{row}})
	return kept.(*batch[T])
}

// reference is the id that a row bears of another record, or its own where that is asked
// for by it; nil where it bears none. Loaders tell references apart by their addresses.
type reference[T any] func(T) *id.ID

// loader finds records, or lists of them, by ids.
type loader[V any] struct {
	fetch func(context.Context, []id.ID) (map[id.ID]V, error)
	asked sync.Map // *findings[V] by question
}

type question struct{ batch, reference any }

type findings[V any] struct {
	once  sync.Once
	found map[id.ID]V
	err   error
}

// load gives what the loader finds by the row's reference; the zero value where that is
// nothing.
func load[T, V any](ctx context.Context, l *loader[V], row T, ref *reference[T]) (V, error) {
	var none V
	key := (*ref)(row)
	if key == nil {
		return none, nil
	}
	f := batchOf(ctx, row)
	kept, _ := l.asked.LoadOrStore(question{f, ref}, &findings[V]{})
	all := kept.(*findings[V])
	all.once.Do(func() {
		var ids []id.ID
		seen := map[id.ID]bool{}
		for _, row := range f.rows {
			if key := (*ref)(row); key != nil && !seen[*key] {
				seen[*key] = true
				ids = append(ids, *key)
			}
		}
		all.found, all.err = l.fetch(ctx, ids)
	})
	if all.err != nil {
		return none, all.err
	}
	return all.found[*key], nil
}

// list gives what the loader finds, an empty list where that is nothing.
func list[T, V any](ctx context.Context, l *loader[[]V], row T, ref *reference[T]) ([]V, error) {
	found, err := load(ctx, l, row, ref)
	if err == nil && found == nil {
		found = []V{}
	}
	return found, err
}

func mapped[V any](fetch func(context.Context, []id.ID) (map[id.ID]V, error)) *loader[V] {
	return &loader[V]{fetch: fetch}
}

func byID[V any](fetch func(context.Context, []id.ID) ([]V, error), key func(V) id.ID) *loader[V] {
	return mapped(func(ctx context.Context, ids []id.ID) (map[id.ID]V, error) {
		rows, err := fetch(ctx, ids)
		out := make(map[id.ID]V, len(rows))
		for _, row := range inBatch(ctx, rows) {
			out[key(row)] = row
		}
		return out, err
	})
}

func grouped[V any](fetch func(context.Context, []id.ID) ([]V, error), key func(V) id.ID) *loader[[]V] {
	return mapped(func(ctx context.Context, ids []id.ID) (map[id.ID][]V, error) {
		rows, err := fetch(ctx, ids)
		out := make(map[id.ID][]V, len(ids))
		for _, row := range inBatch(ctx, rows) {
			out[key(row)] = append(out[key(row)], row)
		}
		return out, err
	})
}
