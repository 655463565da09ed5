package importer

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/oracle"
	"tenantry/internal/input"
	"tenantry/internal/progress"
	"tenantry/internal/tenancy"
)

// R2, J13, J14, J15: as for contacts, with customers that people use, change and delete.
func TestR2UndosOfCustomersAreAsRowAfterRow(t *testing.T) {
	inHistories(t, func(t *rapid.T, w *world, hub *progress.Hub, tag string) {
		b := w.drawCustomerBooks(tag)
		h := &customerHistory{customerBooks: b, t: t, hub: hub, ids: map[*oracle.Company]id.ID{}, left: map[*oracle.Company]bool{}}
		h.memory = b.memory(trial{kind: enum.Customers, by: b.maria, company: b.partner})
		h.compare("at first")
		h.importFile()
		for range rapid.IntRange(2, 9).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"import", "change", "use", "delete", "admin", "undo", "undo", "undo", "retry", "there and back"}).Draw(t, "step") {
			case "import":
				h.importFile()
			case "change":
				h.change()
			case "use":
				h.use()
			case "delete":
				h.delete()
			case "admin":
				h.admin()
			case "undo":
				h.undo()
			case "retry":
				h.retry()
			case "there and back":
				h.thereAndBack()
			}
		}
	})
}

// customerHistory is history for customers.
type customerHistory struct {
	*customerBooks
	t      *rapid.T
	hub    *progress.Hub
	memory trial
	runs   []*drawnRun
	ids    map[*oracle.Company]id.ID
	left   map[*oracle.Company]bool // by a partner admin
}

