package importer

import (
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/oracle"
	"tenantry/internal/input"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

// R2, J13, J14, J15: imports, edits and deletions by hand, undos, undos of those, and retries of failed rows, in any
// order: after each of them the tables, counts, issues and outcomes are those of the oracle.
func TestR2UndosOfContactsAreAsRowAfterRow(t *testing.T) {
	inHistories(t, func(t *rapid.T, w *world, hub *progress.Hub, tag string) {
		b := w.drawBooks(t, tag)
		h := &history{world: w, t: t, hub: hub, tag: tag, books: b, ids: map[*oracle.Contact]id.ID{}}
		h.by, h.into = b.drawImporter(t)
		h.memory = b.memory(trial{by: h.by, company: h.into})
		for _, c := range h.memory.memory.Companies {
			for _, k := range c.Contacts {
				k.Created = longAgo.Format(time.RFC3339Nano)
			}
		}
		h.compare("at first")
		steps := rapid.IntRange(2, 8).Draw(t, "steps")
		h.importFile()
		for range steps {
			switch rapid.SampledFrom([]string{"import", "edit", "edit", "delete", "reference", "undo", "undo", "undo", "retry", "there and back", "rights"}).Draw(t, "step") {
			case "import":
				h.importFile()
			case "rights":
				h.rights()
			case "edit":
				h.edit()
			case "delete":
				h.deleteContact()
			case "reference":
				h.deleteReference()
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

// inHistories draws histories on each database: rapid.checks of them, and a few where nothing is said.
func inHistories(t *testing.T, test func(t *rapid.T, w *world, hub *progress.Hub, tag string)) {
	t.Helper()
	t.Parallel()
	most := fewHistories
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "rapid.checks" || f.Name == "rapid.failfile" {
			most = 1 << 30
		}
	})
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			w := newWorld(testenv.NewWorld(t, testenv.Open(t, dialect)))
			hub, n, failed := progress.New(w.redis, quiet), 0, false
			rapid.Check(t, func(t *rapid.T) {
				if n++; n > most && !failed {
					return
				}
				passed := false
				defer func() { failed = failed || !passed }()
				w.Exec(`DELETE FROM import_runs`)
				test(t, w, hub, fmt.Sprintf("u%dz", n))
				passed = true
			})
		})
	}
}

// fewHistories are enough for each run of all tests.
const fewHistories = 12

// history is what was done so far, in the database and in the oracle's memory.
type history struct {
	*world
	t      *rapid.T
	hub    *progress.Hub
	tag    string
	books  *drawnBooks
	by     *ent.User
	into   *ent.Company
	memory trial
	runs   []*drawnRun
	ids    map[*oracle.Contact]id.ID

	uncanceled bool // nothing is canceled for now
}

// drawnRun is an import, a retry or an undo that has run.
type drawnRun struct {
	run    *ent.ImportRun
	result oracle.Result
	file   *trial    // nil: an undo
	first  *drawnRun // of a retry: the import whose rows it has
	failed map[int]bool
}

func (h *history) note(format string, args ...any) {
	h.t.Logf(format, args...)
}

func (h *history) fail(format string, args ...any) {
	h.t.Helper()
	h.t.Fatalf(format, args...)
}

// mostly is often with bad cells in few files.
func mostly(good []string, bad ...string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if len(bad) > 0 && rapid.IntRange(0, 49).Draw(t, "bad") == 1 {
			return rapid.SampledFrom(bad).Draw(t, "bad cell")
		}
		return rapid.SampledFrom(good).Draw(t, "good cell")
	})
}

// importFile imports a drawn file.
func (h *history) importFile() {
	c := trial{by: h.by, company: h.into}
	h.drawContactsFile(h.t, h.books, &c, h.tag, 6, mostly)
	c.shape.encode(h.t, c.plainText())
	c.job = h.memory.job
	c.job.File, c.job.Options = c.file(), c.rowOptions()
	c.job.Forms = oracle.Forms{Order: string(c.options.DateOrder), Decimal: string(c.options.DecimalSeparator)}
	h.note("import %d: %v with %+v", len(h.runs), c, c.rowOptions())
	run, err := h.tryStart(h.deaf(h.hub, Options{}), c.by, c.text(), func(in *StartInput) {
		in.Kind, in.Company, in.Mappings, in.Options, in.Format.Encoding = c.kind, &c.company.ID, c.mappings, c.asked(), c.shape.encoding
	})
	if err != nil {
		h.fail("%v", err)
	}
	h.done(&drawnRun{run: run, file: &c}, c.modelled(h.memory.memory))
}

