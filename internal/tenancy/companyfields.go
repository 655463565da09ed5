package tenancy

import (
	"tenantry/ent/generated/ent/company"
	"tenantry/internal/email"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/normalize"
)

// CompanyRecord is a company as its row holds it. Empty text is none.
type CompanyRecord struct {
	ID           id.ID
	Name         string
	NameKey      string // normalize.Key of the name; read, and never written from here
	Slug         string
	ContactEmail string
	ExternalID   string
}

// CompanyField is one of a company's fields.
type CompanyField struct {
	field.Field[CompanyRecord]
	// given puts what a mutation gave into the record; nil for the partner admin, who is no
	// column of the company.
	given func(in *Details, r *CompanyRecord) error
}

// Names in files of the fields to which a plan refers.
const (
	CompanyName         = "name"
	CompanyExternalID   = "external_id"
	CompanyContactEmail = "contact_email"
	CompanyPartnerAdmin = "partner_admin_email"
)

// CompanyFields are all fields of a company (rule C1), in the order in which templates and docs
// have them. What a field is said to be here it is for files, mutations, exports, the search
// and both ways of making a company.
func CompanyFields() []CompanyField {
	name := func(r *CompanyRecord) *string { return &r.Name }
	contact := func(r *CompanyRecord) *string { return &r.ContactEmail }
	external := func(r *CompanyRecord) *string { return &r.ExternalID }
	return []CompanyField{
		{Field: field.Field[CompanyRecord]{
			Name: CompanyName, Noun: "the company's name",
			Required: true, Planned: true, Limit: input.MaxName,
			Argument: "name", Export: 1, Column: company.FieldName, SearchKey: company.FieldNameKey, Value: field.Text(name),
			Description: "The company's name, at most 200 characters.", Example: "Aurora Dental Group",
		}, given: func(in *Details, r *CompanyRecord) error {
			return field.Take(in.Name, companyName, name(r), "input", "name")
		}},
		{Field: field.Field[CompanyRecord]{
			Name: CompanyExternalID, Noun: "the external id", Exact: true, Limit: input.MaxExternalID,
			Argument: "externalId", Export: 2, Column: company.FieldExternalID, Value: field.OptionalText(external).Checked(notRounded),
			Description: "The customer's id in your own systems, at most 100 characters; no two of your customers share one.", Example: "C-1042",
		}, given: func(in *Details, r *CompanyRecord) error {
			return field.TakeOptional(in.ExternalID, externalID, external(r), "input", "externalId")
		}},
		{Field: field.Field[CompanyRecord]{
			Name: CompanyContactEmail, Noun: "the contact email", Filled: true, Limit: email.MaxLength,
			Argument: "contactEmail", Export: 3, Column: company.FieldContactEmail, Value: field.OptionalAddress(contact),
			Description: "The company's own address; where the file has this column, every row needs one.", Example: "office@auroradental.example",
		}, given: func(in *Details, r *CompanyRecord) error {
			return field.TakeOptional(in.ContactEmail, input.Address, contact(r), "input", "contactEmail")
		}},
		{Field: field.Field[CompanyRecord]{
			Name: CompanyPartnerAdmin, Noun: "the partner admin's email", Filled: true, Planned: true,
			Argument: "partnerAdminId", Export: 4,
			Description: "An active user of your company, who becomes partner admin of the new customer; where the file has this column, every row needs one. You, where it does not.", Example: "you@partner.example",
		}},
	}
}

// DescribedCompanies are the fields without what mutations do with them.
func DescribedCompanies(fields []CompanyField) []field.Field[CompanyRecord] {
	list := make([]field.Field[CompanyRecord], len(fields))
	for i, f := range fields {
		list[i] = f.Field
	}
	return list
}

// take puts what a mutation gave into the record.
func (d *Details) take(fields []CompanyField, r *CompanyRecord) error {
	for i := range fields {
		if given := fields[i].given; given != nil {
			if err := given(d, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// nameSlug is the slug of the name as it is now (rule I6).
func (r *CompanyRecord) nameSlug() string { return normalize.Slug(r.Name) }
