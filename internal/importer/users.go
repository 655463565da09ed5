package importer

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// users is the kind whose rows become users of the company's directory (U1–U6, I15).
type users struct{ e *Engine }

func (k users) authorise(ctx context.Context, v viewer.Viewer, company id.ID) error {
	return k.e.mustAdminister(ctx, v, company)
}

// cells gives the keys of the rows' emails; empty where there is none.
func (k users) cells(b *batch) any {
	keys := make([]string, len(b.rows))
	for i := range b.rows {
		k.read(&b.rows[i])
		keys[i] = fold.Email(b.rows[i].Field("email").Value)
	}
	return keys
}

// read judges a row as far as it alone tells.
func (k users) read(r *sheet.Row) {
	r.Field("email").Email("the email")
	for _, name := range []string{"first_name", "last_name"} {
		if f := r.Field(name); f.Filled() && f.Sound() {
			f.AtMost(maxName)
		}
	}
	if f := r.Field("password"); f.Filled() && f.Sound() {
		if wrong := k.e.passwords.Check(f.Value); wrong != nil {
			code := enum.TooShort
			if len(f.Value) > auth.MostBytes {
				code = enum.TooLong
			}
			f.Reject(code, "%s", wrong.Message) // which does not hold the password
		}
	}
	r.Field("active").Bool()
}

func (k users) judge(ctx context.Context, tx *database.Tx, b *batch) (*outcome, func() error, error) {
	keys := b.cells.([]string)
	d, err := k.look(ctx, tx, b, keys)
	if err != nil {
		return nil, nil, err
	}
	o := &outcome{}
	for i := range b.rows {
		r := &b.rows[i]
		change := d.judge(b.run, r, keys[i])
		if problems := r.Issues(); len(problems) > 0 {
			o.fail(problems...)
			continue
		}
		change(o)
	}
	return o, func() error {
		if b.run.dryRun {
			return d.keep(ctx, tx, b.run)
		}
		return k.write(ctx, tx, b, d, o)
	}, nil
}

// judge finds out whom the row, whose email has that key, is about and notes what is wrong
// with it. change does what the row asks for, and counts it; it is to be called where nothing
// is wrong.
func (d *directory) judge(c *claim, r *sheet.Row, emailKey string) (change func(o *outcome)) {
	email := r.Field("email")
	if r.Misshapen {
		return nil // its cells may be other fields'
	}
	known := d.byEmail[emailKey]
	if known != nil && known.company == c.company {
		email.Matches(known.now.Email)
		return d.judgeKnown(c, r, known)
	}
	if known != nil {
		if email.Sound() {
			email.Reject(enum.EmailTaken, "the email %s is taken by another user; give this one another", sheet.Cut(email.Value, 100))
		}
		return nil // and nothing more is told (rule I15)
	}
	// Also where the email is at fault: all problems are told at once (rule R1).
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
	return func(o *outcome) {
		u := &account{
			id: id.New(id.User), company: c.company, emailKey: emailKey, isNew: true, password: r.Number,
			now: profile{Email: email.Value, FirstName: first.Value, LastName: last.Value, Active: active || !given},
		}
		d.byEmail[u.emailKey] = u
		d.touched = append(d.touched, u)
		o.created++
	}
}

// judgeKnown is judge for a user of the company.
func (d *directory) judgeKnown(c *claim, r *sheet.Row, u *account) (change func(o *outcome)) {
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
	deactivated, own := u.now.Active && !next.Active, u.id == c.createdBy
	protected := c.by.CompanyID != u.company && u.admin && u.now.Active
	switch {
	case deactivated && own:
		active.Reject(enum.Forbidden, "you cannot deactivate yourself; another administrator can")
	case deactivated && protected:
		active.Reject(enum.Forbidden, "%s", protectedUser)
	case u.admin && !u.now.Active && next.Active && !policy.MayMakeAdministrators(c.by, u.company):
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
	return func(o *outcome) {
		if next == u.now && !password.Filled() {
			o.unchanged++
			return
		}
		o.updated++
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