// modelled imports the first rows in the oracle's memory.
func (c trial) modelled(in *oracle.World) func(rows int) oracle.Result {
	return func(rows int) oracle.Result {
		c.job.File.Rows = c.job.File.Rows[:rows]
		return in.Run(c.job)
	}
}

// cancel lets the import run, and cancels it between two of its batches.
func (h *history) cancel(run id.ID) {
	e := h.deaf(h.hub, Options{BatchRows: rapid.IntRange(1, 3).Draw(h.t, "batch"), InFlight: rapid.IntRange(1, 3).Draw(h.t, "in flight")})
	at := rapid.IntRange(0, 3).Draw(h.t, "cancel at")
	e.hook(hooked{between: func(turn int) {
		if turn == at {
			if _, err := e.Cancel(h.As(h.by), run); err != nil {
				h.note("the cancel: %v", err)
			}
		}
	}})
	for !h.state(run).Status.Final() {
		if _, err := e.RunNext(h.System); err != nil {
			h.fail("%v", err)
		}
	}
	h.note("canceled: %s", runLine(h.state(run)))
}

var editedMessage = regexp.MustCompile(`^the import left (nothing|"(?:[^"\\]|\\.)*") here, and it was changed to (nothing|"(?:[^"\\]|\\.)*") since, which stays$`)

var outcomeNames = map[journal.Result]string{
	journal.Created: "CREATED", journal.Updated: "UPDATED", journal.Deleted: "DELETED", journal.Unchanged: "UNCHANGED", journal.Skipped: "SKIPPED", journal.Failed: "FAILED",
}

// hand is who changes things in the company of that index by hand; nil: nobody may.
func (h *history) hand(company int) *ent.User {
	switch company {
	case 0:
		return h.books.boss
	case 1:
		return h.books.tom
	case 3:
		return h.books.sole
	}
	return nil
}

// rights takes the right to the customer from whoever imports into the own company, or gives it back: rows may name it (I13).
func (h *history) rights() {
	if h.into != h.books.companies[0] {
		return
	}
	customer, boss := h.memory.memory.Companies[1], h.memory.job.Importer
	if slices.Contains(customer.PartnerAdmins, boss) {
		h.note("the right to the customer ends")
		h.Exec(`DELETE FROM partner_admins WHERE user_id = $1`, h.by.ID)
		customer.PartnerAdmins = slices.DeleteFunc(slices.Clone(customer.PartnerAdmins), func(u *oracle.User) bool { return u == boss })
		return
	}
	h.note("the right to the customer is given")
	h.PartnerAdmin(h.books.companies[1], h.by)
	customer.PartnerAdmins = append(slices.Clone(customer.PartnerAdmins), boss)
}

// someone draws a contact that somebody may change, and its company's index.
func (h *history) someone() (*oracle.Contact, int) {
	type one struct {
		k  *oracle.Contact
		at int
	}
	var all []one
	for i, c := range h.memory.memory.Companies {
		if h.hand(i) == nil || c != h.memory.job.Company && rapid.IntRange(0, 3).Draw(h.t, "elsewhere") > 0 {
			continue
		}
		for _, k := range c.Contacts {
			all = append(all, one{k, i})
		}
	}
	if len(all) == 0 {
		return nil, 0
	}
	of := rapid.SampledFrom(all).Draw(h.t, "whom")
	return of.k, of.at
}

