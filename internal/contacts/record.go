package contacts

import (
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/email"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// Record is a contact as its row holds it. Empty text is none.
type Record struct {
	ID         id.ID            `json:"-"`
	Company    id.ID            `json:"-"`
	Email      string           `json:"email"`
	EmailKey   string           `json:"-"` // normalize.Email of the email
	FirstName  string           `json:"firstName"`
	MiddleName string           `json:"middleName,omitempty"`
	LastName   string           `json:"lastName,omitempty"`
	Username   string           `json:"username"`
	ExternalID string           `json:"externalId,omitempty"`
	Project    id.ID            `json:"project"`
	Desk       id.ID            `json:"desk"`
	Active     bool             `json:"active"`
	Type       enum.ContactType `json:"type"`
	Created    time.Time        `json:"-"`

	Version database.Version `json:"-"` // of the row when [Bulk.Find] read it
	Updated time.Time        `json:"-"` // when the row that [Bulk.Find] read was last written
}

// Field is one of a contact's fields.
type Field struct {
	field.Field[Record]
	// given puts what a mutation gave into the record; nil where mutations do not have the
	// field, or where it takes more than the record.
	given func(in *ContactChange, r *Record) error
}

// Names in files of the fields to which a plan refers.
const (
	EmailField    = "email"
	IDField       = "id"
	ProjectField  = "project"
	DeskField     = "desk"
	CompanyField  = "company_id"
	LabelsField   = "labels"
	LabelIDsField = "labels_id"
)

// Fields are all fields of a contact but the custom ones, in the order in which templates and
// docs have them. What a field is said to be here it is for files, mutations, exports, the
// search and both ways of writing.
func Fields() []Field {
	emailOf := func(r *Record) *string { return &r.Email }
	first := func(r *Record) *string { return &r.FirstName }
	last := func(r *Record) *string { return &r.LastName }
	middle := func(r *Record) *string { return &r.MiddleName }
	user := func(r *Record) *string { return &r.Username }
	external := func(r *Record) *string { return &r.ExternalID }
	active := func(r *Record) *bool { return &r.Active }
	typ := func(r *Record) *enum.ContactType { return &r.Type }
	return []Field{
		{Field: field.Field[Record]{
			Name: EmailField, Noun: "an email", Required: true, Planned: true, Limit: email.MaxLength,
			Argument: "email", Export: 1, Column: contact.FieldEmail, Value: field.Address(emailOf),
			Description: "Unique among the company's contacts.", Example: "ann@example.org",
		}, given: required("email", func(c *ContactChange) input.Field[string] { return c.Email }, input.Address, emailOf)},
		{Field: field.Field[Record]{
			Name: "first_name", From: "name", Part: field.FirstName, Noun: "a first name", Required: true, Limit: input.MaxName,
			Argument: "firstName", Export: 2, Column: contact.FieldFirstName, SearchKey: contact.FieldFirstNameKey, Value: field.Text(first),
			Description: "At most 200 characters.", Example: "Ann",
		}, given: required("firstName", func(c *ContactChange) input.Field[string] { return c.FirstName }, input.Name, first)},
		{Field: field.Field[Record]{
			Name: "name", Parts: true,
			Description: "Fills the first name (all words but the last) and the last name, where the file has no column of theirs.",
		}},
		{Field: field.Field[Record]{
			Name: IDField, Planned: true, Exact: true, Limit: input.MaxExternalID,
			Argument: "externalId", Export: 6, Column: contact.FieldExternalID, Value: field.OptionalText(external).Checked(notRounded),
			Description: "Our id, or the contact's id in another system (its external id).",
		}, given: optional("externalId", func(c *ContactChange) input.Field[string] { return c.ExternalID }, externalIDText, external)},
		{Field: field.Field[Record]{
			Name: "last_name", From: "name", Part: field.LastName, Limit: input.MaxName,
			Argument: "lastName", Export: 4, Column: contact.FieldLastName, SearchKey: contact.FieldLastNameKey, Value: field.OptionalText(last),
			Description: "At most 200 characters.", Example: "Archer",
		}, given: optional("lastName", func(c *ContactChange) input.Field[string] { return c.LastName }, input.Name, last)},
		{Field: field.Field[Record]{
			Name: "middle_name", Limit: input.MaxName,
			Argument: "middleName", Export: 3, Column: contact.FieldMiddleName, Value: field.OptionalText(middle),
			Description: "At most 200 characters.",
		}, given: optional("middleName", func(c *ContactChange) input.Field[string] { return c.MiddleName }, input.Name, middle)},
		{Field: field.Field[Record]{
			Name: "username", Limit: input.MaxName,
			Argument: "username", Export: 5, Column: contact.FieldUsername, SearchKey: contact.FieldUsernameKey, Value: field.Text(user),
			Description: "The part of the email before the @, in lower case, where it is left blank; need not be unique.", Example: "ann",
		}, given: required("username", func(c *ContactChange) input.Field[string] { return c.Username }, username, user)},
		{Field: field.Field[Record]{
			Name: ProjectField, Planned: true,
			Argument: "projectId", Export: 7, Column: contact.FieldProjectID, Value: field.Reference(func(r *Record) *id.ID { return &r.Project }),
			Description: "default, our id, an external id, or a name that only one has; default where it is left blank.", Example: "default",
		}},
		{Field: field.Field[Record]{
			Name: DeskField, Planned: true,
			Argument: "deskId", Export: 8, Column: contact.FieldDeskID, Value: field.Reference(func(r *Record) *id.ID { return &r.Desk }),
			Description: "default, our id, an external id, or a name that only one has; default where it is left blank.", Example: "default",
		}},
		{Field: field.Field[Record]{
			Name:     "active",
			Argument: "active", Export: 9, Column: contact.FieldActive, Value: field.Bool(active),
			Description: "true or false, yes or no, on or off, 1 or 0; true where it is left blank.", Example: "true",
		}, given: required("active", func(c *ContactChange) input.Field[bool] { return c.Active }, nil, active)},
		{Field: field.Field[Record]{
			Name:     "type",
			Argument: "type", Export: 10, Column: contact.FieldType, Value: field.Choice(typ,
				field.Option[enum.ContactType]{Value: enum.Personal, Words: []string{"personal", "individual"}},
				field.Option[enum.ContactType]{Value: enum.Business, Words: []string{"business", "company", "corporate"}}),
			Description: "personal (individual) or business (company, corporate); personal where it is left blank.", Example: "personal",
		}, given: required("type", func(c *ContactChange) input.Field[enum.ContactType] { return c.Type }, nil, typ)},
		{Field: field.Field[Record]{
			Name: "created", Fixed: true,
			Export: 11, Column: contact.FieldCreatedAt, Value: field.Time(func(r *Record) *time.Time { return &r.Created }),
			Description: "A time, such as 2026-01-31T08:00:00Z or 2026-01-31 08:00 (UTC), or a date; only a new contact takes it.", Example: "2026-01-31",
		}},
		{Field: field.Field[Record]{
			Name: CompanyField, Planned: true, Company: true,
			Argument:    "companyId",
			Description: "Another company whose partner admin you are, or your own; blank: the import's.",
		}},
		{Field: field.Field[Record]{
			Name: LabelsField, Planned: true, List: true, Export: 12,
			Description: `Names, separated by colons (\: is a colon, \\ a backslash); they are added to those that the contact has.`,
		}},
		{Field: field.Field[Record]{
			Name: LabelIDsField, Planned: true, List: true,
			Argument: "labelIds", Export: 13,
			Description: "Ids, separated by colons; they are added likewise.",
		}},
	}
}

// Described are the fields without what mutations do with them.
func Described(fields []Field) []field.Field[Record] {
	list := make([]field.Field[Record], len(fields))
	for i, f := range fields {
		list[i] = f.Field
	}
	return list
}

// required takes what must not be cleared; check may be nil.
func required[T any](argument string, of func(*ContactChange) input.Field[T], check func(T, ...string) (T, error), at func(*Record) *T) func(*ContactChange, *Record) error {
	return func(in *ContactChange, r *Record) error { return field.Take(of(in), check, at(r), "input", argument) }
}

// optional takes what null, and a blank text, clear.
func optional(argument string, of func(*ContactChange) input.Field[string], check func(string, ...string) (string, error), at func(*Record) *string) func(*ContactChange, *Record) error {
	return func(in *ContactChange, r *Record) error {
		return field.TakeOptional(of(in), check, at(r), "input", argument)
	}
}

// take puts what a mutation gave into the record.
func (in *ContactChange) take(fields []Field, r *Record) error {
	for i := range fields {
		if given := fields[i].given; given != nil {
			if err := given(in, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// notRounded refuses an id that several contacts may share (rule I9).
func notRounded(cell string) *field.Problem {
	if !csvfile.Rounded(cell) {
		return nil
	}
	return field.Invalid("%q was rounded by a spreadsheet, so that several contacts may share it; format the column as text and export again",
		input.Cut(cell))
}