func (h *customerHistory) importFile() {
	c := h.drawFile(h.t, 6, mostly)
	c.shape.encode(h.t, c.plainText())
	c.job = h.memory.job
	c.job.File, c.job.Options = c.file(), c.rowOptions()
	h.t.Logf("import %d: %v", len(h.runs), c)
	run, err := h.tryStart(h.deaf(h.hub, Options{}), c.by, c.text(), func(in *StartInput) {
		in.Kind, in.Company, in.Mappings, in.Options, in.Format.Encoding = c.kind, &c.company.ID, c.mappings, c.asked(), c.shape.encoding
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.done(&drawnRun{run: run, file: &c}, func() oracle.Result { return h.memory.memory.Run(c.job) })
}

// done lets the import run, and compares what came of it.
func (h *customerHistory) done(r *drawnRun, modelled func() oracle.Result) {
	n := len(h.runs)
	h.relay(h.t, h.hub, r.run.ID, 3)
	r.result = modelled()
	h.runs = append(h.runs, r)
	if d := cmp.Diff(r.result.Issues, keptValues(h.ledger(r.run.ID), r.file == nil)); d != "" {
		h.t.Fatalf("run %d: issues (-oracle +engine):\n%s", n, d)
	}
	h.compare(fmt.Sprintf("run %d", n))
	if d := cmp.Diff(resultLine(r.result), runLine(h.state(r.run.ID))); d != "" {
		h.t.Fatalf("run %d: counts (-oracle +engine):\n%s", n, d)
	}
	var want, is []string
	for _, row := range r.result.Rows {
		want = append(want, h.rowLine(row.Number, row.Line, row.Outcome, h.ids[row.Company]))
	}
	for _, b := range h.batches(r.run.ID) {
		rows, err := journal.DecodeOutcomes(b.Outcomes, b.FirstRow, b.Rows)
		h.Must(err)
		for _, row := range rows {
			is = append(is, h.rowLine(row.Number, row.Line, outcomeNames[row.Result], row.Record))
		}
	}
	if d := cmp.Diff(sorted(want), sorted(is)); d != "" {
		h.t.Fatalf("run %d: rows (-oracle +engine):\n%s", n, d)
	}
	if r.file != nil {
		r.failed = failedRows(r.result)
	}
}

func (h *customerHistory) rowLine(number, line int, outcome string, of id.ID) string {
	if outcome == "SKIPPED" || outcome == "FAILED" {
		return fmt.Sprintf("%03d line %d %s", number, line, outcome)
	}
	return fmt.Sprintf("%03d line %d %s %v", number, line, outcome, of)
}

// compare demands that the database has the companies that the oracle has, and that each is the one that it was.
func (h *customerHistory) compare(when string) {
	h.t.Helper()
	if d := cmp.Diff(h.memory.known(), h.stored()); d != "" {
		h.t.Fatalf("%s: the companies (-oracle +database):\n%s", when, d)
	}
	for _, c := range h.memory.memory.Companies {
		of := h.DB.Ent().Company.Query().Where(company.Slug(c.Slug), company.DeletedAtIsNil()).OnlyIDX(h.System)
		if known, ok := h.ids[c]; ok && known != of {
			h.t.Fatalf("%s: %s is another company than before", when, c.Name)
		}
		h.ids[c] = of
	}
}

// someone draws a customer that an import has made; nil: there is none.
func (h *customerHistory) someone() *oracle.Company {
	var all []*oracle.Company
	for _, c := range h.memory.memory.Companies {
		if slices.ContainsFunc(h.runs, func(r *drawnRun) bool {
			return slices.ContainsFunc(r.result.Rows, func(row oracle.RowResult) bool { return row.Company == c })
		}) {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return rapid.SampledFrom(all).Draw(h.t, "which customer")
}

func (h *customerHistory) service() *tenancy.Service { return h.companies(h.hub) }

func (h *customerHistory) change() {
	c := h.someone()
	if c == nil {
		return
	}
	var d tenancy.Details
	switch rapid.SampledFrom([]string{"name", "contact", "external id"}).Draw(h.t, "field") {
	case "name":
		c.Name = rapid.SampledFrom([]string{"Acme ", "By hand ", "Beta-"}).Draw(h.t, "name") + h.tag
		d.Name = input.Given(&c.Name)
	case "contact":
		c.ContactEmail = rapid.SampledFrom([]string{"a@b.example", "hand@b.example"}).Draw(h.t, "contact email")
		d.ContactEmail = input.Given(&c.ContactEmail)
	case "external id":
		to := rapid.SampledFrom([]string{"C-1", "hand", ""}).Draw(h.t, "external id")
		if slices.ContainsFunc(h.memory.memory.Companies, func(o *oracle.Company) bool { return to != "" && o != c && o.Of == c.Of && o.ExternalID == to }) {
			return
		}
		if c.ExternalID = to; to == "" {
			d.ExternalID = input.Field[string]{Set: true}
		} else {
			d.ExternalID = input.Given(&to)
		}
	}
	h.t.Logf("change of %s: %q, %q, %q", c.Slug, c.Name, c.ContactEmail, c.ExternalID)
	if _, err := h.service().UpdateCustomer(h.As(h.maria), h.ids[c], d); err != nil {
		h.t.Fatal(err)
	}
	h.compare("a change")
}

// use makes something in a customer.
func (h *customerHistory) use() {
	c := h.someone()
	if c == nil || c.Used {
		return
	}
	h.t.Logf("use of %s", c.Slug)
	h.DB.Ent().Label.Create().SetCompanyID(h.ids[c]).SetName("VIP").ExecX(h.System)
	c.Used = true
}

func (h *customerHistory) delete() {
	c := h.someone()
	if c == nil {
		return
	}
	h.t.Logf("deletion of %s", c.Slug)
	h.Must(h.service().DeleteCustomer(h.As(h.maria), h.ids[c]))
	h.memory.memory.Remove(c)
	h.compare("a deletion")
}

// admin adds a partner admin, or removes one.
func (h *customerHistory) admin() {
	c := h.someone()
	if c == nil {
		return
	}
	i := rapid.IntRange(0, 1).Draw(h.t, "maria or tom")
	who, user := h.memory.job.Company.Users[i], []*ent.User{h.maria, h.tom}[i]
	var err error
	switch has := slices.Contains(c.PartnerAdmins, who); {
	case has:
		h.t.Logf("removal of the partner admin %s of %s", who.Email, c.Slug)
		_, err = h.service().RemovePartnerAdmin(h.As(h.maria), h.ids[c], user.ID)
		h.left[c] = true
		c.PartnerAdmins = slices.DeleteFunc(slices.Clone(c.PartnerAdmins), func(u *oracle.User) bool { return u == who })
	case h.left[c]:
		return // it might be another right than the import's of the same person, which the oracle does not tell apart
	default:
		h.t.Logf("addition of the partner admin %s of %s", who.Email, c.Slug)
		_, err = h.service().AddPartnerAdmin(h.As(h.maria), h.ids[c], user.ID)
		c.PartnerAdmins = append(slices.Clone(c.PartnerAdmins), who)
	}
	h.Must(err)
	h.compare("another partner admin")
}

func (h *customerHistory) undo() {
	var undoable []int
	for i, r := range h.runs {
		if r.result.Created+r.result.Deleted > 0 {
			undoable = append(undoable, i)
		}
	}
	if len(undoable) > 0 {
		h.undoOf(rapid.SampledFrom(undoable).Draw(h.t, "undone"))
	}
}

func (h *customerHistory) undoOf(n int) {
	of, before := h.runs[n], h.stored()
	var dry *ent.ImportRun
	var err error
	if rapid.IntRange(0, 2).Draw(h.t, "dry") == 0 {
		dry, err = h.deaf(h.hub, Options{}).Undo(h.As(h.maria), UndoInput{Import: of.run.ID, DryRun: true})
		h.Must(err)
		h.relay(h.t, h.hub, dry.ID, 3)
		if d := cmp.Diff(before, h.stored()); d != "" {
			h.t.Fatalf("the dry run has written (-before +after):\n%s", d)
		}
	}
	h.t.Logf("run %d: undo of %d", len(h.runs), n)
	run, err := h.deaf(h.hub, Options{}).Undo(h.As(h.maria), UndoInput{Import: of.run.ID})
	h.Must(err)
	h.done(&drawnRun{run: run}, func() oracle.Result {
		return h.memory.memory.UndoCustomers(of.result, h.memory.job.Company, h.memory.job.Importer)
	})
	if dry != nil {
		if d := cmp.Diff(h.undoneAs(dry), h.undoneAs(run)) + cmp.Diff(h.said(dry.ID), h.said(run.ID)); d != "" {
			h.t.Fatalf("the dry run says something else (-dry +real):\n%s", d)
		}
	}
}

// thereAndBack imports a file and takes it back at once: then all is as before (J14).
func (h *customerHistory) thereAndBack() {
	before := h.stored()
	h.importFile()
	last := len(h.runs) - 1
	if h.runs[last].result.Created == 0 {
		return
	}
	h.undoOf(last)
	if d := cmp.Diff(before, h.stored()); d != "" {
		h.t.Fatalf("there and back (-before +after):\n%s", d)
	}
}

// retry imports failed rows once more, with some cells corrected.
func (h *customerHistory) retry() {
	var failed []int
	for i, r := range h.runs {
		if len(r.failed) > 0 {
			failed = append(failed, i)
		}
	}
	if len(failed) == 0 {
		return
	}
	n := rapid.SampledFrom(failed).Draw(h.t, "retried")
	of := h.runs[n]
	c, rows := of.corrected(h.t, map[string][]string{
		"name": {"Retried " + h.tag, "Acme " + h.tag}, "external_id": {"", "R-1"}, "contact_email": {"r@b.example"}, "partner_admin_email": {"maria@" + h.tag + ".example"},
	})
	if len(rows) == 0 {
		return
	}
	h.t.Logf("run %d: retry of %d: %+v", len(h.runs), n, rows)
	run, err := h.deaf(h.hub, Options{}).Retry(h.As(h.maria), RetryInput{Import: of.run.ID, Rows: rows})
	h.Must(err)
	r := &drawnRun{run: run, file: c, first: of.root()}
	h.done(r, func() oracle.Result { return h.memory.memory.Run(c.job) })
	if d := resolve(h.world, h.runs, r); d != "" {
		h.t.Fatal(d)
	}
}