// edit changes a contact by hand.
func (h *history) edit() {
	k, at := h.someone()
	if k == nil {
		return
	}
	t, c := h.t, h.memory.memory.Companies[at]
	next, change := *k, contacts.ContactChange{}
	next.Labels, next.Values = maps.Clone(k.Labels), maps.Clone(k.Values)
	if next.Values == nil {
		next.Values = map[string]string{}
	}
	text := func(to *string, values ...string) *string {
		*to = rapid.SampledFrom(values).Draw(t, "value")
		return to
	}
	optional := func(to *string, values ...string) input.Field[string] {
		if text(to, append(values, "")...); *to == "" {
			return input.Field[string]{Set: true}
		}
		return input.Given(to)
	}
	other := func(is func(o *oracle.Contact) bool) bool {
		return slices.ContainsFunc(c.Contacts, func(o *oracle.Contact) bool { return o != k && is(o) })
	}
	field := rapid.SampledFrom([]string{"email", "first", "middle", "last", "username", "id", "project", "desk", "active", "type", "label", "value"}).Draw(t, "field")
	switch field {
	case "email":
		change.Email = input.Given(text(&next.Email, "ann@x.example", "bob@x.example", "new@x.example", "third@x.example", "hand@x.example", "ANN@x.example"))
		if other(func(o *oracle.Contact) bool {
			return strings.EqualFold(o.Email, next.Email) || strings.EqualFold(o.Email, "b\u200bob@x.example")
		}) {
			return
		}
	case "first":
		change.FirstName = input.Given(text(&next.First, "Ann", "Bob", "Hand"))
	case "middle":
		change.MiddleName = optional(&next.Middle, "M.", "H.")
	case "last":
		change.LastName = optional(&next.Last, "Archer", "Breuer", "Hand")
	case "username":
		change.Username = input.Given(text(&next.Username, "ann", "anyone", "hand"))
	case "id":
		change.ExternalID = optional(&next.ExternalID, "ext-1", "new-1", "007", "hand")
		if next.ExternalID != "" && other(func(o *oracle.Contact) bool { return o.ExternalID == next.ExternalID }) {
			return
		}
	case "project":
		p := rapid.SampledFrom(c.Projects).Draw(t, "project")
		next.Project = p.ID
		of := h.assignmentID(at, "project", p)
		change.ProjectID = input.Given(&of)
	case "desk":
		d := rapid.SampledFrom(c.Desks).Draw(t, "desk")
		next.Desk = d.ID
		of := h.assignmentID(at, "desk", d)
		change.DeskID = input.Given(&of)
	case "active":
		next.Active = !next.Active
		change.Active = input.Given(&next.Active)
	case "type":
		next.Business = !next.Business
		change.Type = input.Given(new(map[bool]enum.ContactType{false: enum.Personal, true: enum.Business}[next.Business]))
	case "label":
		if len(c.Labels) == 0 {
			return
		}
		l := rapid.SampledFrom(c.Labels).Draw(t, "label")
		if next.Labels == nil {
			next.Labels = map[string]bool{}
		}
		if next.Labels[l.ID] {
			delete(next.Labels, l.ID)
		} else {
			next.Labels[l.ID] = true
		}
		ids := []id.ID{}
		for _, l := range c.Labels {
			if next.Labels[l.ID] {
				ids = append(ids, h.labelID(at, l))
			}
		}
		change.LabelIDs = input.Given(&ids)
	case "value":
		if len(c.Fields) == 0 {
			return
		}
		f := rapid.SampledFrom(c.Fields).Draw(t, "custom field")
		value := rapid.SampledFrom(map[string][]string{
			"text": {"gold", "silver", "hand", ""}, "number": {"7", "7.5", "8", ""}, "boolean": {"true", "false", ""}, "date": {"2026-12-31", "2024-02-29", ""},
		}[f.Type]).Draw(t, "value")
		given := contacts.FieldValue{VariableName: f.Variable}
		if next.Values[f.Variable] = value; value == "" {
			delete(next.Values, f.Variable)
		} else {
			given.Value = &value
		}
		change.Values = input.Given(&[]contacts.FieldValue{given})
	}
	h.note("edit of %s of <%s>: %+v", field, k.Email, next)
	_, err := h.byHand().UpdateContact(h.As(h.hand(at)), h.ids[k], change)
	if err != nil {
		h.fail("%v", err)
	}
	*k = next
	h.compare("an edit")
}

// assignmentID is the id of a project or desk in the database.
func (h *history) assignmentID(company int, what string, a oracle.Assignment) id.ID {
	if of, err := id.ParseAny(a.ID); err == nil {
		return of
	}
	return h.madeID(company, what, a.Name)
}

func (h *history) labelID(company int, l oracle.Label) id.ID {
	if of, err := id.ParseAny(l.ID); err == nil {
		return of
	}
	return h.madeID(company, "label", l.Name)
}

// madeID is the id of what an import has made, by its name.
func (h *history) madeID(company int, what, name string) (of id.ID) {
	h.Must(h.DB.SQL().QueryRowContext(h.System, `SELECT id FROM `+what+`s WHERE company_id = $1 AND name = $2 AND deleted_at IS NULL`, h.books.companies[company].ID, name).Scan(&of))
	return of
}

