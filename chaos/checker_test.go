package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tenantry/chaos/model"
	"tenantry/client"
	"tenantry/internal/importer/journal"
)

// sound is a world in which everything went well, and its tables.
func sound(t *testing.T) (*model.World, *model.Tables) {
	t.Helper()
	w := &model.World{Contested: []string{"Contested Mill"}, Foreign: "operator@platform.example", Blobs: map[string]int64{}}
	tables := &model.Tables{}
	maker := &model.Maker{Rand: rand.New(rand.NewPCG(1, 2)), Contested: w.Contested, Taken: w.Foreign}
	for _, tag := range tags[:2] {
		w.Tenants = append(w.Tenants, &model.Tenant{
			Company: "company-" + tag, Name: tag, Tag: tag, Admin: model.Person{Email: "ada@" + tag, First: "Ada", Last: "Admin"},
			Members: []model.Person{{Email: "bo@" + tag, First: "M", Last: "Member"}}, Known: []string{tag + " Known 1"},
		})
	}
	owner := map[string]string{} // of contested names
	for _, kind := range []model.Kind{model.Customers, model.Contacts, model.Users} {
		for _, tenant := range []*model.Tenant{w.Tenants[0], w.Tenants[1], w.Tenants[0]} {
			w.Sent = append(w.Sent, &model.Sent{File: maker.File(kind, tenant, 150), Answer: fmt.Sprintf("run-%d", len(w.Sent))})
		}
	}
	files := slices.Clone(w.Sent)
	w.Sent = append(w.Sent, retried(maker, files[3]), retried(maker, files[5]))
	w.Sent = append(w.Sent, retried(maker, w.Sent[len(w.Sent)-1]))
	undo := maker.Undo(files[5]) // after some of its contacts were edited and one was deleted
	undo.Answer = "undo"
	for i, row := range files[5].Rows[:12] {
		undo.Edits = append(undo.Edits, model.Edit{ID: "by-hand", Email: row.Cells[0], Last: fmt.Sprintf("Edited %d", i), Delete: i == 3})
	}
	w.Sent = append(w.Sent, undo)
	for _, tenant := range w.Tenants {
		var taken []string
		if owner := owner["contested-mill"]; owner != "" && owner != tenant.Company {
			taken = w.Contested
		}
		serial := model.NewSerial(tenant, taken, w.Foreign)
		add(tables, tenant, model.Customer{Name: tenant.Tag + " Known 1", Slug: fold(tenant.Tag) + "-known-1", Admin: tenant.Admin.Email})
		for _, s := range w.Sent {
			if s.Tenant != tenant {
				continue
			}
			e := serial.Import(s, toDo(tables, s))
			run := model.Import{
				ID: s.Answer, Kind: s.Kind, Company: tenant.Company, File: s.Name, Status: "COMPLETED", Total: len(s.Rows), Counts: e.Counts,
				Revision: 9, Epoch: 1, Keys: 1, Notices: 1, Issues: issues(e), Batches: batches(e),
			}
			if s.Undoes != nil {
				run.Undoes, run.Total = s.Undoes.Answer, e.Processed
			}
			if s.Retries != nil {
				run.Retries = s.Retries.Answer
				resolve(tables, s, e)
			}
			tables.Imports = append(tables.Imports, run)
			for _, c := range e.Customers {
				add(tables, tenant, c)
				if c.Slug == "contested-mill" {
					owner[c.Slug] = tenant.Company
				}
			}
			if s.Kind != model.Users {
				w.Blobs[s.Answer] = int64(len(s.Bytes))
			}
			final := &client.Import{Status: "COMPLETED", Revision: 9, TotalRows: e.Processed, ProcessedRows: e.Processed,
				CreatedCount: e.Created, SkippedCount: e.Skipped, FailedCount: e.Failed}
			for _, protocol := range []string{"ws", "sse"} {
				h := &model.History{Import: s.Answer, Protocol: protocol}
				h.Record(model.Event{Connection: 1, State: &client.Import{Status: "QUEUED", Revision: 1}})
				h.Record(model.Event{Connection: 1, Closed: 1012})
				h.Record(model.Event{Connection: 2, State: &client.Import{Status: "QUEUED", Revision: 1}})
				h.Record(model.Event{Connection: 2, State: final})
				h.Record(model.Event{Connection: 2, Complete: true})
				w.Histories = append(w.Histories, h)
			}
		}
		for _, e := range serial.People(model.Contacts) {
			tables.Contacts = append(tables.Contacts, model.Record{Company: tenant.Company, Entry: e, Sound: true})
		}
		for _, e := range serial.People(model.Users) {
			tables.Users = append(tables.Users, model.Record{Company: tenant.Company, Entry: e, Sound: true})
		}
	}
	return w, tables
}

