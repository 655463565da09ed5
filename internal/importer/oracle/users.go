package oracle

// user is one row of users (I15, U1, U2, U4, U6).
func (run *run) user(r *row) outcome {
	email := r.field("email")
	var known *User
	taken := false
	if !r.misshapen && email.text != "" {
		if known = run.world.user(email.text); known != nil && known.Company != run.job.Company {
			known, taken = nil, true
		}
	}
	r.guard(func(field, text string) bool {
		if known == nil {
			return false
		}
		return map[string]string{"email": known.Email, "first_name": known.First, "last_name": known.Last}[field] == text
	})
	o := run.job.Options
	switch {
	case r.misshapen:
	case known != nil && o.SkipExisting:
		r.skip(email, "ALREADY_EXISTS")
		return skipped
	case known == nil && !taken && o.SkipMissing && email.sound() && length(email.text) <= 254 && isEmail(email.text):
		r.skip(email, "NO_SUCH_RECORD")
		return skipped
	}
	if email.sound() && known == nil {
		email.address()
		if taken {
			email.reject("EMAIL_TAKEN")
		}
	}
	// Read (F3, REQUIRED "only in a row that makes a new record"; R1, "every one of its
	// problems"): whoever has no such user would make one, whatever is wrong with the email.
	isNew := known == nil && !taken
	next := &User{Company: run.job.Company, Email: email.text, Active: true, New: true}
	if known != nil {
		copied := *known
		next = &copied
	}
	for _, f := range []struct {
		name string
		into *string
	}{{"first_name", &next.First}, {"last_name", &next.Last}} {
		c := r.named(f.name)
		switch {
		case !c.sound():
		case c.clear && known != nil && !o.FillBlanks:
			c.reject("INVALID_VALUE")
		case c.text == "":
			if isNew {
				c.reject("REQUIRED")
			}
		case c.atMost(200) && (known == nil || !o.FillBlanks):
			*f.into = c.text
		}
	}
	password := run.password(r, isNew)
	active := r.field("active")
	if active.sound() && active.text != "" {
		value, ok := truth(active.text)
		if !ok {
			active.reject("INVALID_VALUE")
		} else if known == nil || !o.FillBlanks {
			next.Active = value
		}
	}
	if active.clear && known != nil && !o.FillBlanks {
		active.reject("INVALID_VALUE")
	}
	if known != nil && o.FillBlanks {
		password = "" // a user has one
	}
	if known != nil {
		run.protect(r, known, next, password)
	}
	if len(r.problems) > 0 {
		return failed
	}
	if known == nil {
		next.Password = password
		run.job.Company.Users = append(run.job.Company.Users, next) // a MEMBER (U6)
		return created
	}
	if *next == *known && password == "" {
		return unchanged
	}
	*known = *next
	if password != "" {
		known.Password = password
	}
	known.Touched = true
	return updated
}

// password validates the password cell exactly as it is (F6, U2); empty where there is none.
//
// Read (F6, R3): only a cell of nothing at all is blank. One of white space is a password,
// since it "is taken exactly as it is".
func (run *run) password(r *row, isNew bool) string {
	c := r.field("password")
	if !c.sound() {
		return ""
	}
	value := ""
	if c.column >= 0 {
		value = r.raw[c.column]
	}
	if masked(value) {
		value = "" // F9
	}
	switch {
	case value == "":
		if isNew {
			c.reject("REQUIRED")
		}
	case length(value) < 6:
		c.reject("TOO_SHORT")
	case len(value) > 1024:
		c.reject("TOO_LONG")
	}
	return value
}

// protect validates what may not be done to a user by an import.
//
// Read (I15, "touch a protected user (U6)"): what U6 forbids, which of what a file has is
// the password and the activity. A row that leaves those as they are passes: else a partner
// admin's export of a customer's users would not be `unchanged` when it comes back (J12).
func (run *run) protect(r *row, known, next *User, password string) {
	own := known == run.job.Importer
	// The customer's own active administrators are protected from its partner admins.
	protected := run.job.Importer.Company != known.Company && known.Admin && known.Active
	if password != "" && (own || protected) {
		r.field("password").reject("FORBIDDEN") // the own one changes only by changePassword (U6)
	}
	// What is forbidden anyway is not the last administrator's too.
	if known.Active && !next.Active && !own && !protected && run.lastAdministrator(known) {
		r.field("active").reject("LAST_ADMINISTRATOR")
	}
	if known.Active != next.Active && (own || protected) {
		r.field("active").reject("FORBIDDEN")
	}
	// C6: a mere partner admin makes nobody an ADMIN, nor an ADMIN at rest an active one.
	if known.Admin && !known.Active && next.Active && !run.job.Importer.Admin {
		r.field("active").reject("FORBIDDEN")
	}
}

// lastAdministrator is U4: a company that no partner manages keeps an active administrator.
func (run *run) lastAdministrator(u *User) bool {
	if u.Company.Of != nil || !u.Admin {
		return false
	}
	for _, other := range u.Company.Users {
		if other != u && other.Admin && other.Active {
			return false
		}
	}
	return true
}