// deleteContact deletes one by hand.
func (h *history) deleteContact() {
	k, at := h.someone()
	if k == nil {
		return
	}
	h.note("deletion of <%s>", k.Email)
	h.Must(h.byHand().DeleteContact(h.As(h.hand(at)), h.ids[k]))
	h.memory.memory.Companies[at].Delete(k)
	h.compare("a deletion")
}

// deleteReference deletes a label, project, desk or custom field by hand.
func (h *history) deleteReference() {
	at := slices.Index(h.memory.memory.Companies, h.memory.job.Company)
	c, as, hand := h.memory.memory.Companies[at], h.As(h.hand(at)), h.byHand()
	var err error
	switch what := rapid.SampledFrom([]string{"label", "project", "desk", "field"}).Draw(h.t, "what"); what {
	case "label":
		if len(c.Labels) == 0 {
			return
		}
		l := rapid.SampledFrom(c.Labels).Draw(h.t, "label")
		h.note("deletion of the label %s", l.ID)
		err = hand.DeleteLabel(as, h.labelID(at, l))
		c.DeleteLabel(l.ID)
	case "field":
		if len(c.Fields) == 0 {
			return
		}
		f := rapid.SampledFrom(c.Fields).Draw(h.t, "custom field")
		i := slices.IndexFunc(h.books.fields, func(o *ent.CustomField) bool {
			return o.CompanyID == h.books.companies[at].ID && o.VariableName == f.Variable
		})
		h.note("deletion of the custom field %s", f.Variable)
		err = hand.DeleteCustomField(as, h.books.fields[i].ID)
		h.books.fields = slices.Delete(slices.Clone(h.books.fields), i, i+1)
		c.DeleteField(f.Variable)
	case "project", "desk":
		all, do, forget := c.Projects, hand.DeleteProject, c.DeleteProject
		if what == "desk" {
			all, do, forget = c.Desks, hand.DeleteDesk, c.DeleteDesk
		}
		a := rapid.SampledFrom(all).Draw(h.t, what)
		if a.Default {
			return
		}
		h.note("deletion of the %s %s", what, a.ID)
		err = do(as, h.assignmentID(at, what, a))
		forget(a.ID)
	}
	h.Must(err)
	h.compare("a deletion")
}

// undo takes back any of the imports, undos and retries before; now and then dry first, which says the same and
// writes nothing.
func (h *history) undo() {
	var undoable []int
	for i, r := range h.runs {
		if r.result.Created+r.result.Updated+r.result.Deleted > 0 {
			undoable = append(undoable, i)
		}
	}
	if len(undoable) == 0 {
		return
	}
	h.undoOf(rapid.SampledFrom(undoable).Draw(h.t, "undone"))
}

// thereAndBack imports a file and takes it back at once: then all is as before (J14).
func (h *history) thereAndBack() {
	before := h.stored()
	h.uncanceled = true
	defer func() { h.uncanceled = false }()
	h.importFile()
	last := len(h.runs) - 1
	if r := h.runs[last].result; r.Created+r.Updated == 0 {
		return
	}
	h.undoOf(last)
	if d := cmp.Diff(before, h.stored()); d != "" {
		h.fail("there and back (-before +after):\n%s", d)
	}
	if u := h.runs[last+1].result; len(u.Issues) > 0 {
		h.fail("there and back: %v", u.Issues)
	}
}

// undoOf takes back the run of that number.
func (h *history) undoOf(n int) {
	of := h.runs[n]
	before := h.stored()
	var dry *ent.ImportRun
	var err error
	if rapid.IntRange(0, 2).Draw(h.t, "dry") == 0 {
		dry, err = h.deaf(h.hub, Options{}).Undo(h.As(h.by), UndoInput{Import: of.run.ID, DryRun: true})
		h.Must(err)
		h.note("dry undo of %d", n)
		h.relay(h.t, h.hub, dry.ID, 3)
		if d := cmp.Diff(before, h.stored()); d != "" {
			h.fail("the dry run has written (-before +after):\n%s", d)
		}
	}
	h.note("run %d: undo of %d", len(h.runs), n)
	run, err := h.deaf(h.hub, Options{}).Undo(h.As(h.by), UndoInput{Import: of.run.ID})
	h.Must(err)
	h.done(&drawnRun{run: run}, func(rows int) oracle.Result {
		if rows == run.TotalRows {
			return h.memory.memory.Undo(of.result, h.memory.job.Importer, -1)
		}
		return h.memory.memory.UndoUntil(of.result, h.memory.job.Importer, rows, h.lastReached(of.run.ID, run.ID))
	})
	if dry != nil && h.state(run.ID).Status == enum.Completed {
		if d := cmp.Diff(h.undoneAs(dry), h.undoneAs(run)); d != "" {
			h.fail("the dry run says something else (-dry +real):\n%s", d)
		}
		if d := cmp.Diff(h.said(dry.ID), h.said(run.ID)); d != "" {
			h.fail("the dry run says something else (-dry +real):\n%s", d)
		}
	}
	if n := h.scratch(run.ID) + h.DB.Ent().ImportRecord.Query().CountX(h.System); n != 0 {
		h.fail("%d rows of scratch are left", n)
	}
}