// toDo is how many rows there are.
func toDo(tables *model.Tables, s *model.Sent) int {
	if s.Undoes == nil {
		return len(s.Rows)
	}
	run := tables.Imports[slices.IndexFunc(tables.Imports, func(i model.Import) bool { return i.ID == s.Undoes.Answer })]
	return run.Created + run.Updated
}

// retried are the failed rows of the import, as far as the file itself is wrong.
func retried(maker *model.Maker, s *model.Sent) *model.Sent {
	var rows []int
	for i := range s.Rows {
		number := i + 1
		if s.Retries != nil {
			number = s.Numbers[i]
		}
		if cells := s.Rows[i].Cells; cells[0] == "no address" || len(cells) > len(s.Header) {
			rows = append(rows, number)
		}
	}
	retry := maker.Correct(s, rows)
	if s.Retries == nil { // something is left to be retried
		retry.Rows[0].Cells[0] = "no address"
	}
	retry.Answer = s.Answer + "-retried"
	return retry
}

// resolve does what a retry does to the imports of which it has rows.
func resolve(tables *model.Tables, retry *model.Sent, e model.Expected) {
	for of := retry.Retries; of != nil; of = of.Retries {
		run := &tables.Imports[slices.IndexFunc(tables.Imports, func(i model.Import) bool { return i.ID == of.Answer })]
		for _, row := range e.Rows {
			if row.Outcome == "SKIPPED" || row.Outcome == "FAILED" {
				continue
			}
			run.Resolved++
			for i := range run.Issues {
				run.Issues[i].Resolved = run.Issues[i].Resolved || run.Issues[i].Row == row.Number
			}
		}
		if run.Resolved > 0 {
			run.Revision = 10
		}
	}
}

// batches are the journal of two batches that fits what is expected.
func batches(e model.Expected) []model.Batch {
	var all []model.Batch
	for _, rows := range [][]model.Row{e.Rows[:len(e.Rows)/2], e.Rows[len(e.Rows)/2:]} {
		b := model.Batch{First: 1 + len(e.Rows)/2*len(all), Size: len(rows), Counts: model.Counts{Processed: len(rows)}}
		for _, r := range rows {
			result := journal.Row{Number: r.Number, Line: r.Line}
			switch r.Outcome {
			case "CREATED":
				result.Result, b.Created = journal.Created, b.Created+1
			case "UPDATED":
				result.Result, b.Updated = journal.Updated, b.Updated+1
			case "DELETED":
				result.Result, b.Deleted = journal.Deleted, b.Deleted+1
			case "UNCHANGED":
				result.Result, b.Unchanged = journal.Unchanged, b.Unchanged+1
			case "SKIPPED":
				result.Result, b.Skipped = journal.Skipped, b.Skipped+1
			case "FAILED":
				result.Result, b.Failed = journal.Failed, b.Failed+1
			}
			b.Rows = append(b.Rows, result)
		}
		all = append(all, b)
	}
	return all
}

