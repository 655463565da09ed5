package users

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/policy"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// Plan is kind.Batch's.
func (b *batch) Plan(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*kind.Outcome, kind.Write, error) {
	d, err := b.load(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	o := &kind.Outcome{}
	for i := range rows {
		r := &rows[i]
		change := d.plan(b.run, r, b.keys[i])
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

// plan finds out whom the row, whose email has that key, is about and notes what is wrong
// with it. change does what the row asks for, and counts it; it is to be called where nothing
// is wrong.
func (d *directory) plan(run *kind.Run, r *sheet.Row, emailKey string) (change func(o *kind.Outcome)) {
	email := r.Field("email")
	if r.Misshapen {
		return nil // its cells may be other fields'
	}
	known := d.byEmail[emailKey]
	if known != nil && known.company == run.Company {
		email.Matches(known.now.Email)
		return d.planKnown(run, r, known)
	}
	if known != nil {
		if email.Sound() {
			email.Reject(enum.EmailTaken, "the email %s is taken by another user; give this one another", sheet.Cut(email.Value, 100))
		}
		return nil // and nothing more is changes (rule I15)
	}
	// Also where the email is at fault: all problems are changes at once (rule R1).
	first, last, password := r.Field("first_name"), r.Field("last_name"), r.Field("password")
	for _, f := range []struct {
		sheet.Field
		what string
	}{{first, "the first name"}, {last, "the last name"}, {password, "a password"}} {
		if f.Sound() && !f.Filled() {
			f.Reject(enum.Required, "a new user needs %s", f.what)
		}
	}
	active, given := r.Field("active").Bool()
	return func(o *kind.Outcome) {
		u := &account{
			id: id.New(id.User), company: run.Company, emailKey: emailKey, isNew: true, password: r.Number,
			now: profile{Email: email.Value, FirstName: first.Value, LastName: last.Value, Active: active || !given},
		}
		d.byEmail[u.emailKey] = u
		d.touched = append(d.touched, u)
		o.Created++
	}
}

// planKnown is judge for a user of the company.
func (d *directory) planKnown(run *kind.Run, r *sheet.Row, u *account) (change func(o *kind.Outcome)) {
	next := u.now
	for _, f := range []struct {
		sheet.Field
		into *string
	}{{r.Field("first_name"), &next.FirstName}, {r.Field("last_name"), &next.LastName}} {
		if f.Matches(*f.into); f.Filled() {
			*f.into = f.Value
		}
	}
	active, password := r.Field("active"), r.Field("password")
	if value, given := active.Bool(); given {
		next.Active = value
	}
	deactivated, own := u.now.Active && !next.Active, u.id == run.CreatedBy
	protected := run.By.CompanyID != u.company && u.admin && u.now.Active
	switch {
	case deactivated && own:
		active.Reject(enum.Forbidden, "you cannot deactivate yourself; another administrator can")
	case deactivated && protected:
		active.Reject(enum.Forbidden, "%s", protectedUser)
	case u.admin && !u.now.Active && next.Active && !policy.MayMakeAdministrators(run.By, u.company):
		active.Reject(enum.Forbidden, "only administrators of the company itself and administrators of its partner make someone an active ADMIN of it")
	}
	if password.Filled() {
		switch {
		case own:
			password.Reject(enum.Forbidden, "your own password changes by changePassword only; leave the cell blank")
		case protected:
			password.Reject(enum.Forbidden, "%s", protectedUser)
		}
	}
	if deactivated && !own && !protected && d.last(u) {
		active.Reject(enum.LastAdministrator, "this is the last active administrator of a company that no partner manages")
	}
	return func(o *kind.Outcome) {
		if next == u.now && !password.Filled() {
			o.Unchanged++
			return
		}
		o.Updated++
		u.written = u.written || next != u.now
		u.now = next
		if password.Filled() {
			u.password = r.Number
		}
		d.touched = append(d.touched, u)
	}
}

// protectedUser is what U6 says of the customer's own active administrators.
const protectedUser = "this is an active administrator of the company itself: its partner admins change neither password nor activity of such"

// last reports whether the user is the only active administrator of a company that no
// partner manages (rule U4).
func (d *directory) last(u *account) bool {
	if d.managed || !u.admin {
		return false
	}
	for _, other := range d.administrators {
		if other != u && other.now.Active {
			return false
		}
	}
	return true
}
