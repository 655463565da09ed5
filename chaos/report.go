package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// line is one outcome as text.
func line(o outcome) string {
	var b strings.Builder
	word := "ok  "
	switch {
	case o.failed():
		word = "FAIL"
	case o.Skipped != "":
		word = "skip"
	}
	fmt.Fprintf(&b, "%s  %-22s seed %-3d %6.1fs  %d imports, %d rows, %d faults", word, o.Case, o.Seed, o.Seconds, o.Imports, o.Rows, o.Faults)
	if o.Still > 0 {
		fmt.Fprintf(&b, ", stood still %.1fs", o.Still)
	}
	for _, n := range o.Notes {
		fmt.Fprintf(&b, "; %s", n)
	}
	b.WriteString("\n")
	if o.Skipped != "" {
		fmt.Fprintf(&b, "      %s\n", o.Skipped)
	}
	for _, v := range o.Violations {
		fmt.Fprintf(&b, "      %s broken: %s\n", v.Invariant, v.Detail)
	}
	if o.Error != "" {
		fmt.Fprintf(&b, "      %s\n", strings.ReplaceAll(o.Error, "\n", "\n      "))
	}
	if o.failed() {
		fmt.Fprintf(&b, "      again: go run ./chaos -case '^%s$' -seeds =%d -keep\n", o.Case, o.Seed)
	}
	if o.Logs != "" {
		fmt.Fprintf(&b, "      logs:  %s\n", o.Logs)
	}
	return b.String()
}

// table sums the outcomes up, as Markdown.
func table(outcomes []outcome) string {
	var b strings.Builder
	b.WriteString("| Case | What is done | Seeds held | Imports | Rows | Faults | Longest standstill | Of commit | Remarks |\n")
	b.WriteString("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |\n")
	held, all := 0, 0
	for _, e := range experiments() {
		var s sum
		for _, o := range outcomes {
			if o.Case == e.name {
				s.add(o)
			}
		}
		if s.run+s.skipped == 0 {
			continue
		}
		held, all = held+s.held, all+s.run
		still := "–"
		if s.still > 0 {
			still = fmt.Sprintf("%.1f s", s.still)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %d | %d | %d | %s | %s | %s |\n", e.name, e.what, s.seeds(), s.imports, s.rows, s.faults, still, s.of(), s.text())
	}
	fmt.Fprintf(&b, "\n%d of %d runs held every invariant. %s\n", held, all, circumstances(outcomes))
	return b.String()
}

// The table in a page that has more in it stands between these.
const (
	tableBegins = "<!-- the campaign's table begins -->\n"
	tableEnds   = "<!-- the campaign's table ends -->\n"
)

// write puts the table into the file: between the two marks where it has them, else alone.
func write(path, table string) error {
	page, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	before, rest, begins := strings.Cut(string(page), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if begins && ends {
		table = before + tableBegins + "\n" + table + "\n" + tableEnds + after
	}
	return os.WriteFile(path, []byte(table), 0o600)
}

// sum is a case's outcomes.
type sum struct {
	run, held, skipped, imports, rows, faults int
	still                                     float64
	broken                                    []string
	commits                                   []string
	remarks                                   []string
}

func (s *sum) add(o outcome) {
	s.imports, s.rows, s.faults = s.imports+o.Imports, s.rows+o.Rows, s.faults+o.Faults
	s.still = max(s.still, o.Still)
	if !slices.Contains(s.commits, o.Commit) {
		s.commits = append(s.commits, o.Commit)
	}
	switch {
	case o.Skipped != "":
		s.skipped++
		s.remarks = append(s.remarks, "not run: "+o.Skipped)
		return
	case o.failed():
		names := map[string]bool{}
		for _, v := range o.Violations {
			names[v.Invariant] = true
		}
		if o.Error != "" {
			names["error"] = true
		}
		for n := range names {
			s.broken = append(s.broken, fmt.Sprintf("%s (seed %d)", n, o.Seed))
		}
	default:
		s.held++
	}
	s.run++
	if len(s.remarks) < 6 {
		s.remarks = append(s.remarks, o.Notes...)
	}
}

func (s *sum) seeds() string {
	if s.run == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d", s.held, s.run)
}

// of names what the runs were made of.
func (s *sum) of() string { return strings.Join(slices.Sorted(slices.Values(s.commits)), ", ") }

func (s *sum) text() string {
	slices.Sort(s.broken)
	parts := s.broken
	if len(parts) > 0 {
		parts = []string{"**broken: " + strings.Join(parts, ", ") + "**"}
	}
	seen := map[string]bool{}
	for _, r := range s.remarks {
		if !seen[r] && len(seen) < 4 {
			seen[r] = true
			parts = append(parts, r)
		}
	}
	return strings.ReplaceAll(strings.Join(parts, "; "), "|", `\|`)
}
