package tenancy

import (
	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/email"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// UserRecord is a user as their row holds it.
type UserRecord struct {
	ID           id.ID         `json:"-"`
	Company      id.ID         `json:"-"`
	Email        string        `json:"email"`
	EmailKey     string        `json:"-"` // normalize.Email of the email
	FirstName    string        `json:"firstName"`
	LastName     string        `json:"lastName"`
	Active       bool          `json:"active"`
	Role         enum.UserRole `json:"-"`
	PasswordHash string        `json:"-"` // read from no row: only written
}

// Administrator reports whether the user is an active administrator.
func (u *UserRecord) Administrator() bool { return u.Active && u.Role == enum.Admin }

// UserField is one of a user's fields.
type UserField struct {
	field.Field[UserRecord]
	// given puts what a mutation gave into the record; nil for the password, which is hashed.
	given func(in *UserChange, r *UserRecord, path []string) error
	// credential names the change in the notification to the user, whose sessions it ends (rule U3);
	// empty for a field that is no credential.
	credential string
}

// Names in files of the fields to which a plan refers.
const (
	UserEmail    = "email"
	UserPassword = "password"
	UserActive   = "active"
)

// UserFields are all fields of a user (rule U1), in the order in which templates and docs have
// them. What a field is said to be here it is for files, mutations, exports, the search and
// both ways of writing.
func UserFields() []UserField {
	emailOf := func(r *UserRecord) *string { return &r.Email }
	first := func(r *UserRecord) *string { return &r.FirstName }
	last := func(r *UserRecord) *string { return &r.LastName }
	role := func(r *UserRecord) *enum.UserRole { return &r.Role }
	active := func(r *UserRecord) *bool { return &r.Active }
	return []UserField{
		{Field: field.Field[UserRecord]{
			Name: UserEmail, Noun: "the email", Required: true, Filled: true, Planned: true, Limit: email.MaxLength,
			Argument: "email", Export: 1, Column: user.FieldEmail, Value: field.Address(emailOf),
			Description: "Unique on the platform.", Example: "kim@example.net",
		}, given: requiredOfUser("email", func(c *UserChange) input.Field[string] { return c.Email }, input.Address, emailOf), credential: "email"},
		{Field: field.Field[UserRecord]{
			Name: "first_name", From: "name", Part: field.FirstName, Noun: "the first name", Required: true, Limit: input.MaxName,
			Argument: "firstName", Export: 2, Column: user.FieldFirstName, SearchKey: user.FieldFirstNameKey, Value: field.Text(first),
			Description: "At most 200 characters.", Example: "Kim",
		}, given: requiredOfUser("firstName", func(c *UserChange) input.Field[string] { return c.FirstName }, input.Name, first)},
		{Field: field.Field[UserRecord]{
			Name: "last_name", From: "name", Part: field.LastName, Noun: "the last name", Required: true, Limit: input.MaxName,
			Argument: "lastName", Export: 3, Column: user.FieldLastName, SearchKey: user.FieldLastNameKey, Value: field.Text(last),
			Description: "At most 200 characters.", Example: "Park",
		}, given: requiredOfUser("lastName", func(c *UserChange) input.Field[string] { return c.LastName }, input.Name, last)},
		{Field: field.Field[UserRecord]{
			Name: "name", Parts: true,
			Description: "Fills the first name (all words but the last) and the last name, where the file has no column of theirs.",
		}},
		{Field: field.Field[UserRecord]{
			Name: UserPassword, Noun: "a password", Required: true, Secret: true, Planned: true, Argument: "password",
			Description: "6 characters to 1,024 bytes, taken exactly as it stands.",
		}, credential: "password"},
		{Field: field.Field[UserRecord]{
			Argument: "role", Column: user.FieldRole, Value: field.Choice(role),
		}, given: requiredOfUser("role", func(c *UserChange) input.Field[enum.UserRole] { return c.Role }, nil, role), credential: "role"},
		{Field: field.Field[UserRecord]{
			Name: UserActive, Argument: "active", Export: 4, Column: user.FieldActive, Value: field.Bool(active),
			Description: "true or false, yes or no, on or off, 1 or 0; true where it is left blank.", Example: "true",
		}, given: requiredOfUser("active", func(c *UserChange) input.Field[bool] { return c.Active }, nil, active), credential: "activity"},
	}
}

// DescribedUsers are the fields without what mutations do with them.
func DescribedUsers(fields []UserField) []field.Field[UserRecord] {
	list := make([]field.Field[UserRecord], len(fields))
	for i, f := range fields {
		list[i] = f.Field
	}
	return list
}

// requiredOfUser takes what must not be cleared; check may be nil.
func requiredOfUser[T any](argument string, of func(*UserChange) input.Field[T], check func(T, ...string) (T, error), to func(*UserRecord) *T) func(*UserChange, *UserRecord, []string) error {
	return func(in *UserChange, r *UserRecord, path []string) error {
		return field.Take(of(in), check, to(r), at(path, argument)...)
	}
}

// take puts what a mutation gave into the record.
func (c *UserChange) take(fields []UserField, r *UserRecord, path ...string) error {
	for i := range fields {
		if given := fields[i].given; given != nil {
			if err := given(c, r, path); err != nil {
				return err
			}
		}
	}
	return nil
}
