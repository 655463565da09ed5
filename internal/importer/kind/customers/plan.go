package customers

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// customer is a row that makes a company.
type customer struct {
	tenancy.NewCompany
	row   sheet.Row
	index int // of the row in its batch
}

// Plan is kind.Batch's.
func (b *batch) Plan(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*kind.Outcome, kind.Write, error) {
	s, err := b.load(ctx, tx, rows)
	if err != nil {
		return nil, nil, err
	}
	var made []customer
	o := kind.NewOutcome(len(rows))
	for i := range rows {
		r, slug := &rows[i], s.slugs[i]
		if code, message, data := s.skipped(slug); code != "" {
			o.Skip(s.skippedFor(slug, code), r.Issue(r.Field(name).Column, code, message, data))
			s.remember(slug, r.Number)
			continue
		}
		c := b.make(s, r, &b.cells[i])
		if problems := r.Issues(); len(problems) > 0 {
			o.Fail(problems...)
			continue
		}
		c.Slug, c.index = slug, i
		s.remember(slug, r.Number)
		if c.ExternalID != "" {
			s.given[c.ExternalID] = r.Number
		}
		made = append(made, c)
		if b.run.DryRun {
			o.Add(journal.Created, id.ID{})
		} else {
			o.Add(journal.Created, c.ID)
		}
	}
	return o, func() error {
		if err := s.keep(ctx, tx, rows); err != nil {
			return err
		}
		if !b.run.DryRun {
			if made, err = b.write(ctx, tx, made, o); err != nil {
				return err
			}
		}
		return s.keepExternalIDs(ctx, tx, made)
	}, nil
}

// make is the customer of a row whose name is free; the row's problems say whether it can be
// one.
func (b *batch) make(s *snapshot, r *sheet.Row, of *cells) customer {
	c := customer{row: *r, NewCompany: tenancy.NewCompany{
		CompanyRecord: tenancy.CompanyRecord{ID: id.New(id.Company), Name: r.Field(name).Value}, Partner: b.run.Company, Admin: b.run.CreatedBy,
	}}
	b.plain.Take(r, &of.draft, &c.CompanyRecord, true)
	s.checkExternalID(r.Field(externalID), c.ExternalID)
	if f := r.Field(adminEmail); f.Present() && f.Sound() {
		admin, ok := s.admins[of.adminKey]
		if !ok {
			f.Reject(enum.UnknownPartnerAdmin, "%q is not an active user of your company; add the user first, or name another", sheet.Cut(f.Value, 100))
		}
		c.Admin = admin
	}
	return c
}

// skipped says why a row of this name is skipped (rules I6, R5), whatever else is in it; empty
// where it is not.
func (s *snapshot) skipped(slug string) (enum.IssueCode, string, sheet.Data) {
	switch {
	case slug == "":
	case s.seen[slug] != 0:
		return enum.DuplicateInFile, fmt.Sprintf("row %d of this file has the same name (slug %q); this row was skipped", s.seen[slug], sheet.Cut(slug, 100)) + canStillAdd,
			sheet.Data{OtherRow: s.seen[slug]}
	case s.existing[slug] != nil:
		return enum.AlreadyExists, alreadyExists(slug, s.existing[slug]), sheet.Data{}
	case s.run.Layout.Options.Missing == enum.SkipMissing:
		return enum.NoSuchRecord, fmt.Sprintf("there is no company with the slug %q, and the import was to create none (missing: SKIP); this row was skipped", sheet.Cut(slug, 100)),
			sheet.Data{}
	}
	return "", "", sheet.Data{}
}

// canStillAdd ends the message of a skipped row (rule C5).
const canStillAdd = "; addCustomer can still create another company of this name, which gets the next free slug"

// skippedFor is the company for which a row is skipped; the nil UUID where the importer is not to know
// of it, or it is of an earlier row.
func (s *snapshot) skippedFor(slug string, code enum.IssueCode) id.ID {
	if code != enum.AlreadyExists {
		return id.ID{}
	}
	return visible(s.existing[slug])
}

// visible is the nearest of the companies of a name, where it is the importer's own or its customer.
func visible(others []tenancy.Namesake) id.ID {
	if one := nearest(others); one.Own || one.Customer {
		return one.ID
	}
	return id.ID{}
}

// nearest is the company of a name that a message is about.
func nearest(others []tenancy.Namesake) tenancy.Namesake {
	return slices.MinFunc(others, func(a, b tenancy.Namesake) int { return cmp.Compare(nearness(a), nearness(b)) })
}

// alreadyExists says why a row is skipped whose name others bear: which of the two matched,
// the slug or the name, and whether it is the importer's own customer. Of other companies no
// more is revealed than that it exists (rule I6).
func alreadyExists(slug string, others []tenancy.Namesake) string {
	one := nearest(others)
	which := "its name has the slug"
	if one.BySlug {
		which = "its slug is"
	}
	slug = sheet.Cut(slug, 100)
	switch {
	case one.Own:
		return fmt.Sprintf("this is your own company: %s %q; this row was skipped", which, slug) + canStillAdd
	case one.Customer:
		return fmt.Sprintf("%q is your customer already: %s %q; this row was skipped", sheet.Cut(one.Name, 100), which, slug) + canStillAdd
	}
	return fmt.Sprintf("another company exists already: %s %q; this row was skipped", which, slug) + canStillAdd
}
