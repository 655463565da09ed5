package users

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/policy"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// Plan is kind.Batch's.
func (b *batch) Plan(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*kind.Outcome, kind.Write, error) {
	d, err := b.load(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	o := kind.NewOutcome(len(rows))
	for i := range rows {
		r := &rows[i]
		if skipped := d.skip(r, &b.drafts[i]); skipped != nil {
			o.Skip(d.recordOf(b.drafts[i].EmailKey), *skipped)
			continue
		}
		change := d.plan(r, &b.drafts[i])
		if problems := r.Issues(); len(problems) > 0 {
			o.Fail(problems...)
			continue
		}
		change(o)
	}
	return o, func() error {
		if b.run.DryRun {
			return d.keep(ctx, tx, b.run)
		}
		return b.write(ctx, tx, rows, d, o)
	}, nil
}

// skip says why the row is passed over (rule R5); nil where it is not. Such a row has this one issue
// whatever else is in it. A row whose email is at fault says nothing of a user, and is rejected; so is
// one with an email of another company's user, of whom nothing more is told (rule I15).
func (d *directory) skip(r *sheet.Row, draft *tenancy.UserRecord) *sheet.Issue {
	if r.Misshapen {
		return nil
	}
	email, known := r.Field(tenancy.UserEmail), d.byEmail[draft.EmailKey]
	switch o := r.Options(); {
	case known != nil && known.now.Company == d.run.Company && o.Existing == enum.SkipExisting:
		issue := r.Issue(email.Column, enum.AlreadyExists, "a user with this email exists already, and this import skips such rows (existing: SKIP)", sheet.Data{})
		return &issue
	case known == nil && o.Missing == enum.SkipMissing && email.Sound() && email.Filled():
		issue := r.Issue(email.Column, enum.NoSuchRecord, "the company has no user with this email, and this import skips such rows (missing: SKIP)", sheet.Data{})
		return &issue
	}
	return nil
}

// recordOf is the company's user with the email; the nil UUID where there is none (rule I15).
func (d *directory) recordOf(emailKey string) id.ID {
	if known := d.byEmail[emailKey]; known != nil && known.now.Company == d.run.Company {
		return d.stored(known)
	}
	return id.ID{}
}

// stored is the user's id; the nil UUID where a dry run makes it, and there is no such record.
func (d *directory) stored(u *account) id.ID {
	if d.run.DryRun && u.isNew {
		return id.ID{}
	}
	return u.now.ID
}

// plan finds out whom the row is about and notes what is wrong with it. change does what the
// row asks for, and counts it; it is to be called where nothing is wrong.
func (d *directory) plan(r *sheet.Row, draft *tenancy.UserRecord) (change func(o *kind.Outcome)) {
	email := r.Field(tenancy.UserEmail)
	if r.Misshapen {
		return nil // its cells may be other fields'
	}
	known := d.byEmail[draft.EmailKey]
	if known != nil && known.now.Company == d.run.Company {
		email.Matches(known.now.Email)
		return d.planKnown(r, draft, known)
	}
	if known != nil {
		if email.Sound() {
			email.Reject(enum.EmailTaken, "the email %s is taken by another user; give this one another", sheet.Cut(email.Value, 100))
		}
		return nil // and nothing more is changed (rule I15)
	}
	// Also where the email is at fault: all problems are reported at once (rule R1).
	const newUser = "a new user"
	d.plain.Require(r, newUser)
	kind.Require(field.Named(d.kind.fields, tenancy.UserPassword), r.Field(tenancy.UserPassword), newUser)
	return func(o *kind.Outcome) {
		u := &account{isNew: true, password: r.Number, now: tenancy.UserRecord{
			ID: id.New(id.User), Company: d.run.Company, Email: email.Value, EmailKey: draft.EmailKey, Role: enum.Member, Active: true,
		}}
		d.plain.Take(r, draft, &u.now, true)
		d.byEmail[draft.EmailKey] = u
		d.touched = append(d.touched, u)
		o.Add(journal.Created, d.stored(u))
	}
}

// planKnown is plan for a user of the company.
func (d *directory) planKnown(r *sheet.Row, draft *tenancy.UserRecord, u *account) (change func(o *kind.Outcome)) {
	next, run := u.now, d.run
	d.plain.Take(r, draft, &next, false)
	active, password := r.Field(tenancy.UserActive), r.Field(tenancy.UserPassword)
	deactivated, own := u.now.Active && !next.Active, u.now.ID == run.CreatedBy
	protected := run.By.CompanyID != u.now.Company && u.now.Administrator()
	byKey := run.By.ByKey()
	switch {
	case byKey && u.now.Active != next.Active:
		active.Reject(enum.Forbidden, "%s", notAKeys)
	case deactivated && own:
		active.Reject(enum.Forbidden, "you cannot deactivate yourself; another administrator can")
	case deactivated && protected:
		active.Reject(enum.Forbidden, "%s", protectedUser)
	case u.admin() && !u.now.Active && next.Active && !policy.MayMakeAdministrators(run.By, u.now.Company):
		active.Reject(enum.Forbidden, "only administrators of the company itself and administrators of its partner make someone an active ADMIN of it")
	}
	if kind.FillsBlanks(r) { // a user has a password, and what else a file can hold, already
		password = sheet.Field{}
	}
	if password.Filled() {
		switch {
		case byKey:
			password.Reject(enum.Forbidden, "%s", notAKeys)
		case own:
			password.Reject(enum.Forbidden, "your own password changes by changePassword only; leave the cell blank")
		case protected:
			password.Reject(enum.Forbidden, "%s", protectedUser)
		}
	}
	if deactivated && !own && !protected && !byKey && d.last(u) {
		active.Reject(enum.LastAdministrator, "this is the last active administrator of a company that no partner manages")
	}
	return func(o *kind.Outcome) {
		if next == u.now && !password.Filled() {
			o.Add(journal.Unchanged, d.stored(u))
			return
		}
		o.Add(journal.Updated, d.stored(u))
		u.written = u.written || next != u.now
		u.now = next
		if password.Filled() {
			u.password = r.Number
		}
		d.touched = append(d.touched, u)
	}
}

// notAKeys is what U7 says of whoever is in the directory already.
const notAKeys = "an API key changes no existing user's password or activity; leave the cell blank, or import as a person"

// protectedUser is what U6 says of the customer's own active administrators.
const protectedUser = "this is an active administrator of the company itself: its partner admins change neither password nor activity of such"

// last reports whether the user is the only active administrator of a company that no
// partner manages (rule U4).
func (d *directory) last(u *account) bool {
	if d.managed || !u.admin() {
		return false
	}
	for _, other := range d.administrators {
		if other != u && other.now.Active {
			return false
		}
	}
	return true
}