// issues are the expected ones, as the tables have them.
func issues(e model.Expected) []model.Issue {
	all := make([]model.Issue, len(e.Issues))
	for i, issue := range e.Issues {
		all[i] = model.Issue{Row: issue.Row, Line: issue.Line, Code: issue.Code, Column: issue.Column, OtherRow: issue.OtherRow}
		if i > 0 && all[i-1].Row == issue.Row {
			all[i].Ordinal = all[i-1].Ordinal + 1
		}
	}
	return all
}

func add(tables *model.Tables, tenant *model.Tenant, c model.Customer) {
	tables.Companies = append(tables.Companies, model.Company{
		ID: fmt.Sprint(len(tables.Companies)), Partner: tenant.Company, CreatedBy: tenant.Company, Customer: c,
		Projects: 1, Desks: 1, Admins: 1, AdminsCompany: tenant.Company,
	})
}

func fold(tag string) string { return string(append([]byte{tag[0] | 0x20}, tag[1:]...)) }

func TestASoundWorldBreaksNothing(t *testing.T) {
	w, tables := sound(t)
	for _, v := range model.Check(w, tables) {
		t.Errorf("%s: %s", v.Invariant, v.Detail)
	}
	sums := map[model.Kind]model.Counts{}
	for _, i := range tables.Imports {
		s := sums[i.Kind]
		sums[i.Kind] = model.Counts{Created: s.Created + i.Created, Updated: s.Updated + i.Updated, Unchanged: s.Unchanged + i.Unchanged,
			Skipped: s.Skipped + i.Skipped, Failed: s.Failed + i.Failed}
	}
	for kind, s := range sums {
		repeated := s.Skipped > 0
		if kind != model.Customers {
			repeated = s.Updated > 0 && s.Unchanged > 0
		}
		if s.Created == 0 || !repeated || s.Failed == 0 {
			t.Errorf("the files of %s come to %+v; want good, repeated and bad rows", kind, s)
		}
	}
}

