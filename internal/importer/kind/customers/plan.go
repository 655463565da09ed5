package customers

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// customer is a row that makes a company.
type customer struct {
	row          sheet.Row
	company      id.ID
	name, slug   string
	contactEmail *string
	admin        id.ID
}

// Plan is kind.Batch's.
func (b *batch) Plan(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*kind.Outcome, kind.Write, error) {
	s, err := b.load(ctx, tx, rows)
	if err != nil {
		return nil, nil, err
	}
	var made []customer
	o := &kind.Outcome{}
	for i := range rows {
		r, slug := &rows[i], s.slugs[i]
		if code, message := s.taken(slug); code != "" {
			o.Skip(r.Issue(r.Field(name).Column, code, message))
			s.remember(slug, r.Number)
			continue
		}
		c := s.make(r, b.cells[i])
		if problems := r.Issues(); len(problems) > 0 {
			o.Fail(problems...)
			continue
		}
		c.slug = slug
		s.remember(slug, r.Number)
		made = append(made, c)
		o.Created++
	}
	return o, func() error {
		if err := s.keep(ctx, tx, rows); err != nil || b.run.DryRun {
			return err
		}
		return b.write(ctx, tx, made, o)
	}, nil
}

// make is the customer of a row whose name is free; the row's problems say whether it can be
// one.
func (s *snapshot) make(r *sheet.Row, of cells) customer {
	c := customer{row: *r, company: id.New(id.Company), name: r.Field(name).Value, admin: s.run.CreatedBy}
	if f := r.Field(contactEmail); f.Present() {
		c.contactEmail = &f.Value
	}
	if f := r.Field(adminEmail); f.Present() && f.Sound() {
		admin, ok := s.admins[of.adminKey]
		if !ok {
			f.Reject(enum.UnknownPartnerAdmin, "%q is not an active user of your company; add the user first, or name another", sheet.Cut(f.Value, 100))
		}
		c.admin = admin
	}
	return c
}

// taken says why a row of this name is skipped (rule I6); empty where it is not.
func (s *snapshot) taken(slug string) (enum.IssueCode, string) {
	switch {
	case slug == "":
	case s.seen[slug] != 0:
		return enum.DuplicateInFile, fmt.Sprintf("row %d of this file has the same name (slug %q); this row was skipped", s.seen[slug], sheet.Cut(slug, 100)) + canStillAdd
	case s.existing[slug] != nil:
		return enum.AlreadyExists, alreadyExists(slug, s.existing[slug])
	}
	return "", ""
}

// canStillAdd ends what a skipped row is told (rule C5).
const canStillAdd = "; addCustomer can still create another company of this name, which gets the next free slug"

// alreadyExists says why a row is skipped whose name others bear: which of the two matched,
// the slug or the name, and whether it is the importer's own customer. Of other companies no
// more is told than that there is one (rule I6).
func alreadyExists(slug string, others []namesake) string {
	one := slices.MinFunc(others, func(a, b namesake) int { return cmp.Compare(a.nearness(), b.nearness()) })
	which := "its name has the slug"
	if one.bySlug {
		which = "its slug is"
	}
	slug = sheet.Cut(slug, 100)
	switch {
	case one.own:
		return fmt.Sprintf("this is your own company: %s %q; this row was skipped", which, slug) + canStillAdd
	case one.customer:
		return fmt.Sprintf("%q is your customer already: %s %q; this row was skipped", sheet.Cut(one.name, 100), which, slug) + canStillAdd
	}
	return fmt.Sprintf("another company exists already: %s %q; this row was skipped", which, slug) + canStillAdd
}
