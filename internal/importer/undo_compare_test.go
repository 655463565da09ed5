package importer

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/oracle"
)

// done lets the import run, and compares what came of it.
func (h *history) done(r *drawnRun, modelled func(rows int) oracle.Result) {
	updated := h.updated()
	for _, c := range h.memory.memory.Companies {
		for _, k := range c.Contacts {
			k.Touched = false
		}
	}
	n := len(h.runs)
	if !h.uncanceled && rapid.IntRange(0, 9).Draw(h.t, "cancel") == 7 {
		h.cancel(r.run.ID)
	} else {
		h.relay(h.t, h.hub, r.run.ID, 3)
	}
	r.result = modelled(h.state(r.run.ID).ProcessedRows)
	h.runs = append(h.runs, r)
	want := r.result
	if d := cmp.Diff(want.Issues, keptValues(h.ledger(r.run.ID), r.file == nil)); d != "" {
		h.fail("run %d: issues (-oracle +engine):\n%s", n, d)
	}
	h.compare(fmt.Sprintf("run %d", n))
	if d := cmp.Diff(resultLine(want), runLine(h.state(r.run.ID))); d != "" {
		h.fail("run %d: counts (-oracle +engine):\n%s", n, d)
	}
	if d := cmp.Diff(h.outcomesOf(r.result), h.rowsOf(r.run.ID)); d != "" {
		h.fail("run %d: rows (-oracle +engine):\n%s", n, d)
	}
	h.writes(fmt.Sprintf("run %d", n), updated)
	if r.file != nil {
		r.failed = failedRows(want)
	}
}

// lastReached is the number of the row with which the batches of the import end that its canceled undo has taken back.
func (h *history) lastReached(of, undo id.ID) (last int) {
	var rows []journal.Row
	for _, b := range h.batches(undo) {
		decoded, err := journal.DecodeOutcomes(b.Outcomes, b.FirstRow, b.Rows)
		h.Must(err)
		rows = append(rows, decoded...)
	}
	for _, b := range h.batches(of) {
		decoded, err := journal.DecodeOutcomes(b.Outcomes, b.FirstRow, b.Rows)
		h.Must(err)
		for _, r := range decoded {
			if !slices.ContainsFunc(rows, func(u journal.Row) bool { return u.Number == r.Number }) {
				continue
			}
			if end := decoded[0].Number; h.downwards(of) && (last == 0 || end < last) {
				last = end
			}
			if end := decoded[len(decoded)-1].Number; !h.downwards(of) && end > last {
				last = end
			}
		}
	}
	return last
}

// downwards reports whether an undo of the run goes through the file from its end.
func (h *history) downwards(of id.ID) bool {
	down := true
	for r := h.state(of); r.UndoesID != nil; r = h.state(*r.UndoesID) {
		down = !down
	}
	return down
}

// resultLine is what came of a run by the oracle.
func resultLine(r oracle.Result) string {
	return fmt.Sprintf("%d created, %d updated, %d deleted, %d unchanged, %d skipped, %d failed of %d", r.Created, r.Updated, r.Deleted, r.Unchanged, r.Skipped, r.Failed, len(r.Rows))
}

// runLine is the same of the engine.
func runLine(r *ent.ImportRun) string {
	return fmt.Sprintf("%d created, %d updated, %d deleted, %d unchanged, %d skipped, %d failed of %d", r.CreatedCount, r.UpdatedCount-r.DeletedCount, r.DeletedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount, r.ProcessedRows)
}

func failedRows(r oracle.Result) map[int]bool {
	failed := map[int]bool{}
	for _, row := range r.Rows {
		if row.Outcome == "FAILED" {
			failed[row.Number] = true
		}
	}
	return failed
}

// keptValues are the issues as the oracle has them, with the values that an undo tells.
func keptValues(issues []*ent.ImportIssue, undo bool) []oracle.Issue {
	out := issuesOf(nil)
	unquoted := func(s string) string {
		text, err := strconv.Unquote(s)
		if err != nil {
			return ""
		}
		return text
	}
	for _, i := range issues {
		issue := issuesOf([]*ent.ImportIssue{i})[0]
		if m := editedMessage.FindStringSubmatch(i.Message); m != nil {
			if issue.Left, issue.Now = unquoted(m[1]), unquoted(m[2]); issue.Now != deref(i.Value) {
				issue.Now += " but " + deref(i.Value)
			}
		} else if undo {
			issue.Now = deref(i.Value)
		}
		out = append(out, issue)
	}
	oracle.Sort(out)
	return out
}

