package jobs

import (
	"log/slog"
	"strings"
	"testing"

	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

func TestAWorkersStartAndStopAreLogged(t *testing.T) {
	onRedises(t, func(t *testing.T, at *redisServer) {
		var out testenv.Log
		p, queue := newPile(), at.client
		end := begin(t, NewWorker(at.pool(), at.hub, p, slog.New(slog.NewTextHandler(&out, nil)), WorkerOptions{Concurrency: 3}).Run)
		p.add(1)
		if err := queue.Enqueue(t.Context(), id.New(id.ImportRun)); err != nil {
			t.Fatal(err)
		}
		p.await(t, "the import", func() bool { return p.done == 1 })
		if err := end(); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"the worker takes imports" concurrency=3`, "takes no more imports", `"the worker has ended" complete=true`} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q lacks %q", out.String(), want)
			}
		}
	})
}