// retry imports failed rows of an import once more, with some cells corrected.
func (h *history) retry() {
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
		"email": {"ann@x.example", "retried@x.example", "bob@x.example"}, "first_name": {"Retried", "Ann"}, "last_name": {"Retried", ""}, "id": {"", "ext-1", "retried"},
		"project": {"", "Alone"}, "desk": {"", "Alone"}, "labels": {"", "VIP", "retried"}, "labels_id": {""}, "company_id": {""}, "active": {"no"}, "type": {""}, "created": {""},
		"name": {"Retried Row"}, "middle_name": {""}, "username": {"retried"}, "plan": {"7"}, "seats": {"7"}, "is_paying": {"yes"}, "renewal_date": {"2026-12-31"},
	})
	if len(rows) == 0 {
		return
	}
	h.note("run %d: retry of %d: %+v", len(h.runs), n, rows)
	run, err := h.deaf(h.hub, Options{}).Retry(h.As(h.by), RetryInput{Import: of.run.ID, Rows: rows})
	if err != nil {
		h.fail("%v", err)
	}
	r := &drawnRun{run: run, file: c, first: of.root()}
	h.done(r, c.modelled(h.memory.memory))
	if d := resolve(h.world, h.runs, r); d != "" {
		h.fail("%s", d)
	}
}

// root is the import of whose file the rows are.
func (r *drawnRun) root() *drawnRun {
	if r.first != nil {
		return r.first
	}
	return r
}

// corrected draws some of the rows that have failed, with corrected cells.
func (r *drawnRun) corrected(t *rapid.T, good map[string][]string) (*trial, []RetryRow) {
	c := *r.file
	c.job.File.Rows, c.job.Numbers = nil, nil
	var rows []RetryRow
	for i, row := range r.file.job.File.Rows {
		number := i + 1
		if r.file.job.Numbers != nil {
			number = r.file.job.Numbers[i]
		}
		if !r.failed[number] || len(row.Cells) != len(c.header) || slices.Contains(row.Cells, "WRONG_FIELD_COUNT") || rapid.IntRange(0, 3).Draw(t, "leave out") == 0 {
			continue
		}
		again, corrected := RetryRow{Row: number}, oracle.Row{Line: row.Line, Cells: slices.Clone(row.Cells)}
		for j, field := range c.fields {
			if len(good[field]) == 0 || rapid.IntRange(0, 3).Draw(t, "as it was") == 0 {
				continue
			}
			corrected.Cells[j] = rapid.SampledFrom(good[field]).Draw(t, "corrected cell")
			again.Cells = append(again.Cells, RetryCell{Column: c.header[j], Value: corrected.Cells[j]})
		}
		if strings.TrimSpace(strings.Join(corrected.Cells, "")) == "" {
			continue
		}
		rows = append(rows, again)
		c.job.File.Rows, c.job.Numbers = append(c.job.File.Rows, corrected), append(c.job.Numbers, number)
	}
	return &c, rows
}

// resolve notes which rows the retry has imported, and says where the engine sees it otherwise (J15).
func resolve(w *world, runs []*drawnRun, retry *drawnRun) string {
	for i, r := range runs {
		if r.file == nil || r.root() != retry.root() {
			continue
		}
		for _, row := range retry.result.Rows {
			if row.Outcome != "FAILED" && row.Outcome != "SKIPPED" {
				delete(r.failed, row.Number)
			}
		}
		var left []int
		for _, issue := range w.ledger(r.run.ID) {
			if !issue.Resolved && !issue.Code.Skips() && !slices.Contains(left, issue.Row) {
				left = append(left, issue.Row)
			}
		}
		if d := cmp.Diff(slices.Sorted(maps.Keys(r.failed)), left); d != "" {
			return fmt.Sprintf("rows of run %d that no retry has imported (-oracle +engine):\n%s", i, d)
		}
	}
	return ""
}
