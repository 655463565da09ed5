// Package oracle imports files in the plainest way there is: one row after another, into a
// world that is a few structs in memory. It is what tests hold the engine against.
//
// It was written from docs/rules.md alone and shares no validation code with the engine: a
// mistake would have to be made twice, in two ways of writing, to go unseen. What follows
// from that: it is slow, it knows no database, no batch and no transaction, and only tests
// and the chaos campaign import it.
//
// Where a rule can be read in more than one way, a comment that begins with "Read:" says
// how it is read here and why.
package oracle

import (
	"cmp"
	"maps"
	"slices"
)

// Run imports the file into the world that the job's company belongs to, and changes it.
func (w *World) Run(j Job) Result {
	run := &run{world: w, job: j, names: map[string]bool{}, index: w.indexed(), owners: map[*Company]map[string]int{}}
	for _, c := range w.Companies {
		run.owners[c] = map[string]int{}
	}
	if j.Kind == Contacts {
		run.done = &done{file: j.File}
		run.done.before, run.done.homes = w.contacts()
	}
	for i, cells := range j.File.Rows {
		number := i + 1
		if j.Numbers != nil {
			number = j.Numbers[i]
		}
		r := newRow(&j.File, number, cells)
		r.clears = j.Options.ClearWith
		var came outcome
		switch j.Kind {
		case Customers:
			came = run.customer(r)
		case Contacts:
			came = run.contact(r)
		case Users:
			came = run.user(r)
		}
		run.count(r, came)
		if came == created || came == updated || came == unchanged {
			for _, make := range r.makes {
				make()
			}
		}
		run.result.Issues = append(run.result.Issues, r.problems...)
	}
	Sort(run.result.Issues)
	if j.Kind == Customers {
		run.result.done = &done{file: j.File, customers: run.customers()}
	}
	if j.Kind == Contacts {
		var homes map[*Contact]*Company
		run.done.after, homes = w.contacts()
		maps.Copy(run.done.homes, homes)
		run.result.done = run.done
	}
	return run.result
}

// Sort puts issues into the order in which they are compared.
func Sort(issues []Issue) {
	slices.SortFunc(issues, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Left, b.Left), cmp.Compare(a.Now, b.Now))
	})
}