// rowsOf are the rows of the import's journal by number, each with its outcome and whom it is about.
func (h *history) rowsOf(run id.ID) []string {
	var out []string
	for _, b := range h.batches(run) {
		rows, err := journal.DecodeOutcomes(b.Outcomes, b.FirstRow, b.Rows)
		h.Must(err)
		for _, r := range rows {
			out = append(out, h.rowLine(r.Number, r.Line, outcomeNames[r.Result], r.Record))
		}
	}
	slices.Sort(out)
	return out
}

func (h *history) rowLine(number, line int, outcome string, of id.ID) string {
	if outcome == "SKIPPED" || outcome == "FAILED" {
		return fmt.Sprintf("%03d line %d %s", number, line, outcome)
	}
	return fmt.Sprintf("%03d line %d %s %v", number, line, outcome, of)
}

// outcomesOf is the same by the oracle.
func (h *history) outcomesOf(r oracle.Result) []string {
	var out []string
	for _, row := range r.Rows {
		out = append(out, h.rowLine(row.Number, row.Line, row.Outcome, h.ids[row.Contact]))
	}
	slices.Sort(out)
	return out
}

var oftenMade = regexp.MustCompile(` #\d+$`)

// made is what the test calls something that the oracle's import has made.
func made(of string) string { return oftenMade.ReplaceAllString(of, "") }

// known is what the oracle has.
func (h *history) known() []string {
	var out []string
	for _, of := range h.memory.memory.Companies {
		for _, all := range [][]oracle.Assignment{of.Projects, of.Desks} {
			for _, a := range all {
				if strings.HasPrefix(a.ID, "new ") {
					out = append(out, of.Name+" has "+made(a.ID))
				}
			}
		}
		for _, l := range of.Labels {
			if strings.HasPrefix(l.ID, "new ") {
				out = append(out, of.Name+" has "+made(l.ID))
			}
		}
		for _, k := range of.Contacts {
			var labels []string
			for l := range k.Labels {
				labels = append(labels, made(l))
			}
			out = append(out, contactLine(of.Name, "", k.Created, false, labels, k.Values,
				k.ExternalID, k.Email, k.First, k.Middle, k.Last, k.Username, made(k.Project), made(k.Desk), k.Active, k.Business))
		}
	}
	return sorted(out)
}

// stored is what the database has.
func (h *history) stored() []string {
	b := *h.books
	b.contacts = nil // ids are compared by themselves
	return h.storedBooks(&b)
}

// compare demands that the database has what the oracle has, and that each contact is the one that it was.
func (h *history) compare(when string) {
	h.t.Helper()
	if d := cmp.Diff(h.known(), h.stored()); d != "" {
		h.fail("%s: the tables (-oracle +database):\n%s", when, d)
	}
	for i, of := range h.memory.memory.Companies {
		for _, k := range of.Contacts {
			stored := h.find(i, k)
			if known, ok := h.ids[k]; ok && known != stored.ID {
				h.fail("%s: %s is another contact than before", when, k.Email)
			}
			h.ids[k] = stored.ID
			k.ID = stored.ID.String()
		}
	}
}

// find finds the contact in the company of that index.
func (h *history) find(company int, k *oracle.Contact) *ent.Contact {
	return h.DB.Ent().Contact.Query().Where(contact.CompanyID(h.books.companies[company].ID), contact.Email(k.Email)).OnlyX(h.System)
}

// updated says when each contact was written.
func (h *history) updated() map[id.ID]time.Time {
	at := map[id.ID]time.Time{}
	for _, k := range h.DB.Ent().Contact.Query().Select(contact.FieldID, contact.FieldUpdatedAt).AllX(h.System) {
		at[k.ID] = k.UpdatedAt
	}
	return at
}

// writes demands that just those contacts were written that have changed (R4).
func (h *history) writes(when string, before map[id.ID]time.Time) {
	after := h.updated()
	for _, of := range h.memory.memory.Companies {
		for _, k := range of.Contacts {
			was, there := before[h.ids[k]]
			if wrote := there && !was.Equal(after[h.ids[k]]); there && wrote != k.Touched {
				h.fail("%s: %s was written: %v, and has changed: %v", when, k.Email, wrote, k.Touched)
			}
		}
	}
}
