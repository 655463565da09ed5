package model

import (
	"cmp"
	"slices"

	"tenantry/internal/importer/journal"
)

// outcomeNames are the results of rows by their names (rule J13).
var outcomeNames = map[journal.Result]string{
	journal.Created: "CREATED", journal.Updated: "UPDATED", journal.Deleted: "DELETED", journal.Unchanged: "UNCHANGED", journal.Skipped: "SKIPPED", journal.Failed: "FAILED",
}

// add counts a row.
func (c *Counts) add(r journal.Result) {
	c.Processed++
	switch r {
	case journal.Created:
		c.Created++
	case journal.Updated:
		c.Updated++
	case journal.Unchanged:
		c.Unchanged++
	case journal.Skipped:
		c.Skipped++
	case journal.Failed:
		c.Failed++
	case journal.Deleted:
		c.Deleted++
	}
}

// journal: the journal has each processed row once, its outcomes add up to the counts of their batch and of
// the import, and the rows that were not imported are those that have issues (I3).
func (c *checker) journal(run *Import) {
	var sum Counts
	bad, seen, next := map[int]bool{}, map[int]bool{}, 1
	for _, b := range run.Batches {
		if b.First != next {
			c.violate("I3", "import %s: a batch in the journal begins at row %d, want %d", run.ID, b.First, next)
		}
		next = b.First + b.Size
		var rows Counts
		for _, r := range b.Rows {
			rows.add(r.Result)
			sum.add(r.Result)
			if seen[r.Number] {
				c.violate("I2", "import %s: row %d is in the journal twice", run.ID, r.Number)
			}
			seen[r.Number] = true
			if r.Result == journal.Skipped || r.Result == journal.Failed {
				bad[r.Number] = true
			}
		}
		if rows != b.Counts {
			c.violate("I3", "import %s: the batch at row %d counts %+v, its outcomes are %+v", run.ID, b.First, b.Counts, rows)
		}
	}
	if sum != run.Counts {
		c.violate("I3", "import %s: its journal adds up to %+v, its counts are %+v", run.ID, sum, run.Counts)
	}
	results, issues := run.Results(), map[int]bool{}
	for _, i := range run.Issues {
		issues[i.Row] = true
		// An undo may put some values back and keep others.
		if result := results[i.Row]; !bad[i.Row] && i.Ordinal == 0 && !(run.Undoes != "" && result == journal.Updated) {
			c.violate("I3", "import %s: row %d has an issue (%s), its outcome is %s", run.ID, i.Row, i.Code, outcomeNames[result])
		}
	}
	for row := range bad {
		if !issues[row] {
			c.violate("I3", "import %s: row %d is %s without an issue", run.ID, row, outcomeNames[results[row]])
		}
	}
}

// outcomes compares the outcome of each row with that of the serial run (I6).
func (c *checker) outcomes(s *Sent, run *Import, want []Row) {
	var have []Row
	for _, b := range run.Batches {
		for _, r := range b.Rows {
			have = append(have, Row{Number: r.Number, Line: r.Line, Outcome: outcomeNames[r.Result]})
		}
	}
	for _, rows := range [][]Row{have, want} { // an undo goes through the file from its end
		slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Number, b.Number) })
	}
	for n := range min(len(have), len(want)) {
		if have[n] != want[n] {
			c.violate("I6", "import %s of %s: the %d-th row of its journal is %+v, a serial run gives %+v", run.ID, s.Name, n+1, have[n], want[n])
			return
		}
	}
}

// resolved: each row that a retry has imported is resolved, once, in the import that had it and in all its
// retries, nothing else is, and the counts of resolved rows are right (I9).
func (c *checker) resolved() {
	imported := map[*Sent]map[int]int{} // by the first import: rows, how often retries have imported them
	for i := range c.t.Imports {
		run := &c.t.Imports[i]
		s := c.sentAs[run.ID]
		if s == nil || s.Retries == nil {
			continue
		}
		first := s.first()
		if imported[first] == nil {
			imported[first] = map[int]int{}
		}
		for row, result := range run.Results() {
			if result != journal.Skipped && result != journal.Failed {
				imported[first][row]++
			}
		}
	}
	for first, rows := range imported {
		for row, times := range rows {
			if times > 1 {
				c.violate("I9", "%s: retries have imported row %d %d times", first.Name, row, times)
			}
		}
	}
	for i := range c.t.Imports {
		run := &c.t.Imports[i]
		s := c.sentAs[run.ID]
		if s == nil {
			continue // which another check reports
		}
		rows, results, resolved := imported[s.first()], run.Results(), map[int]bool{}
		for _, issue := range run.Issues {
			if want := rows[issue.Row] > 0; issue.Resolved != want {
				c.violate("I9", "import %s of %s: issue %d of row %d has resolved=%v; retries have imported the row %d times",
					run.ID, s.Name, issue.Ordinal, issue.Row, issue.Resolved, rows[issue.Row])
			}
			if issue.Resolved && results[issue.Row] == journal.Failed {
				resolved[issue.Row] = true
			}
		}
		if len(resolved) != run.Resolved {
			c.violate("I9", "import %s of %s: %d failed rows are resolved, it counts %d", run.ID, s.Name, len(resolved), run.Resolved)
		}
	}
}

// first is the import of a file whose rows these are.
func (s *Sent) first() *Sent {
	for s.Retries != nil {
		s = s.Retries
	}
	return s
}

// Results are the import's rows by their numbers.
func (i *Import) Results() map[int]journal.Result {
	results := make(map[int]journal.Result, i.Processed)
	for _, b := range i.Batches {
		for _, r := range b.Rows {
			results[r.Number] = r.Result
		}
	}
	return results
}
