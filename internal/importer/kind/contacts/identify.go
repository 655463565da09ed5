package contacts

import (
	"tenantry/ent/enum"
	records "tenantry/internal/contacts"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// subject is which contact a row is about (rule I9).
type subject struct {
	known     *record // nil: a new one, or it is not known yet
	foundByID bool    // it was found by its id, so that its email can change
	owner     *record // of the email; nil where nobody has it, or the row has none
	external  string  // an id that no contact has yet
	taken     bool    // the email is another contact's
}

// identify finds out whom the row is about.
func (j *rowPlan) identify() {
	ident := j.row.FieldAt(j.columns.id)
	if j.draft.EmailKey != "" {
		j.owner = j.tenant.byEmail[j.draft.EmailKey]
	}
	if ident.Filled() {
		switch ours, known := j.tenant.contacts[j.cells.ours], j.tenant.byExternal[ident.Value]; {
		case ours != nil:
			j.known, j.foundByID = ours, true
		case known != nil:
			j.known, j.foundByID = known, true
			ident.Matches(ident.Value)
		default:
			j.external = ident.Value // whatever its form: what was deleted here, or comes from elsewhere, has such
		}
	}
	if j.foundByID {
		j.taken = j.owner != nil && j.owner != j.known
		return
	}
	j.taken = j.owner != nil && j.external != "" && j.owner.now.ExternalID != "" && !j.row.Options().ReplaceExternalIDs
	if !j.taken {
		j.known = j.owner
	}
}

// skip says why the row is passed over (rule R5); nil where it is not. Such a row has this one issue
// whatever else is in it, since nothing else of it counts. A row that does not say whom it is about,
// because these cells are at fault or blank, is rejected instead: nobody can say that there is no
// such contact.
func (j *rowPlan) skip() *sheet.Issue {
	email, ident, o := j.row.FieldAt(j.columns.email), j.row.FieldAt(j.columns.id), j.row.Options()
	switch {
	case j.known != nil && o.Existing == enum.SkipExisting:
		at, what := email, "email"
		if j.foundByID {
			at, what = ident, "id"
		}
		issue := j.row.Issue(at.Column, enum.AlreadyExists, "a contact with this "+what+" exists already, and this import skips such rows (existing: SKIP)", sheet.Data{})
		return &issue
	case j.known == nil && !j.taken && o.Missing == enum.SkipMissing && email.Sound() && ident.Sound() && (email.Filled() || ident.Filled()):
		at, what := email, "email"
		if !email.Filled() {
			at, what = ident, "id"
		}
		issue := j.row.Issue(at.Column, enum.NoSuchRecord, "no contact has this "+what+", and this import skips such rows (missing: SKIP)", sheet.Data{})
		return &issue
	}
	return nil
}

// settle begins what the contact is to be with what the identifying cells say of it.
func (j *rowPlan) settle() {
	email, ident := j.row.FieldAt(j.columns.email), j.row.FieldAt(j.columns.id)
	switch {
	case j.taken:
		j.rejectTaken(email)
	case j.known == nil: // also where the email or the id is at fault: all problems are reported at once (rule R1)
		j.begin(email)
		return
	}
	if j.known == nil {
		return
	}
	j.next = j.known.now
	email.Matches(j.known.now.Email)
	if kind.FillsBlanks(j.row) {
		if j.next.ExternalID == "" && !j.foundByID {
			j.next.ExternalID = j.external
		}
		return
	}
	if j.external != "" {
		j.next.ExternalID = j.external
	}
	if ident.Cleared() {
		j.next.ExternalID = ""
	}
	switch {
	case j.taken:
	case email.Cleared():
		email.CannotClear(records.EmailField, "every contact has one; leave the cell blank to keep it")
	case email.Filled() && email.Sound() && (j.foundByID || normalize.Key(email.Value) == normalize.Key(j.next.Email)):
		j.next.Email, j.next.EmailKey = email.Value, j.draft.EmailKey
	}
}

// rejectTaken says whose the email is, with the row of the file that gave it to them.
func (j *rowPlan) rejectTaken(email sheet.Field) {
	if !email.Sound() {
		return
	}
	data, named := sheet.Data{OtherRow: j.owner.row}, "" // of this batch; the engine knows of earlier ones
	if data.OtherRow > 0 {
		named = sheet.NamedInRow(data.OtherRow)
	}
	shown := sheet.Cut(email.Value, 100)
	if j.foundByID {
		email.RejectWith(enum.EmailTaken, data, "%s is the email of another contact; give this one another email, or merge the two%s", shown, named)
		return
	}
	email.RejectWith(enum.EmailTaken, data, "%s is the email of another contact, which has the id %q; give that id to change it, this row another email, or let the import replace ids (replaceExternalIds)%s",
		shown, j.owner.now.ExternalID, named)
}

// begin is a new contact with its defaults (rule K1).
func (j *rowPlan) begin(email sheet.Field) {
	if !email.Filled() {
		email.Reject(enum.Required, newContact+" needs an email")
	}
	j.columns.plain.Require(j.row, newContact)
	j.next = records.Record{
		Company: j.tenant.company, Email: email.Value, EmailKey: j.draft.EmailKey, ExternalID: j.external,
		Project: j.tenant.projects.standard, Desk: j.tenant.desks.standard, Active: true, Type: enum.Personal,
	}
	if email.Filled() {
		j.next.Username = records.DefaultUsername(email.Value)
	}
}

// newContact is what messages call it.
const newContact = "a new contact"
