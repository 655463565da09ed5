package contacts

import (
	"context"
	"database/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// What rows of a file refer to, read in few statements for many companies, which are texts of
// ids. Like [Bulk] it bypasses ent and its policies.

// Assignment is a project or a desk.
type Assignment struct {
	ID, Company id.ID
	Name        string
	ExternalID  string // empty: none
	Default     bool
	Deleted     bool // its contacts are in the default one
}

// EachProject calls each for the companies' projects that have one of the names as their id,
// external id or name, for the default ones and for those that are deleted.
func EachProject(ctx context.Context, tx *database.Tx, companies, names []string, each func(Assignment)) error {
	return eachAssignment(ctx, tx, project.Table, companies, names, each)
}

// EachDesk is [EachProject] for desks.
func EachDesk(ctx context.Context, tx *database.Tx, companies, names []string, each func(Assignment)) error {
	return eachAssignment(ctx, tx, desk.Table, companies, names, each)
}

func eachAssignment(ctx context.Context, tx *database.Tx, table string, companies, names []string, each func(Assignment)) error {
	d := tx.Dialect()
	return tx.Each(ctx, table, func(rows *sql.Rows) error {
		var a Assignment
		var external sql.NullString
		if err := rows.Scan(&a.ID, &a.Company, &a.Name, &external, &a.Default, &a.Deleted); err != nil {
			return err
		}
		a.ExternalID = external.String
		each(a)
		return nil
	}, `SELECT id, company_id, name, external_id, is_default, deleted_at IS NOT NULL FROM `+table+` WHERE company_id`+d.AmongIDTexts("$1")+
		` AND (is_default OR deleted_at IS NOT NULL OR external_id`+d.AmongTexts("$2")+` OR name`+d.AmongTexts("$2")+` OR id`+d.AmongIDTexts("$3")+`)`,
		database.Texts(companies), database.Texts(names), database.Texts(idTexts(names)))
}

// EachAssignment calls each for all projects, or desks, of the companies that are not deleted.
func EachAssignment(ctx context.Context, tx *database.Tx, of id.Kind, companies []string, each func(Assignment)) error {
	table := project.Table
	if of == id.Desk {
		table = desk.Table
	}
	return tx.Each(ctx, table, func(rows *sql.Rows) error {
		var a Assignment
		if err := rows.Scan(&a.ID, &a.Company, &a.Name, &a.Default); err != nil {
			return err
		}
		each(a)
		return nil
	}, `SELECT id, company_id, name, is_default FROM `+table+` WHERE deleted_at IS NULL AND company_id`+tx.Dialect().AmongIDTexts("$1"), database.Texts(companies))
}

// EachName calls each for the names of all the projects, or desks, of the companies.
func EachName(ctx context.Context, tx *database.Tx, of id.Kind, companies []string, each func(company id.ID, name string)) error {
	table := project.Table
	if of == id.Desk {
		table = desk.Table
	}
	return tx.Each(ctx, table, func(rows *sql.Rows) error {
		var company id.ID
		var name string
		if err := rows.Scan(&company, &name); err != nil {
			return err
		}
		each(company, name)
		return nil
	}, `SELECT company_id, name FROM `+table+` WHERE deleted_at IS NULL AND company_id`+tx.Dialect().AmongIDTexts("$1"), database.Texts(companies))
}

// idTexts are the texts of those names that are ids, as the database writes them.
func idTexts(names []string) []string {
	var ids []string
	for _, n := range names {
		if of, err := id.ParseAny(n); err == nil {
			ids = append(ids, of.String())
		}
	}
	return ids
}

// EachLabel calls each for the labels of the companies.
func EachLabel(ctx context.Context, tx *database.Tx, companies []string, each func(company, label id.ID, name string)) error {
	return tx.Each(ctx, "labels", func(rows *sql.Rows) error {
		var of, company id.ID
		var name string
		if err := rows.Scan(&of, &company, &name); err != nil {
			return err
		}
		each(company, of, name)
		return nil
	}, `SELECT id, company_id, name FROM labels WHERE deleted_at IS NULL AND company_id`+tx.Dialect().AmongIDTexts("$1"), database.Texts(companies))
}

// CustomField is a company's custom field.
type CustomField struct {
	ID, Company id.ID
	Name, Key   string // of the variable
	Type        enum.CustomFieldType
}

// EachCustomField calls each for the custom fields of the companies.
func EachCustomField(ctx context.Context, tx *database.Tx, companies []string, each func(CustomField)) error {
	return tx.Each(ctx, "custom fields", func(rows *sql.Rows) error {
		var f CustomField
		if err := rows.Scan(&f.ID, &f.Company, &f.Name, &f.Key, &f.Type); err != nil {
			return err
		}
		each(f)
		return nil
	}, `SELECT id, company_id, variable_name, variable_key, type FROM custom_fields WHERE deleted_at IS NULL AND company_id`+tx.Dialect().AmongIDTexts("$1"), database.Texts(companies))
}

// VariableNames are those of the companies' custom fields whose variable names have one of
// the keys, each once.
func VariableNames(ctx context.Context, db *database.DB, companies []id.ID, keys []string) (names []string, err error) {
	d, ids := db.Dialect(), make([]string, len(companies))
	for i, of := range companies {
		ids[i] = of.String()
	}
	rows, err := db.SQL().QueryContext(ctx, `SELECT DISTINCT variable_name FROM custom_fields
		WHERE company_id`+d.AmongIDTexts("$1")+` AND deleted_at IS NULL AND variable_key`+d.AmongTexts("$2")+` ORDER BY variable_name`,
		database.Texts(ids), database.Texts(keys))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Belongings are the labels of some contacts, and their values of some custom fields; all are
// texts of ids.
type Belongings struct {
	Companies, Contacts []string
	Labels              bool // whether they are wanted
	Fields              []string
}

// EachLabel calls each for the contacts' labels.
func (b *Belongings) EachLabel(ctx context.Context, tx *database.Tx, each func(contact, label id.ID)) error {
	return b.labels(ctx, tx, contactlabel.FieldLabelID, "", func(rows *sql.Rows) error {
		var of, label id.ID
		if err := rows.Scan(&of, &label); err != nil {
			return err
		}
		each(of, label)
		return nil
	})
}

// CountLabels calls each for how many labels contacts have that have any.
func (b *Belongings) CountLabels(ctx context.Context, tx *database.Tx, each func(contact id.ID, labels int64)) error {
	return b.labels(ctx, tx, "count(*)", " GROUP BY contact_id", scanCount(each))
}

func (b *Belongings) labels(ctx context.Context, tx *database.Tx, columns, rest string, scan func(*sql.Rows) error) error {
	if !b.Labels {
		return nil
	}
	d := tx.Dialect()
	return tx.Each(ctx, "contacts' labels", scan, `SELECT contact_id, `+columns+` FROM contact_labels
		WHERE company_id`+d.AmongIDTexts("$1")+` AND contact_id`+d.AmongIDTexts("$2")+rest, database.Texts(b.Companies), database.Texts(b.Contacts))
}

// EachValue calls each for the contacts' values.
func (b *Belongings) EachValue(ctx context.Context, tx *database.Tx, each func(contact, field id.ID, value string)) error {
	return b.values(ctx, tx, customfieldvalue.FieldCustomFieldID+", "+customfieldvalue.FieldValue, "", func(rows *sql.Rows) error {
		var of, field id.ID
		var value string
		if err := rows.Scan(&of, &field, &value); err != nil {
			return err
		}
		each(of, field, value)
		return nil
	})
}

// MeasureValues calls each for how many bytes the values of contacts have that have any.
func (b *Belongings) MeasureValues(ctx context.Context, tx *database.Tx, each func(contact id.ID, bytes int64)) error {
	return b.values(ctx, tx, "sum(octet_length(value))", " GROUP BY contact_id", scanCount(each))
}

func (b *Belongings) values(ctx context.Context, tx *database.Tx, columns, rest string, scan func(*sql.Rows) error) error {
	if len(b.Fields) == 0 {
		return nil
	}
	d := tx.Dialect()
	return tx.Each(ctx, "contacts' values", scan, `SELECT contact_id, `+columns+` FROM custom_field_values
		WHERE company_id`+d.AmongIDTexts("$1")+` AND contact_id`+d.AmongIDTexts("$2")+` AND custom_field_id`+d.AmongIDTexts("$3")+rest,
		database.Texts(b.Companies), database.Texts(b.Contacts), database.Texts(b.Fields))
}

// scanCount scans a number of each contact.
func scanCount(each func(contact id.ID, n int64)) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var of id.ID
		var n int64
		if err := rows.Scan(&of, &n); err != nil {
			return err
		}
		each(of, n)
		return nil
	}
}
