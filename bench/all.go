package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tenantry/chaos/harness"
)

// series takes one measurement after another, each in a process of its own, and makes a table
// of what was to be reached and what was measured.
type series struct {
	programs
	short bool
	write string
}

// target is a line of the table: a figure and what it is to be.
type target struct {
	figure     string
	what       string
	before     string // what was measured when the target was set
	must, aim  float64
	atMost     bool // else at least
	show, unit string
}

var targets = []target{
	{figure: "contacts 1000000 pace", what: "1,000,000 contacts, first byte to final event, against `\\copy`: pace", before: "0.65", must: 0.95, aim: 1.3},
	{figure: "contacts 200000 pace", what: "200,000 contacts likewise", before: "0.50", must: 0.75, aim: 1.1},
	{figure: "contacts 1000000 cpu", what: "CPU a row, 1,000,000 contacts, all processes, against `\\copy` with psql", before: "1.7 to 1.9", must: 1.5, aim: 1.25, atMost: true},
	{figure: "contacts 200000 cpu", what: "CPU a row, 200,000 contacts", before: "1.7 to 1.9", must: 1.5, aim: 1.25, atMost: true},
	{figure: "contacts 5000 time", what: "5,000 contacts, first byte to final event, against `\\copy`: time", before: "2.2", must: 1.2, aim: 0.85, atMost: true},
	{figure: "events running", what: "RUNNING after the upload's last byte, 5,000 rows, median", before: "104 ms", must: 50, aim: 25, atMost: true, show: "%.0f", unit: " ms"},
	{figure: "contacts 1000000 memory", what: "memory of the worker above idle, 1,000,000 rows", before: "18 MiB", must: 64, aim: 48, atMost: true, show: "%.0f", unit: " MiB"},
	{figure: "again 200000 changed", what: "200,000 known rows, half changed, against ent's CreateBulk upsert: pace", must: 2, aim: 3},
	{figure: "users 5000", what: "5,000 users with passwords against argon2id on all cores: pace", must: 0.9, aim: 0.95},
	{figure: "sqlite 100000", what: "SQLite, 100,000 contacts, against `.import`: pace", must: 0.45, aim: 0.6},
	{figure: "pages postgres", what: "page of 50 contacts with 2 references against SQL and encoding/json, PostgreSQL: requests/s", before: "0.07", must: 0.25, aim: 0.45},
	{figure: "watchers 10000 p99", what: "10,000 watchers at one message a second: p99 from the commit", must: 200, aim: 200, atMost: true, show: "%.0f", unit: " ms"},
	{figure: "watchers 10000 lost", what: "connections and messages lost by them", must: 0, aim: 0, atMost: true, show: "%.0f"},
	{figure: "watchers 10000 memory", what: "memory of the api process a watcher", before: "119 KiB at 3,000", must: 40, aim: 25, atMost: true, show: "%.0f", unit: " KiB"},
	{figure: "watchers 10000 back", what: "the last of them back after the restart of one of two api processes", must: 10, aim: 10, atMost: true, show: "%.1f", unit: " s"},
	{figure: "watchers 10000 without one final event", what: "watchers without exactly one final event", must: 0, aim: 0, atMost: true, show: "%.0f"},
	{figure: "fairness 1000000 p99", what: "small import beside one of 1,000,000 rows, against idle: p99", before: "1.4 to 1.6 (nine of ten)", must: 2, aim: 1.5, atMost: true},
}

func (t target) number(v float64) string {
	show := t.show
	if show == "" {
		show = "%.2f"
	}
	return fmt.Sprintf(show, v) + t.unit
}

func (t target) row(figures map[string]float64) string {
	sign := "≥ "
	if t.atMost {
		sign = "≤ "
	}
	measured, reached := "not measured", ""
	if v, ok := figures[t.figure]; ok {
		meets := func(limit float64) bool { return t.atMost && v <= limit || !t.atMost && v >= limit }
		measured, reached = t.number(v), "no"
		if meets(t.must) {
			reached = "yes"
		}
		if meets(t.aim) {
			reached = "yes, and what was aimed at"
		}
	}
	if older, ok := figures["older "+t.figure]; ok {
		measured += " (older: " + t.number(older) + ")"
	}
	before := t.before
	if before == "" {
		before = "–"
	}
	return fmt.Sprintf("| %s | %s | %s%s | %s%s | %s | %s |\n", t.what, before, sign, t.number(t.must), sign, t.number(t.aim), measured, reached)
}

