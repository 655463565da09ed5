package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"tenantry/ent/enum"
	"tenantry/internal/id"
)

// Contact is a contact of a company (rule K1).
//
// Imports load this table by the hundred thousand, so each index and each reference is
// weighed: see docs/decisions.md, 18, and internal/importer, BenchmarkSearchIndexes.
type Contact struct{ entity }

// Mixin of the Contact.
func (Contact) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.Contact}, tenant{edge: "contacts", covered: true}, timestamps{}}
}

// Fields of the Contact.
//
// The three search keys are NULL where the email begins with them, which finds the contact
// then: so the usual username (the part of the email before the @) costs no entry of an
// index, and the usual first name seldom one. Those of contacts that come by the thousand
// stand in search blocks. internal/contacts makes them.
func (Contact) Fields() []ent.Field {
	searchKey := func(name string) ent.Field {
		return field.String(name).Optional().Nillable().Annotations(bytewise(), writable()).
			Comment("ignoring case, for search (rule K6); null where email_key begins with it")
	}
	return []ent.Field{
		field.String("email").Annotations(text(emailLength), writable()).Comment("as it was typed, trimmed"),
		field.String("email_key").Annotations(notEmpty(), bytewise(), writable()).
			Comment("the email ignoring case (rule K5), unique in the company"),
		field.String("first_name").Annotations(text(nameLength), writable()),
		field.String("middle_name").Optional().Nillable().Annotations(optionalText(nameLength), writable()),
		field.String("last_name").Optional().Nillable().Annotations(optionalText(nameLength), writable()),
		field.String("username").Annotations(text(nameLength), writable()).Comment("a label: it need not be unique"),
		searchKey("username_key"), searchKey("first_name_key"), searchKey("last_name_key"),
		field.Bool("in_block").Default(false).Annotations(writable()).Comment("the search keys stand in a search_block, and in no index"),
		field.String("external_id").Optional().Nillable().Annotations(optionalText(externalIDLength), bytewise(), writable()).
			Comment("its id in another system (rule K4)"),
		field.UUID("project_id", uuid.UUID{}).Annotations(writable()),
		field.UUID("desk_id", uuid.UUID{}).Annotations(writable()),
		field.Bool("active").Default(true).Annotations(writable()),
		field.Enum("type").GoType(enum.ContactType("")).Default(string(enum.Personal)).Annotations(writable()),
	}
}

// Edges of the Contact. A project or desk that contacts refer to cannot be deleted: they
// are moved first (rule K4). PostgreSQL checks both references by triggers, a statement at a time:
// migrations/postgres/0010_contact_references.sql.
func (Contact) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("project", Project.Type).Ref("contacts").Field("project_id").Unique().Required(),
		edge.From("desk", Desk.Type).Ref("contacts").Field("desk_id").Unique().Required(),
		many("contact_labels", ContactLabel.Type, owned()),
		many("values", CustomFieldValue.Type, owned()),
	}
}

// Indexes of the Contact.
func (Contact) Indexes() []ent.Index {
	present := func(name string) *entsql.IndexAnnotation { return entsql.IndexWhere(name + " IS NOT NULL") }
	singly := func(name string) *entsql.IndexAnnotation {
		return entsql.IndexWhere(name + " IS NOT NULL AND NOT in_block")
	}
	return []ent.Index{
		index.Fields("company_id", "email_key").Unique(), // and the order of the list
		index.Fields("company_id", "id").Unique(),        // for references
		index.Fields("company_id", "external_id").Unique().Annotations(present("external_id")),
		index.Fields("company_id", "username_key").Annotations(singly("username_key")),
		index.Fields("company_id", "first_name_key").Annotations(singly("first_name_key")),
		index.Fields("company_id", "last_name_key").Annotations(singly("last_name_key")),
		index.Fields("project_id"),
		index.Fields("desk_id"),
	}
}

// ContactEdit is what a change by hand replaced in a contact. The undo of an import reads it, to
// say what the import had left there (rule J14). It goes with its contact, and after the time in which
// imports can be undone. (No foreign key says so, since each contact that is deleted would pay for it;
// internal/contacts does.)
type ContactEdit struct{ entity }

// Mixin of the ContactEdit.
func (ContactEdit) Mixin() []ent.Mixin {
	return []ent.Mixin{tenant{edge: "contact_edits", covered: true}}
}

// Fields of the ContactEdit.
func (ContactEdit) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("contact_id", uuid.UUID{}).Immutable(),
		field.Time("written_at").Immutable().Comment("updated_at of the contact since this change"),
		field.Time("previous_at").Immutable().Comment("updated_at of the contact before it"),
		field.JSON("replaced", json.RawMessage{}).Immutable().Comment("the changed fields as they were"),
	}
}

// Indexes of the ContactEdit.
func (ContactEdit) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("company_id", "contact_id", "written_at"),
		index.Fields("written_at"),
	}
}

// SearchBlock is some hundred search keys of a company's contacts, sorted: what an import
// brings is found by them, at a small part of the price of as many entries of an index.
type SearchBlock struct{ entity }

// Mixin of the SearchBlock.
func (SearchBlock) Mixin() []ent.Mixin {
	return []ent.Mixin{tenant{edge: "search_blocks", covered: true}}
}

// Fields of the SearchBlock.
func (SearchBlock) Fields() []ent.Field {
	return []ent.Field{
		field.String("first_key").Annotations(bytewise()).Immutable(),
		field.String("last_key").Annotations(bytewise()).Immutable(),
		field.Int("size").Immutable().Comment("how many keys"),
		field.Bytes("entries").Immutable().Comment("the keys with the ids of their contacts, as internal/searchindex writes them"),
	}
}

// Indexes of the SearchBlock.
func (SearchBlock) Indexes() []ent.Index {
	return []ent.Index{index.Fields("company_id", "first_key", "last_key")}
}

// Label marks contacts (rule K2); its name is case-sensitive.
type Label struct{ entity }

// Mixin of the Label.
func (Label) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.Label}, tenant{edge: "labels", covered: true}, timestamps{}, tombstone{}}
}

// Fields of the Label.
func (Label) Fields() []ent.Field {
	return []ent.Field{field.String("name").Annotations(text(labelLength), writable())}
}

// Edges of the Label.
func (Label) Edges() []ent.Edge {
	return []ent.Edge{many("contact_labels", ContactLabel.Type, owned())}
}

// Indexes of the Label.
func (Label) Indexes() []ent.Index {
	return []ent.Index{index.Fields("company_id", "name").Unique().Annotations(standing()), index.Fields("company_id", "id").Unique()}
}

// ContactLabel is that a contact has a label.
type ContactLabel struct{ entity }

// Fields of the ContactLabel.
func (ContactLabel) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("company_id", uuid.UUID{}).Immutable().Comment("that of both, which the references hold"),
		field.UUID("contact_id", uuid.UUID{}).Immutable(),
		field.UUID("label_id", uuid.UUID{}).Immutable(),
	}
}

// Edges of the ContactLabel.
func (ContactLabel) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("contact", Contact.Type).Ref("contact_labels").Field("contact_id").Unique().Required().Immutable(),
		edge.From("label", Label.Type).Ref("contact_labels").Field("label_id").Unique().Required().Immutable(),
	}
}

// Indexes of the ContactLabel.
func (ContactLabel) Indexes() []ent.Index {
	return []ent.Index{index.Fields("contact_id", "label_id").Unique(), index.Fields("label_id", "contact_id")}
}
