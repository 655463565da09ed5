package contacts

import (
	"context"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/normalize"
)

// NewCustomField is a custom field about to be (rule K3).
type NewCustomField struct {
	CompanyID    *id.ID // nil: the viewer's own
	VariableName string
	Name         string
	Type         enum.CustomFieldType
}

// CreateCustomField makes a custom field in a company that the viewer administers. Errors:
// UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, INVALID_ARGUMENT, ALREADY_EXISTS where another
// field's column matches the variable name, LIMIT_EXCEEDED.
func (s *Service) CreateCustomField(ctx context.Context, in NewCustomField) (*ent.CustomField, error) {
	company, err := s.target(ctx, in.CompanyID)
	if err != nil {
		return nil, err
	}
	variable, err := s.variableName(in.VariableName)
	if err != nil {
		return nil, err
	}
	name, err := input.Name(in.Name, "input", "name")
	if err != nil {
		return nil, err
	}
	var made *ent.CustomField
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		if err := a.holdCompany(ctx, company.ID); err != nil {
			return err
		}
		n, err := a.Ent().CustomField.Query().Where(customfield.CompanyID(company.ID)).Count(ctx)
		if err := full(n, err, MaxCustomFields, "custom fields"); err != nil {
			return err
		}
		made, err = a.Ent().CustomField.Create().SetCompanyID(company.ID).SetVariableName(variable).
			SetVariableKey(normalize.Column(variable)).SetName(name).SetType(in.Type).Save(ctx)
		if err != nil {
			return taken(err, "variable_key", fault.New(fault.AlreadyExists,
				"a custom field has a variable name that files cannot distinguish from %q: letter case, spaces, hyphens and underscores do not matter there", variable).
				At("input", "variableName"))
		}
		return a.audit(ctx, company.ID, "custom_field.created", "the custom field %q (%s) was made", name, variable)
	})
	return made, err
}

// UpdateCustomField renames a custom field; its variable name and type stay. Errors:
// UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, INVALID_ARGUMENT.
func (s *Service) UpdateCustomField(ctx context.Context, fieldID id.ID, name string) (*ent.CustomField, error) {
	f, err := s.customField(ctx, fieldID)
	if err != nil {
		return nil, err
	}
	if name, err = input.Name(name, "input", "name"); err != nil {
		return nil, err
	}
	var changed *ent.CustomField
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		var err error
		if changed, err = a.Ent().CustomField.UpdateOneID(fieldID).SetName(name).Save(ctx); err != nil {
			return err
		}
		return a.audit(ctx, f.CompanyID, "custom_field.updated", "the custom field %q (%s) is called %q now", f.Name, f.VariableName, name)
	})
	return changed, err
}

// DeleteCustomField deletes a custom field at once, and what contacts have in it behind (rule
// K3). Errors: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN.
func (s *Service) DeleteCustomField(ctx context.Context, fieldID id.ID) error {
	f, err := s.customField(ctx, fieldID)
	if err != nil {
		return err
	}
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		n, err := a.Ent().CustomField.Update().Where(customfield.ID(fieldID)).SetDeletedAt(now()).Save(ctx)
		if err := deleted("custom field", n, err); err != nil {
			return err
		}
		return a.audit(ctx, f.CompanyID, "custom_field.deleted", "the custom field %q (%s) was deleted with its values", f.Name, f.VariableName)
	})
	if err == nil {
		s.begin(ctx, toField, fieldID)
	}
	return err
}

func (s *Service) customField(ctx context.Context, fieldID id.ID) (*ent.CustomField, error) {
	return owned(ctx, s, "custom field",
		func() (*ent.CustomField, error) {
			return s.db.Ent().CustomField.Query().Where(customfield.ID(fieldID)).Only(ctx)
		},
		func(f *ent.CustomField) id.ID { return f.CompanyID })
}

// variableName checks what is to be a CSV column: recognisable after folding, no built-in
// column, and nothing that a file's cell may not begin with (rule F7).
func (s *Service) variableName(raw string) (string, error) {
	name, err := input.Text(raw, "variable name", input.MaxName, "input", "variableName")
	if err != nil {
		return "", err
	}
	refuse := func(format string, args ...any) (string, error) {
		return "", fault.New(fault.Invalid, format, args...).At("input", "variableName")
	}
	switch {
	case normalize.Column(name) == "":
		return refuse("%q has no letter or digit, which a column's name needs", name)
	case strings.ContainsAny(name[:1], "=+-@'"):
		return refuse("%q begins with %q, which no column of a file may; begin with a letter", name, name[:1])
	case strings.ContainsAny(name, "\r\n\t"):
		return refuse("the variable name has a line break or a tab, which no column's name may have")
	case s.builtIn(name):
		return refuse("%q is a column that every file of contacts knows; choose another variable name", name)
	}
	return name, nil
}
