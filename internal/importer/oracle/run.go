package oracle

// run is an import under way.
type run struct {
	world  *World
	job    Job
	names  map[string]bool // slugs of names of earlier rows that did not fail (I6)
	index  *index
	owners map[*Company]map[string]int // contacts by emailKey: the last row that was imported with it (I9)
	about  *Contact                    // whom the row under way has imported
	made   *Company                    // what the row under way has made
	done   *done
	result Result
}

// outcome is what came of one row.
type outcome int

const (
	failed outcome = iota
	created
	updated
	unchanged
	skipped
)

// outcomes are their names (J13).
var outcomes = map[outcome]string{failed: "FAILED", created: "CREATED", updated: "UPDATED", unchanged: "UNCHANGED", skipped: "SKIPPED"}

func (r *run) count(of *row, o outcome) {
	r.result.Rows = append(r.result.Rows, RowResult{Number: of.number, Line: of.line, Outcome: outcomes[o], Contact: r.about, Company: r.made})
	r.about, r.made = nil, nil
	switch o {
	case failed:
		r.result.Failed++
	case created:
		r.result.Created++
	case updated:
		r.result.Updated++
	case unchanged:
		r.result.Unchanged++
	case skipped:
		r.result.Skipped++
	}
}
