package main

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"tenantry/chaos/harness"
)

// A file of results has one outcome a line, so that a campaign of hours may be run in pieces.

func addResult(path string, o outcome) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(f).Encode(o), f.Close())
}

// readResults gives the last outcome of each case and seed.
func readResults(path string) ([]outcome, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	type run struct {
		name string
		seed int
	}
	var outcomes []outcome
	known := map[run]int{}
	for lines := json.NewDecoder(f); ; {
		var o outcome
		err := lines.Decode(&o)
		if errors.Is(err, io.EOF) {
			return outcomes, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if at, ok := known[run{o.Case, o.Seed}]; ok {
			outcomes[at] = o
			continue
		}
		known[run{o.Case, o.Seed}] = len(outcomes)
		outcomes = append(outcomes, o)
	}
}

// stamp says of an outcome what it came about with.
func (s *cluster) stamp(o *outcome) {
	o.Commit, o.Machine, o.Date = s.commit, s.machine, time.Now().UTC().Format("2006-01-02")
	text, _ := os.ReadFile("/proc/loadavg")
	_, _ = fmt.Sscan(string(text), &o.Load) // 0 where there is none
}

// circumstances sums the stamps up.
func circumstances(outcomes []outcome) string {
	machines, dates := map[string]bool{}, map[string]bool{}
	var least, most float64
	for i, o := range outcomes {
		machines[o.Machine], dates[o.Date] = true, true
		if i == 0 {
			least = o.Load
		}
		least, most = min(least, o.Load), max(most, o.Load)
	}
	list := func(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ", ") }
	return fmt.Sprintf("Run on %s, on %s; the machine's load was %.0f to %.0f.", list(dates), list(machines), least, most)
}

// commitOf reads from a program what it was built of.
func commitOf(program string) string {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "unknown"
	}
	commit, changed := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(len(s.Value), 10)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return commit + changed
}

var numbers = regexp.MustCompile(`\d+(\.\d+)+`)

// machine names what the campaign runs on, and the servers that it starts.
func machine(ctx context.Context) string {
	name := fmt.Sprintf("%d cores", runtime.NumCPU())
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			name = fmt.Sprintf("%d cores of %s", runtime.NumCPU(), strings.TrimSpace(value))
			break
		}
	}
	name += ", " + runtime.GOOS + "/" + runtime.GOARCH + ", " + strings.Replace(runtime.Version(), "go", "Go ", 1)
	for _, server := range []string{"postgres", "redis-server"} {
		path, err := harness.Program(server)
		if err != nil {
			continue
		}
		out, _ := exec.CommandContext(ctx, path, "--version").Output()
		name += ", " + map[string]string{"postgres": "PostgreSQL", "redis-server": "Redis"}[server] + " " + numbers.FindString(string(out))
	}
	return name
}
