package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticksASecond is the unit of /proc/PID/stat on every Linux that Go runs on.
const ticksASecond = 100

// processorTime is how long processors have worked for a process, the children that it has
// ended and, where with is true, those that live. Other work on the machine hardly moves it.
func processorTime(pid int, with bool) time.Duration {
	ticks := int64(0)
	fields := func(path string) []string {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil // it has just ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		return strings.Fields(rest)
	}
	add := func(f []string) {
		for _, i := range []int{11, 12, 13, 14} { // its own and its children's time, in user and system mode
			n, _ := strconv.ParseInt(f[i], 10, 64)
			ticks += n
		}
	}
	if f := fields(fmt.Sprintf("/proc/%d/stat", pid)); len(f) > 14 {
		add(f)
	}
	if with {
		all, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, path := range all {
			if f := fields(path); len(f) > 14 && f[1] == strconv.Itoa(pid) {
				add(f)
			}
		}
	}
	return time.Duration(ticks) * time.Second / ticksASecond
}

// postmaster is the id of the database server's first process.
func (s *stack) postmaster() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(line)
}
