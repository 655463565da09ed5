package coalesce_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tenantry/internal/coalesce"
	"tenantry/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reads lets a test see each read and answer it.
type reads struct {
	asked  chan []int
	answer chan error
}

func newReads() *reads { return &reads{asked: make(chan []int), answer: make(chan error)} }

func (r *reads) read(_ context.Context, keys []int) (map[int]int, error) {
	r.asked <- keys
	if err := <-r.answer; err != nil {
		return nil, err
	}
	found := map[int]int{}
	for _, k := range keys {
		if k >= 0 {
			found[k] = 10 * k
		}
	}
	return found, nil
}

// waits counts those who wait for it, which they do once they have asked.
type waits struct {
	context.Context
	n *atomic.Int64
}

func (w waits) Done() <-chan struct{} {
	w.n.Add(1)
	return w.Context.Done()
}

// Whoever asks while a read is under way is served by the next one, which began after they
// asked, and all of them by that one.
func TestAThousandCallersCostTwoReads(t *testing.T) {
	t.Parallel()
	r := newReads()
	reader := coalesce.New(coalesce.Options{Within: time.Minute}, r.read)
	var callers sync.WaitGroup
	var waiting atomic.Int64
	get := func(key int) {
		callers.Go(func() {
			v, found, err := reader.Get(waits{t.Context(), &waiting}, key)
			if err != nil || found != (key >= 0) || found && v != 10*key {
				t.Errorf("%d: %d, %v, %v", key, v, found, err)
			}
		})
	}
	get(1)
	testenv.Equal(t, "the first read", len(<-r.asked), 1)
	for i := range 1000 {
		get(i%10 - 1)
	}
	testenv.Await(t, "all wait", func() bool { return waiting.Load() == 1001 })
	r.answer <- nil
	testenv.Equal(t, "keys of the second read", len(<-r.asked), 10)
	r.answer <- nil
	callers.Wait()
}

func TestAReadHasSoManyKeysAtMost(t *testing.T) {
	t.Parallel()
	r := newReads()
	reader := coalesce.New(coalesce.Options{Within: time.Minute, Keys: 3}, r.read)
	var callers sync.WaitGroup
	get := func(key int) { callers.Go(func() { _, _, _ = reader.Get(t.Context(), key) }) }
	get(0)
	<-r.asked
	for i := range 7 {
		get(i)
	}
	testenv.Await(t, "all wait", func() bool { return reader.Waiting() == 7 })
	r.answer <- nil
	for _, want := range []int{3, 3, 1} {
		testenv.Equal(t, "keys", len(<-r.asked), want)
		r.answer <- nil
	}
	callers.Wait()
}

// Who asks for what waits already joins it, wherever it is in the queue.
func TestAlternatingKeysShareReads(t *testing.T) {
	t.Parallel()
	const callers = 3000
	r := newReads()
	reader := coalesce.New(coalesce.Options{Within: time.Minute, Keys: 1}, r.read)
	var wg sync.WaitGroup
	var waiting atomic.Int64
	get := func(key int) {
		wg.Go(func() {
			if v, _, err := reader.Get(waits{t.Context(), &waiting}, key); v != 10*key || err != nil {
				t.Errorf("%d: %d, %v", key, v, err)
			}
		})
	}
	get(9)
	<-r.asked
	for i := range callers {
		get(i % 3)
	}
	testenv.Await(t, "all wait", func() bool { return waiting.Load() == callers+1 })
	r.answer <- nil
	for range 3 {
		testenv.Equal(t, "keys", len(<-r.asked), 1)
		r.answer <- nil
	}
	wg.Wait()
}

// What nobody waits for any more is not read, and what somebody does is.
func TestCallersWhoLeaveCostNoRead(t *testing.T) {
	t.Parallel()
	for _, keys := range []int{0, 1, 3} {
		r := newReads()
		reader := coalesce.New(coalesce.Options{Within: time.Minute, Keys: keys}, r.read)
		var wg sync.WaitGroup
		var waiting atomic.Int64
		get := func(ctx context.Context, key int) {
			wg.Go(func() { _, _, _ = reader.Get(waits{ctx, &waiting}, key) })
		}
		get(t.Context(), 0)
		<-r.asked
		ctx, leave := context.WithCancel(t.Context())
		for i := range 100 {
			get(ctx, i%50)
		}
		get(t.Context(), 7)
		testenv.Await(t, "all wait", func() bool { return waiting.Load() == 102 })
		leave()
		testenv.Await(t, "they have left", func() bool { return reader.Waiting() == 1 })
		r.answer <- nil
		if asked := <-r.asked; len(asked) != 1 || asked[0] != 7 {
			t.Errorf("at most %d keys: read %v", keys, asked)
		}
		r.answer <- nil // a further read would be left waiting, and found at the end
		wg.Wait()
	}
}

// One who leaves takes nothing from the others, and an error is everybody's.
func TestCallersLeaveAndReadsFail(t *testing.T) {
	t.Parallel()
	r := newReads()
	reader := coalesce.New(coalesce.Options{Within: time.Minute}, r.read)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, _, err := reader.Get(ctx, 1)
		left <- err
	}()
	<-r.asked
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	failed := make(chan error, 1)
	go func() {
		_, _, err := reader.Get(t.Context(), 2)
		failed <- err
	}()
	testenv.Await(t, "it waits", func() bool { return reader.Waiting() == 1 })
	r.answer <- nil
	<-r.asked
	broken := errors.New("broken")
	r.answer <- broken
	if err := <-failed; !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestInsistTriesAgain(t *testing.T) {
	t.Parallel()
	reads := 0
	reader := coalesce.New(coalesce.Options{Within: time.Minute}, func(context.Context, []int) (map[int]int, error) {
		if reads++; reads < 3 {
			return nil, errors.New("not yet")
		}
		return map[int]int{1: reads}, nil
	})
	v, found, err := reader.Insist(t.Context(), 1, func(_ int, err error) bool { return err != nil })
	if v != 3 || !found || err != nil {
		t.Errorf("%d, %v, %v", v, found, err)
	}
	ctx, leave := context.WithCancel(t.Context())
	if _, _, err := reader.Insist(ctx, 1, func(int, error) bool { leave(); return true }); err != nil {
		t.Error(err)
	}
}

func TestAPanicIsAnError(t *testing.T) {
	t.Parallel()
	reader := coalesce.New(coalesce.Options{Within: time.Minute}, func(context.Context, []int) (map[int]int, error) { panic("oh") })
	for range 2 {
		if _, _, err := reader.Get(t.Context(), 1); err == nil {
			t.Error("no error")
		}
	}
}

func TestReadsKeepTheGap(t *testing.T) {
	t.Parallel()
	const gap = 30 * time.Millisecond
	reader := coalesce.New(coalesce.Options{Within: time.Minute, Gap: gap}, func(context.Context, []int) (map[int]int, error) { return nil, nil })
	began := time.Now()
	for range 3 {
		_, _, _ = reader.Get(t.Context(), 1)
	}
	if took := time.Since(began); took < 2*gap { // however busy the machine is
		t.Errorf("three reads within %v", took)
	}
}

func TestEndedCallersAskForNothing(t *testing.T) {
	t.Parallel()
	reader := coalesce.New(coalesce.Options{Within: time.Minute}, func(context.Context, []int) (map[int]int, error) {
		t.Error("a read for nobody")
		return nil, nil
	})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if _, _, err := reader.Get(ended, 1); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
}
