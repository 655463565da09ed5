// Package coalesce answers what many callers ask for at the same time with few reads.
//
// While a read is under way, further keys are collected, each once; they are the next read.
// So a thousand callers who ask at once cost two reads, and one caller alone waits for
// nothing. A key whose callers have all left before its read began is not read. A value is
// never older than the question: it was read after [Reader.Get] was called.
package coalesce

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Options of a Reader.
type Options struct {
	Within time.Duration // for one read
	Gap    time.Duration // between the beginnings of two reads, at least; 0: none
	Keys   int           // of one read, at most; 0: any number
	Reads  int           // at a time; 0: one
}

// Reader reads values by their keys. Make it with New; it is safe for concurrent use.
type Reader[K comparable, V any] struct {
	read func(context.Context, []K) (map[K]V, error)
	o    Options

	mu      sync.Mutex
	waiting []*batch[K, V]     // that have not begun; keys are added to the last one
	byKey   map[K]*batch[K, V] // the one in waiting that has the key
	reading int                // goroutines
	began   time.Time          // of the newest read
}

// batch is one read.
type batch[K comparable, V any] struct {
	keys  map[K]int     // how many callers wait for each; nobody changes it once the read has begun
	done  chan struct{} // closed once the rest is set
	found map[K]V
	err   error
}

// New returns a reader. read gets each key once, and a context that ends with Options.Within
// alone; what it does not find it leaves out.
func New[K comparable, V any](o Options, read func(context.Context, []K) (map[K]V, error)) *Reader[K, V] {
	return &Reader[K, V]{read: read, o: o, byKey: map[K]*batch[K, V]{}}
}

// Get gives the key's value; found is false where there is none. All callers get the same
// value: nobody may change it. Errors: those of the read, and of ctx; a ctx that has ended asks
// for nothing.
func (r *Reader[K, V]) Get(ctx context.Context, key K) (v V, found bool, err error) {
	if err := ctx.Err(); err != nil { // select would pick a quick answer half of the time
		return v, false, err
	}
	b := r.join(key)
	select {
	case <-b.done:
	case <-ctx.Done():
		r.leave(b, key)
		return v, false, ctx.Err()
	}
	v, found = b.found[key]
	return v, found, b.err
}

// pause is between two tries of Insist.
const pause = 500 * time.Millisecond

// Insist is Get, once more after half a second while failed says so of what came, until ctx ends:
// then that is what it gives.
func (r *Reader[K, V]) Insist(ctx context.Context, key K, failed func(V, error) bool) (v V, found bool, err error) {
	for {
		v, found, err = r.Get(ctx, key)
		if ctx.Err() != nil || !failed(v, err) {
			return v, found, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return v, found, err
		}
	}
}

func (r *Reader[K, V]) join(key K) *batch[K, V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.byKey[key]
	if b == nil {
		b = r.open()
		r.byKey[key] = b
	}
	b.keys[key]++
	if r.reading < max(r.o.Reads, 1) {
		r.reading++
		go r.work()
	}
	return b
}

// open gives the batch to which a key may be added.
func (r *Reader[K, V]) open() *batch[K, V] {
	if n := len(r.waiting); n > 0 {
		if b := r.waiting[n-1]; r.o.Keys == 0 || len(b.keys) < r.o.Keys {
			return b
		}
	}
	b := &batch[K, V]{keys: map[K]int{}, done: make(chan struct{})}
	r.waiting = append(r.waiting, b)
	return b
}

// leave takes back a caller's question, unless its read has begun.
func (r *Reader[K, V]) leave(b *batch[K, V], key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byKey[key] != b {
		return
	}
	if b.keys[key]--; b.keys[key] > 0 {
		return
	}
	delete(b.keys, key)
	delete(r.byKey, key)
	if len(b.keys) == 0 {
		i := slices.Index(r.waiting, b)
		r.waiting = slices.Delete(r.waiting, i, i+1)
	}
}

// work reads until nobody waits.
func (r *Reader[K, V]) work() {
	for {
		r.mu.Lock()
		rest := time.Until(r.began.Add(r.o.Gap))
		r.mu.Unlock()
		if r.o.Gap > 0 && rest > 0 {
			<-time.After(rest)
		}
		r.mu.Lock()
		if len(r.waiting) == 0 {
			r.reading--
			r.mu.Unlock()
			return
		}
		b := r.waiting[0]
		r.waiting[0] = nil
		r.waiting = r.waiting[1:]
		for key := range b.keys {
			delete(r.byKey, key)
		}
		r.began = time.Now()
		r.mu.Unlock()
		r.serve(b)
	}
}

func (r *Reader[K, V]) serve(b *batch[K, V]) {
	defer close(b.done)
	defer func() {
		if p := recover(); p != nil {
			b.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	keys := make([]K, 0, len(b.keys))
	for key := range b.keys {
		keys = append(keys, key)
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.o.Within)
	defer cancel()
	b.found, b.err = r.read(ctx, keys)
}
