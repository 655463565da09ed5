package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"
)

// A process that starts while its database restarts waits for it and logs that. An error that
// waiting does not cure ends the process at once.
func TestAStartWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	reset, wrong := fmt.Errorf("migrating: %w", syscall.ECONNRESET), errors.New("no such database")
	for name, c := range map[string]struct {
		timeout time.Duration
		answers []error
		want    error
		tries   int
	}{
		"it comes back":             {time.Minute, []error{reset, reset, nil}, nil, 3},
		"another has the lock":      {time.Minute, []error{&pq.Error{Code: "40P01"}, nil}, nil, 2},
		"it answers, with a no":     {time.Minute, []error{reset, wrong, nil}, wrong, 2},
		"it does not come back":     {250 * time.Millisecond, []error{reset, reset, reset, nil}, reset, 2},
		"it is a file and not free": {0, []error{reset, nil}, reset, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			tries := 0
			err := retryUntilAvailable(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), c.timeout, func() error {
				tries++
				return c.answers[tries-1]
			})
			if !errors.Is(err, c.want) || tries != c.tries {
				t.Errorf("%d tries, error %v; want %d and %v", tries, err, c.tries, c.want)
			}
			if logged := strings.Count(log.String(), "retrying"); logged != len(c.answers[:tries])-1 {
				t.Errorf("it was logged %d times: %s", logged, log.String())
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := retryUntilAvailable(ctx, slog.New(slog.DiscardHandler), time.Minute, func() error { return reset }); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