// steps are the measurements with their arguments.
func (s *series) steps() [][]string {
	if s.short {
		return [][]string{
			{"contacts", "-rows=5000", "-rounds=7"},
			{"contacts", "-rows=200000", "-rounds=3"},
			{"again", "-rows=50000", "-rounds=3", "-ent=20000"},
			{"users", "-rows=500", "-hashes=200"},
			{"sqlite", "-rows=100000", "-rounds=3"},
			{"events", "-imports=50"},
			{"fairness", "-companies=0", "-large=400000", "-probes=50"},
			{"pages", "-rounds=3", "-for=2s"},
			{"pages", "-sqlite", "-rounds=3", "-for=2s"},
			{"watchers", "-n=1000", "-for=10s"},
		}
	}
	return [][]string{
		{"contacts", "-rows=5000", "-rounds=15"},
		{"contacts", "-rows=200000"},
		{"contacts", "-rows=1000000"},
		{"again", "-rows=200000"},
		{"users"},
		{"sqlite"},
		{"events"},
		{"fairness", "-companies=0"},
		{"pages"},
		{"pages", "-sqlite"},
		{"watchers", "-n=1000", "-for=10s"},
		{"watchers", "-n=3000"},
		{"watchers", "-n=10000"},
	}
}

// The parts of the document between which the results are.
const (
	resultsBegin = "<!-- Written by `make bench-full`. -->\n"
	resultsEnd   = "<!-- End of what is written. -->\n"
)

func (s *series) run(ctx context.Context) error {
	if s.write != "" {
		if _, _, err := s.document(); err != nil {
			return err
		}
	}
	scratch, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	if s.binary == "" {
		root, err := harness.Root(ctx)
		if err != nil {
			return err
		}
		s.binary = filepath.Join(scratch, "tenantry")
		build := exec.CommandContext(ctx, "go", "build", "-o", s.binary, ".")
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building the program: %w\n%s", err, out)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	machine := about(ctx) + "; " + services(ctx)
	began := time.Now()
	figures := map[string]float64{}
	var text strings.Builder
	var failed []error
	for _, step := range s.steps() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		args := append(slices.Clone(step), "-binary="+s.binary)
		if s.against != "" && step[0] != "fairness" {
			args = append(args, "-against="+s.against)
		}
		out, err := s.step(ctx, self, args)
		title := "bench " + strings.Join(step, " ")
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", title, err))
			out += "failed: " + err.Error() + "\n"
		}
		var kept strings.Builder
		for line := range strings.Lines(out) {
			if rest, ok := strings.CutPrefix(line, "figure "); ok {
				name, value, _ := strings.Cut(strings.TrimSpace(rest), " = ")
				if figures[name], err = strconv.ParseFloat(value, 64); err != nil {
					return err
				}
				continue
			}
			kept.WriteString(line)
		}
		fmt.Fprintf(&text, "%s\n%s\n", title, kept.String())
	}
	var table strings.Builder
	table.WriteString("| what | before | must | aim | measured | reached |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, t := range targets {
		if _, measured := figures[t.figure]; measured || !s.short {
			table.WriteString(t.row(figures))
		}
	}
	machine += fmt.Sprintf(". All took %v.", time.Since(began).Round(time.Second))
	fmt.Printf("\n%s\n%s\n", table.String(), machine)
	if s.write != "" {
		before, after, err := s.document()
		if err != nil {
			return err
		}
		results := fmt.Sprintf("\n%s\n%s\n\n## What the programs printed\n\n```text\n%s```\n\n", table.String(), machine, text.String())
		if err := os.WriteFile(s.write, []byte(before+resultsBegin+results+resultsEnd+after), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// document is what is before and behind the results.
func (s *series) document() (before, after string, err error) {
	text, err := os.ReadFile(s.write)
	if err != nil {
		return "", "", err
	}
	before, rest, ok := strings.Cut(string(text), resultsBegin)
	_, after, closed := strings.Cut(rest, resultsEnd)
	if !ok || !closed {
		err = fmt.Errorf("%s lacks the comments %q and %q, between which results are written", s.write, resultsBegin, resultsEnd)
	}
	return before, after, err
}

// step takes one measurement, shows what it prints, and returns it.
func (s *series) step(ctx context.Context, self string, args []string) (string, error) {
	fmt.Printf("\n== bench %s\n", strings.Join(args, " "))
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, &out), io.MultiWriter(os.Stderr, &out)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it ends what it has started
	cmd.WaitDelay = time.Minute
	err := cmd.Run()
	return out.String(), err
}

// services are the versions of what the program needs.
func services(ctx context.Context) string {
	var all []string
	for _, name := range []string{"postgres", "redis-server", "sqlite3"} {
		path, err := harness.Program(name)
		if err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, path, "--version").Output()
		if err != nil {
			continue
		}
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		words := strings.Fields(line)
		switch name {
		case "sqlite3":
			line = "SQLite " + words[0]
		case "redis-server":
			line, _ = strings.CutPrefix(words[2], "v=")
			line = "Redis " + line
		case "postgres":
			line = "PostgreSQL " + words[2]
		}
		all = append(all, line)
	}
	return strings.Join(all, ", ")
}
