package contacts

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/label"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// CreateLabel makes a label in a company (nil: the viewer's own) that the viewer
// administers. Errors: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, INVALID_ARGUMENT,
// ALREADY_EXISTS where one is called exactly so (rule K2), LIMIT_EXCEEDED.
func (s *Service) CreateLabel(ctx context.Context, companyID *id.ID, name string) (*ent.Label, error) {
	company, err := s.target(ctx, companyID)
	if err != nil {
		return nil, err
	}
	if name, err = labelName(name); err != nil {
		return nil, err
	}
	var made *ent.Label
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		if err := a.holdCompany(ctx, company.ID); err != nil {
			return err
		}
		n, err := a.Ent().Label.Query().Where(label.CompanyID(company.ID)).Count(ctx)
		if err := full(n, err, MaxLabels, "labels"); err != nil {
			return err
		}
		if made, err = a.Ent().Label.Create().SetCompanyID(company.ID).SetName(name).Save(ctx); err != nil {
			return labelTaken(err, name)
		}
		return a.audit(ctx, company.ID, "label.created", "the label %q was made", name)
	})
	return made, err
}

// UpdateLabel renames a label. Errors: as CreateLabel.
func (s *Service) UpdateLabel(ctx context.Context, labelID id.ID, name string) (*ent.Label, error) {
	l, err := s.label(ctx, labelID)
	if err != nil {
		return nil, err
	}
	if name, err = labelName(name); err != nil {
		return nil, err
	}
	var changed *ent.Label
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		var err error
		if changed, err = a.Ent().Label.UpdateOneID(labelID).SetName(name).Save(ctx); err != nil {
			return labelTaken(err, name)
		}
		return a.audit(ctx, l.CompanyID, "label.updated", "the label %q is called %q now", l.Name, name)
	})
	return changed, err
}

// DeleteLabel deletes a label at once; what contacts have of it is cleared behind. Errors:
// UNAUTHENTICATED, NOT_FOUND, FORBIDDEN.
func (s *Service) DeleteLabel(ctx context.Context, labelID id.ID) error {
	l, err := s.label(ctx, labelID)
	if err != nil {
		return err
	}
	err = s.do(ctx, func(ctx context.Context, a unitOfWork) error {
		n, err := a.Ent().Label.Update().Where(label.ID(labelID)).SetDeletedAt(now()).Save(ctx)
		if err := deleted("label", n, err); err != nil {
			return err
		}
		return a.audit(ctx, l.CompanyID, "label.deleted", "the label %q was deleted", l.Name)
	})
	if err == nil {
		s.begin(ctx, toLabel, labelID)
	}
	return err
}

func (s *Service) label(ctx context.Context, labelID id.ID) (*ent.Label, error) {
	return owned(ctx, s, "label",
		func() (*ent.Label, error) { return s.db.Ent().Label.Query().Where(label.ID(labelID)).Only(ctx) },
		func(l *ent.Label) id.ID { return l.CompanyID })
}

func labelName(raw string) (string, error) {
	return input.Line(raw, "name", input.MaxLabel, "input", "name")
}

func labelTaken(err error, name string) error {
	return taken(err, "name", fault.New(fault.AlreadyExists, "there is a label %q", name).At("input", "name"))
}