// Each way in which the world can be wrong is seen, under its invariant's name.
func TestEachBrokenInvariantIsSeen(t *testing.T) {
	last := func(h *model.History) client.Import {
		for _, e := range slices.Backward(h.Events()) {
			if e.State != nil {
				return *e.State
			}
		}
		return client.Import{}
	}
	for name, broken := range map[string]struct {
		invariant string
		do        func(*model.World, *model.Tables)
	}{
		"an accepted import is gone": {"I1", func(_ *model.World, x *model.Tables) { x.Imports = x.Imports[1:] }},
		"a customer is missing":      {"I1", func(_ *model.World, x *model.Tables) { x.Companies = slices.Delete(x.Companies, 5, 6) }},
		"rows were passed over":      {"I1", func(_ *model.World, x *model.Tables) { x.Imports[0].Processed--; x.Imports[0].Created-- }},
		"an import lost its file":    {"I1", func(w *model.World, _ *model.Tables) { delete(w.Blobs, "run-1") }},
		"a file was cut":             {"I1", func(w *model.World, _ *model.Tables) { w.Blobs["run-1"]-- }},
		"a customer is there twice":  {"I2", func(_ *model.World, x *model.Tables) { x.Companies = append(x.Companies, x.Companies[4]) }},
		"a customer nobody wrote":    {"I2", func(w *model.World, x *model.Tables) { add(x, w.Tenants[0], model.Customer{Slug: "alder-ghost"}) }},
		"a file was accepted twice": {"I2", func(_ *model.World, x *model.Tables) {
			i := x.Imports[0]
			i.ID = "other"
			x.Imports = append(x.Imports, i)
		}},
		"an issue is there twice": {"I2", func(_ *model.World, x *model.Tables) {
			x.Imports[0].Issues = append(x.Imports[0].Issues, x.Imports[0].Issues[0])
		}},
		"the end was told twice":      {"I2", func(_ *model.World, x *model.Tables) { x.Imports[0].Notices = 2 }},
		"a partner admin told twice":  {"I2", func(_ *model.World, x *model.Tables) { x.Imports[0].AdminNotices, x.Imports[0].AdminsTold = 2, 1 }},
		"two default projects":        {"I2", func(_ *model.World, x *model.Tables) { x.Companies[3].Projects = 2 }},
		"an import that nobody sent":  {"I2", func(_ *model.World, x *model.Tables) { x.Imports[1].File = "stranger.csv" }},
		"another import was answered": {"I2", func(w *model.World, _ *model.Tables) { w.Sent[0].Answer = "run-9" }},
		"counts do not add up":        {"I3", func(_ *model.World, x *model.Tables) { x.Imports[0].Created++ }},
		"the ledger lacks a row":      {"I3", func(_ *model.World, x *model.Tables) { x.Imports[0].Issues = x.Imports[0].Issues[1:] }},
		"an import never ends":        {"I4", func(_ *model.World, x *model.Tables) { x.Imports[0].Status = "RUNNING" }},
		"an import failed":            {"I4", func(_ *model.World, x *model.Tables) { x.Imports[0].Status = "FAILED" }},
		"a refused file was accepted": {"I4", func(w *model.World, _ *model.Tables) { w.Sent[1].Fate = model.Refused }},
		"a watcher hears nothing":     {"I5", func(w *model.World, _ *model.Tables) { *w.Histories[0] = model.History{Import: "run-0"} }},
		"a watcher hears the end late": {"I5", func(w *model.World, _ *model.Tables) {
			s := last(w.Histories[0])
			w.Histories[0].Record(model.Event{Connection: 2, State: &s})
		}},
		"revisions fall":             {"I5", func(w *model.World, _ *model.Tables) { revisionsFall(w) }},
		"the end without its state":  {"I5", func(w *model.World, _ *model.Tables) { endWithoutState(w) }},
		"the final state is another": {"I5", func(_ *model.World, x *model.Tables) { x.Imports[0].Revision = 10 }},
		"an import is denied": {"I5", func(w *model.World, _ *model.Tables) {
			w.Histories[0].Record(model.Event{Connection: 3, Fault: "NOT_FOUND"})
		}},
		"a cell was changed":            {"I6", func(_ *model.World, x *model.Tables) { x.Companies[4].Contact = "other@x" }},
		"another partner admin":         {"I6", func(_ *model.World, x *model.Tables) { x.Companies[4].Admin = "other@x" }},
		"an issue names another line":   {"I6", func(_ *model.World, x *model.Tables) { x.Imports[0].Issues[0].Line++ }},
		"an issue has another code":     {"I6", func(_ *model.World, x *model.Tables) { x.Imports[0].Issues[0].Code = "OTHER" }},
		"a skipped row was created":     {"I6", func(_ *model.World, x *model.Tables) { x.Imports[0].Skipped--; x.Imports[0].Created++ }},
		"a row in another tenant":       {"I7", func(w *model.World, x *model.Tables) { x.Companies[4].Partner = w.Tenants[1].Company }},
		"an import in another tenant":   {"I7", func(w *model.World, x *model.Tables) { x.Imports[0].Company = w.Tenants[1].Company }},
		"another tenant's admin":        {"I7", func(w *model.World, x *model.Tables) { x.Companies[4].AdminsCompany = w.Tenants[1].Company }},
		"a contact is missing":          {"I1", func(_ *model.World, x *model.Tables) { x.Contacts = x.Contacts[1:] }},
		"a user is missing":             {"I1", func(_ *model.World, x *model.Tables) { x.Users = x.Users[1:] }},
		"an import of another kind":     {"I1", func(_ *model.World, x *model.Tables) { x.Imports[0].Kind = model.Users }},
		"a contact is there twice":      {"I2", func(_ *model.World, x *model.Tables) { x.Contacts = append(x.Contacts, x.Contacts[0]) }},
		"a contact nobody wrote":        {"I2", func(_ *model.World, x *model.Tables) { x.Contacts[3].Email = "ghost@contacts.alder.example" }},
		"a contact was changed":         {"I6", func(_ *model.World, x *model.Tables) { x.Contacts[3].First = "Other" }},
		"an update was lost":            {"I6", func(_ *model.World, x *model.Tables) { x.Imports[2].Updated--; x.Imports[2].Unchanged++ }},
		"a user was deactivated":        {"I6", func(_ *model.World, x *model.Tables) { x.Users[3].Active = !x.Users[3].Active }},
		"a user may more":               {"I6", func(_ *model.World, x *model.Tables) { x.Users[5].Sound = false }},
		"a contact in another tenant":   {"I7", func(w *model.World, x *model.Tables) { x.Contacts[0].Company = w.Tenants[1].Company }},
		"a user in another tenant":      {"I7", func(w *model.World, x *model.Tables) { x.Users[3].Company = w.Tenants[1].Company }},
		"a batch is not in the journal": {"I3", func(_ *model.World, x *model.Tables) { x.Imports[0].Batches = x.Imports[0].Batches[1:] }},
		"a batch counts another outcome": {"I3", func(_ *model.World, x *model.Tables) {
			x.Imports[0].Batches[0].Created++
		}},
		"a row is in the journal twice": {"I2", func(_ *model.World, x *model.Tables) {
			x.Imports[0].Batches[0].Rows[1].Number = 1
		}},
		"the journal has another line": {"I6", func(_ *model.World, x *model.Tables) { x.Imports[0].Batches[0].Rows[1].Line++ }},
		"a row with issues was imported": {"I3", func(_ *model.World, x *model.Tables) {
			row := &x.Imports[0].Batches[0].Rows[x.Imports[0].Issues[0].Row-1]
			row.Result = journal.Created
		}},
		"a retried row is not resolved": {"I9", func(_ *model.World, x *model.Tables) { firstResolved(x).Resolved = false }},
		"a row that nobody retried is":  {"I9", func(_ *model.World, x *model.Tables) { x.Imports[0].Issues[0].Resolved = true }},
		"a resolved row is not counted": {"I9", func(_ *model.World, x *model.Tables) { retriedImport(x).Resolved-- }},
		"two retries import one row":    {"I9", func(_ *model.World, x *model.Tables) { importTwice(x) }},
		"a retry is there twice": {"I2", func(_ *model.World, x *model.Tables) {
			i := slices.IndexFunc(x.Imports, func(i model.Import) bool { return i.Retries != "" })
			again := x.Imports[i]
			again.ID = "other"
			x.Imports = append(x.Imports, again)
		}},
		"an undo deletes what the import has not created": {"I10", func(_ *model.World, x *model.Tables) {
			deletedRow(x).Record[0] = 1
		}},
		"a contact that an undo has deleted is there": {"I10", func(_ *model.World, x *model.Tables) {
			created, deleted := createdRow(x), deletedRow(x)
			created.Record[0], deleted.Record[0] = 1, 1
			x.Contacts[0].ID = deleted.Record.String()
		}},
		"an undo of an undo makes what that one has not deleted": {"I10", func(_ *model.World, x *model.Tables) {
			made := *deletedRow(x)
			made.Result, made.Record[0] = journal.Created, 1
			x.Imports = append(x.Imports, model.Import{ID: "redo", Undoes: undoOf(x).ID, Batches: []model.Batch{{Rows: []journal.Row{made}}}})
		}},
		"a contact is deleted by nobody": {"I10", func(_ *model.World, x *model.Tables) { createdRow(x).Record[0] = 1 }},
		"an undo deletes an edited contact": {"I1", func(_ *model.World, x *model.Tables) {
			x.Contacts = slices.DeleteFunc(x.Contacts, func(c model.Record) bool { return c.Last == "Edited 1" })
		}},
		"an undo overwrites an edit": {"I6", func(_ *model.World, x *model.Tables) {
			i := slices.IndexFunc(x.Contacts, func(c model.Record) bool { return c.Last == "Edited 1" })
			x.Contacts[i].Last = "Other"
		}},
		"an undo does not say what it has kept": {"I3", func(_ *model.World, x *model.Tables) {
			run := undoOf(x)
			i := slices.IndexFunc(run.Issues, func(i model.Issue) bool { return run.Results()[i.Row] == journal.Skipped })
			run.Issues = slices.Delete(run.Issues, i, i+1)
		}},
		"an undo counts a deletion as an update": {"I3", func(_ *model.World, x *model.Tables) {
			run := undoOf(x)
			run.Deleted, run.Updated = run.Deleted-1, run.Updated+1
		}},
		"an undo is there twice": {"I2", func(_ *model.World, x *model.Tables) {
			again := *undoOf(x)
			again.ID = "other"
			x.Imports = append(x.Imports, again)
		}},
		"a file's key is left": {"I8", func(_ *model.World, x *model.Tables) { x.Imports[0].Sealed = true }},
		"scratch is left":      {"I8", func(_ *model.World, x *model.Tables) { x.Imports[0].Scratch = 3 }},
		"a connection is left": {"I8", func(w *model.World, _ *model.Tables) { w.Leaks = []string{"one connection"} }},
	} {
		t.Run(name, func(t *testing.T) {
			w, tables := sound(t)
			broken.do(w, tables)
			found := model.Check(w, tables)
			if !slices.ContainsFunc(found, func(v model.Violation) bool { return v.Invariant == broken.invariant }) {
				t.Errorf("want a violation of %s, got %v", broken.invariant, found)
			}
		})
	}
}

