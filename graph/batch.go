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
type batches struct {
	mu sync.Mutex
	of map[any]any // *batch[T] by its rows
}

// inBatch makes the rows a batch.
func inBatch[T any](ctx context.Context, rows []T) []T {
	b := &loadersOf(ctx).batches
	f := &batch[T]{rows}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of == nil {
		b.of = make(map[any]any, len(rows))
	}
	for _, row := range rows {
		b.of[row] = f
	}
	return rows
}

// batchOf is the batch of the row; one of its own if it came alone.
func batchOf[T any](ctx context.Context, row T) *batch[T] {
	b := &loadersOf(ctx).batches
	b.mu.Lock()
	defer b.mu.Unlock()
	kept, ok := b.of[row]
	if !ok {
		if b.of == nil {
			b.of = map[any]any{}
		}
		kept = &batch[T]{[]T{row}}
		b.of[row] = kept
	}
	return kept.(*batch[T])
}

// reference is the id that a row bears of another record, or its own where that is asked
// for by it; nil where it bears none. Loaders tell references apart by their addresses.
type reference[T any] func(T) *id.ID

// loader finds records, or lists of them, by ids.
type loader[V any] struct {
	fetch func(context.Context, []id.ID) (map[id.ID]V, error)

	mu    sync.Mutex
	asked map[question]*findings[V]
}

// answer is the one to the question, perhaps before it is known.
func (l *loader[V]) answer(q question) *findings[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.asked[q]
	if !ok {
		if l.asked == nil {
			l.asked = map[question]*findings[V]{}
		}
		found = new(findings[V])
		l.asked[q] = found
	}
	return found
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
	all := l.answer(question{f, ref})
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
