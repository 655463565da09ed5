package app

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"tenantry/internal/testenv"
)

// The garbage of a small heap is bounded by four times its size, that of a larger one by the
// headroom, and that of a large one by its size, as without tuning.
func TestGCPercent(t *testing.T) {
	for _, c := range []struct{ headroom, used, garbage uint64 }{
		{32 << 20, 1 << 20, 4 << 20}, {32 << 20, 8 << 20, 32 << 20}, {32 << 20, 16 << 20, 32 << 20},
		{32 << 20, 32 << 20, 32 << 20}, {32 << 20, 1 << 30, 1 << 30},
	} {
		if got := c.used * uint64(gcPercent(c.headroom, c.used)) / 100; got != c.garbage {
			t.Errorf("headroom %d, in use %d: %d of garbage, want %d", c.headroom, c.used, got, c.garbage)
		}
	}
	if got := gcPercent(32<<20, 0); got != maxGCPercent {
		t.Error(got)
	}
}

// Each collection adjusts the percentage to what is in use; the end restores it. (Not beside
// other tests: the setting is the process's.)
func TestCollectorFollowsTheHeap(t *testing.T) {
	t.Setenv("GOGC", "") // the test's own may be set
	t.Setenv("GOMEMLIMIT", "")
	defer debug.SetGCPercent(debug.SetGCPercent(120))
	percent := func() uint64 {
		now := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(now)
		return now[0].Value.Uint64()
	}
	stop := tuneCollector(1 << 30)
	testenv.Await(t, "a small heap to be collected rarely", func() bool { runtime.GC(); return percent() == maxGCPercent })
	stop()
	stop = tuneCollector(1 << 20)
	held := make([]byte, 64<<20)
	testenv.Await(t, "a large heap to be collected as often as by default", func() bool { runtime.GC(); return percent() == minGCPercent })
	runtime.KeepAlive(held)
	stop()
	if got := percent(); got != 120 {
		t.Errorf("%d %% at the end, want what it was", got)
	}
	for name, value := range map[string]string{"GOGC": "50"} {
		t.Setenv(name, value)
		stop := tuneCollector(1 << 30)
		runtime.GC()
		if got := percent(); got != 120 {
			t.Errorf("with %s=%s: %d %%", name, value, got)
		}
		stop()
	}
}

func TestContainerLimit(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		testenv.Must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	v2, none, v1 := file("memory.max", "536870912\n"), file("max", "max\n"), file("v1", "9223372036854771712\n")
	for want, files := range map[int64][]string{512 << 20: {filepath.Join(dir, "missing"), none, v1, v2}, 0: {none, v1}} {
		if got := containerLimit(files...); got != want || got == math.MaxInt64 {
			t.Errorf("%v: %d, want %d", files, got, want)
		}
	}
}
