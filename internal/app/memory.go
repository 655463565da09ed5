package app

import (
	"bytes"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync"
)

// The collector's percentages: Go's default, and that from which more memory saves little.
const (
	minGCPercent = 100
	maxGCPercent = 400
)

// collector sets how much garbage there may be before it is collected (Go's GOGC): as much as
// the headroom, but at least what is in use, as Go does by itself, and at most four times that.
// So a process of little memory collects rarely, and one of much memory needs no more than
// without it. It adjusts after each collection.
type collector struct {
	headroom uint64 // bytes

	mu      sync.Mutex
	percent int
	before  int // Go's, for the end
	stopped bool
}

// tuneCollector begins to tune and limits Go's memory to nine tenths of the container's. An
// environment that has GOGC or GOMEMLIMIT wins. The caller calls stop, which restores what was.
func tuneCollector(headroom int64) (stop func()) {
	undo := func() {}
	if limit := containerLimit("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"); limit > 0 {
		headroom = min(headroom, limit/8)
		if os.Getenv("GOMEMLIMIT") == "" {
			before := debug.SetMemoryLimit(limit / 10 * 9)
			undo = func() { debug.SetMemoryLimit(before) }
		}
	}
	if headroom == 0 || os.Getenv("GOGC") != "" {
		return undo
	}
	c := &collector{headroom: uint64(headroom), percent: minGCPercent}
	c.before = debug.SetGCPercent(minGCPercent)
	c.await()
	c.tune()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.stopped = true
		debug.SetGCPercent(c.before)
		undo()
	}
}

// await tunes after the next collection, which finds that nothing refers to the mark. The
// runtime's own goroutine does it.
func (c *collector) await() {
	mark := new([16]byte)
	runtime.AddCleanup(mark, func(c *collector) {
		if c.tune() {
			c.await()
		}
	}, c)
}

// tune sets the percentage for what is in use now, and reports whether to go on.
func (c *collector) tune() bool {
	used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(used)
	var bytes uint64
	for _, m := range used {
		bytes += m.Value.Uint64()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return false
	}
	// Setting it stops the world for some microseconds.
	if percent := gcPercent(c.headroom, bytes); percent < c.percent*9/10 || percent > c.percent*11/10 {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
	return true
}

func gcPercent(headroom, used uint64) int {
	return int(min(max(headroom*100/max(used, 1), minGCPercent), maxGCPercent))
}

// containerLimit is the memory limit in the first of the files that has one, in bytes; 0
// without a limit. Old kernels write a number that no machine has.
func containerLimit(files ...string) int64 {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64); err == nil && n < math.MaxInt64/2 {
			return n
		}
	}
	return 0
}
