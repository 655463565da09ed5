// Package oracle imports files in the plainest way there is: one row after another, into a
// world that is a few structs in memory. It is what tests hold the engine against.
//
// It was written from docs/rules.md alone and shares no judging code with the engine: a
// mistake would have to be made twice, in two ways of writing, to go unseen. What follows
// from that: it is slow, it knows no database, no batch and no transaction, and only tests
// and the chaos campaign import it.
//
// Where a rule can be read in more than one way, a comment that begins with "Read:" says
// how it is read here and why.
package oracle

import (
	"cmp"
	"fmt"
	"slices"
)

// Kind is what the rows of a file become.
type Kind int

// The kinds of files.
const (
	Customers Kind = iota
	Contacts
	Users
)

// File is a parsed file.
type File struct {
	Header []string // as the file spells it
	Fields []string // for each column its canonical name or a custom field's variable name; empty: left out
	Rows   []Row
}

// Row is one row of a file that is not blank.
type Row struct {
	Line  int // of the file, on which it begins
	Cells []string
}

// Job is an import: who imports what into which company.
type Job struct {
	Kind     Kind
	Importer *User
	Company  *Company
	File     File
}

// Issue is one problem of one row. The column is empty where the row as a whole is meant,
// or a field that the file does not have.
type Issue struct {
	Row, Line int
	Column    string
	Code      string
}

func (i Issue) String() string { return fmt.Sprintf("%d:%d:%s:%s", i.Row, i.Line, i.Column, i.Code) }

// Result is what came of the rows.
type Result struct {
	Created, Updated, Unchanged, Skipped, Failed int

	Issues []Issue // by row, then column, then code
}

// Run imports the file into the world that the job's company belongs to, and changes it.
func (w *World) Run(j Job) Result {
	run := &run{world: w, job: j, names: map[string]bool{}, index: w.indexed()}
	for i, cells := range j.File.Rows {
		r := newRow(&j.File, i+1, cells)
		var came outcome
		switch j.Kind {
		case Customers:
			came = run.customer(r)
		case Contacts:
			came = run.contact(r)
		case Users:
			came = run.user(r)
		}
		run.count(came)
		run.result.Issues = append(run.result.Issues, r.problems...)
	}
	Sort(run.result.Issues)
	return run.result
}

// Sort puts issues into the order in which they are compared.
func Sort(issues []Issue) {
	slices.SortFunc(issues, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code))
	})
}

// run is an import under way.
type run struct {
	world  *World
	job    Job
	names  map[string]bool // slugs of names of earlier rows that did not fail (I6)
	index  *index
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

func (r *run) count(o outcome) {
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