func undoOf(x *model.Tables) *model.Import {
	return &x.Imports[slices.IndexFunc(x.Imports, func(i model.Import) bool { return i.Undoes != "" })]
}

// createdRow is a row of the import that is undone, and deletedRow one of the undo.
func createdRow(x *model.Tables) *journal.Row {
	i := slices.IndexFunc(x.Imports, func(i model.Import) bool { return i.ID == undoOf(x).Undoes })
	return rowWith(&x.Imports[i], journal.Created)
}

func deletedRow(x *model.Tables) *journal.Row { return rowWith(undoOf(x), journal.Deleted) }

func rowWith(run *model.Import, result journal.Result) *journal.Row {
	for _, b := range run.Batches {
		if i := slices.IndexFunc(b.Rows, func(r journal.Row) bool { return r.Result == result }); i >= 0 {
			return &b.Rows[i]
		}
	}
	return nil
}

func retriedImport(x *model.Tables) *model.Import {
	return &x.Imports[slices.IndexFunc(x.Imports, func(i model.Import) bool { return i.Resolved > 0 })]
}

func firstResolved(x *model.Tables) *model.Issue {
	issues := retriedImport(x).Issues
	return &issues[slices.IndexFunc(issues, func(i model.Issue) bool { return i.Resolved })]
}

