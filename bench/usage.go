package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticksPerSecond is the unit of /proc/PID/stat on every Linux that Go runs on.
const ticksPerSecond = 100

// usage is CPU time by the kind of process that used it: api, worker, serve, postgres, redis.
// Other work on the machine hardly moves it.
type usage map[string]time.Duration

// usage is what the stack's processes have used so far.
func (s *stack) usage() usage {
	u := usage{}
	for _, p := range s.processes {
		u[strings.TrimRight(p.Name, "0123456789")] += cpuTime(p.PID(), false)
	}
	if s.postgres != nil {
		u["postgres"], u["redis"] = cpuTime(s.postgres.PID(), true), cpuTime(s.redis.PID(), false)
	}
	return u
}

// since is what was used after an earlier reading.
func (u usage) since(earlier usage) usage {
	d := usage{}
	for name, t := range u {
		d[name] = t - earlier[name]
	}
	return d
}

func (u usage) total() (sum time.Duration) {
	for _, t := range u {
		sum += t
	}
	return sum
}

// per says how many microseconds each of n things took, by process.
func (u usage) per(n int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(u)) {
		if t := micros(u[name]) / float64(n); t >= 0.05 {
			parts = append(parts, fmt.Sprintf("%s %.1f", name, t))
		}
	}
	return fmt.Sprintf("%.1f µs (%s)", micros(u.total())/float64(n), strings.Join(parts, ", "))
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// cpuTime is the CPU time of a process and of the children that it has waited for; where
// children is true, also of those that live.
func cpuTime(pid int, children bool) time.Duration {
	for {
		own, _ := ticks(fmt.Sprintf("/proc/%d/stat", pid))
		sum := own
		if children {
			all, _ := filepath.Glob("/proc/[0-9]*/stat")
			for _, path := range all {
				if n, parent := ticks(path); parent == pid {
					sum += n
				}
			}
			// A child that has ended meanwhile may have been counted twice or not at all.
			if again, _ := ticks(fmt.Sprintf("/proc/%d/stat", pid)); again != own {
				continue
			}
		}
		return time.Duration(sum) * time.Second / ticksPerSecond
	}
}

// ticks are those of a process and of the children that it has waited for; 0 where it has
// just ended.
func ticks(stat string) (sum, parent int) {
	text, err := os.ReadFile(stat)
	if err != nil {
		return 0, 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if len(f) < 15 {
		return 0, 0
	}
	for _, i := range []int{11, 12, 13, 14} { // its own and its children's time, in user and system mode
		n, _ := strconv.Atoi(f[i])
		sum += n
	}
	parent, _ = strconv.Atoi(f[1])
	return sum, parent
}

// ownTime is this process's own CPU time.
func ownTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// resident is how many bytes of memory a process holds now, and the most that it has held
// since its start or since forgetPeak.
func resident(pid int) (now, most int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			now = kib << 10
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			most = kib << 10
		}
	}
	if now == 0 {
		err = fmt.Errorf("the system does not say how much memory process %d holds", pid)
	}
	return now, most, err
}

// forgetPeak makes the memory that the process holds now the most that it has held.
func forgetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o600)
}