// importTwice lets the retry of a retry import a row that the first one has imported.
func importTwice(x *model.Tables) {
	last := slices.IndexFunc(x.Imports, func(i model.Import) bool { return len(i.Batches) > 0 && i.Retries == "run-5-retried" })
	first := slices.IndexFunc(x.Imports, func(i model.Import) bool { return i.ID == "run-5-retried" })
	for row, result := range x.Imports[first].Results() {
		if result == journal.Created {
			rows := x.Imports[last].Batches[1].Rows
			rows[len(rows)-1] = journal.Row{Number: row, Result: journal.Created}
			return
		}
	}
}

func revisionsFall(w *model.World) {
	h := &model.History{Import: "run-0"}
	for _, e := range w.Histories[0].Events() {
		if e.State != nil && e.State.Ended() {
			h.Record(model.Event{Connection: 2, State: &client.Import{Status: "RUNNING", Revision: 5}})
			h.Record(model.Event{Connection: 2, State: &client.Import{Status: "RUNNING", Revision: 4}})
		}
		h.Record(e)
	}
	w.Histories[0] = h
}

func endWithoutState(w *model.World) {
	h := &model.History{Import: "run-0"}
	h.Record(model.Event{Connection: 1, State: &client.Import{Status: "RUNNING", Revision: 5}})
	h.Record(model.Event{Connection: 1, Complete: true})
	w.Histories[0] = h
}
