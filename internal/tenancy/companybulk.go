package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/cespare/xxhash/v2"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
)

// CompanyBulk reads and writes companies by the hundred, past ent and its policies: whoever
// calls it has checked the rights. Make it with [NewCompanyBulk].
type CompanyBulk struct {
	stored []field.Field[CompanyRecord]
	insert []database.Column[*writtenCompany]
}

// NewCompany is a company that is to be made.
type NewCompany struct {
	CompanyRecord
	Partner id.ID // who adds it as a customer; the nil UUID: it stands alone
	Admin   id.ID // its first partner admin; the nil UUID: none
}

type writtenCompany struct {
	NewCompany
	at time.Time
}

// NewCompanyBulk returns a CompanyBulk for companies that have these fields.
func NewCompanyBulk(fields []CompanyField) *CompanyBulk {
	b := &CompanyBulk{stored: field.Stored(DescribedCompanies(fields))}
	b.insert = field.Values(b.stored, func(w *writtenCompany) *CompanyRecord { return &w.CompanyRecord })
	add := func(column string, of func(w *writtenCompany) any) {
		b.insert = append(b.insert, database.Column[*writtenCompany]{Name: column, Of: of})
	}
	for _, f := range b.stored {
		if f.SearchKey != "" {
			add(f.SearchKey, func(w *writtenCompany) any { return normalize.Key(f.Format(&w.CompanyRecord)) })
		}
	}
	partner := func(w *writtenCompany) any {
		if w.Partner == (id.ID{}) {
			return nil
		}
		return w.Partner
	}
	at, no := func(w *writtenCompany) any { return w.at }, func(*writtenCompany) any { return false }
	add(company.FieldID, func(w *writtenCompany) any { return w.ID })
	add(company.FieldSlug, func(w *writtenCompany) any { return w.Slug })
	add(company.FieldNameSlug, func(w *writtenCompany) any { return w.nameSlug() })
	add(company.FieldIsPartner, no)
	add(company.FieldIsPlatform, no)
	add(company.FieldPartnerID, partner)
	add(company.FieldCreatedByPartnerID, partner)
	add(company.FieldCreatedAt, at)
	add(company.FieldUpdatedAt, at)
	return b
}

// partnerAdmin makes a user partner admin of a company.
type partnerAdmin struct {
	company, user id.ID
	at            time.Time
}

var partnerAdminColumns = []database.Column[partnerAdmin]{
	{Name: partneradmin.FieldID, Of: func(partnerAdmin) any { return id.New(id.PartnerAdmin) }},
	{Name: partneradmin.FieldCompanyID, Of: func(p partnerAdmin) any { return p.company }},
	{Name: partneradmin.FieldUserID, Of: func(p partnerAdmin) any { return p.user }},
	{Name: partneradmin.FieldCreatedAt, Of: func(p partnerAdmin) any { return p.at }},
}

// create makes companies with all that a new one has (rule C1), and says which: not one whose
// slug another company has. at is when they are made.
func (s *Service) create(ctx context.Context, tx *database.Tx, b *CompanyBulk, companies []NewCompany, at time.Time) (made []bool, err error) {
	made, written := make([]bool, len(companies)), make([]*writtenCompany, len(companies))
	for i, c := range companies {
		written[i] = &writtenCompany{c, at}
	}
	batch := database.BatchOf(company.Table, b.insert, written)
	batch.Conflict, batch.Key = []string{company.FieldSlug}, company.FieldID
	inserted, err := database.Load(ctx, tx, batch)
	if err != nil {
		return nil, fmt.Errorf("making companies: %w", err)
	}
	ids, admins := make([]id.ID, len(inserted)), []partnerAdmin{}
	for n, i := range inserted {
		c := companies[i]
		made[i], ids[n] = true, c.ID
		if c.Admin != (id.ID{}) {
			admins = append(admins, partnerAdmin{c.ID, c.Admin, at})
		}
	}
	if len(ids) == 0 {
		return made, nil
	}
	for _, o := range s.owners {
		if o.CompaniesMade == nil {
			continue
		}
		if err := o.CompaniesMade(ctx, tx, ids); err != nil {
			return nil, err
		}
	}
	return made, database.Insert(ctx, tx, partneradmin.Table, partnerAdminColumns, admins)
}

var companyKeys = []field.Key[CompanyRecord]{
	{Column: company.FieldID, Into: func(r *CompanyRecord) any { return &r.ID }},
	{Column: company.FieldSlug, Into: func(r *CompanyRecord) any { return &r.Slug }},
	{Column: company.FieldNameKey, Into: func(r *CompanyRecord) any { return &r.NameKey }},
}

// Read gives those of the companies that are there, by their ids.
func (b *CompanyBulk) Read(ctx context.Context, from field.Querier, d database.Dialect, companies []id.ID) (map[id.ID]*CompanyRecord, error) {
	found := make(map[id.ID]*CompanyRecord, len(companies))
	err := field.Read(ctx, from, company.Table, companyKeys, b.stored, func(r *CompanyRecord) error { found[r.ID] = new(*r); return nil },
		`WHERE id`+d.AmongIDs("$1"), d.IDs(companies))
	return found, err
}

// Page gives the partner's customers by name, behind the one of that key and id. Whoever asks
// is an administrator of the partner, who sees all of them.
func (b *CompanyBulk) Page(ctx context.Context, db *database.DB, partner id.ID, nameKey string, behind id.ID, most int) (page []*CompanyRecord, err error) {
	after := entsql.P(func(b *entsql.Builder) {
		b.WriteByte('(').Ident(company.FieldNameKey).Comma().Ident(company.FieldID).WriteString(") > (").Args(nameKey, behind).WriteByte(')')
	})
	where := entsql.And(entsql.EQ(company.FieldPartnerID, partner), entsql.IsNull(company.FieldDeletedAt), after)
	err = field.ReadPage(ctx, db, company.Table, companyKeys, b.stored, func(r *CompanyRecord) error { page = append(page, new(*r)); return nil },
		field.Page{Where: where, Order: []string{company.FieldNameKey, company.FieldID}, Most: most})
	return page, err
}

// StateHash is the 64-bit xxHash of all fields of a company, its partner admins apart. The hash of a
// company that an import has made is in its journal, and that of the company as it is today says
// whether anything of it has changed since (rule J14).
func (b *CompanyBulk) StateHash(r *CompanyRecord) uint64 {
	return xxhash.Sum64(field.AppendStates(nil, b.stored, r))
}

// set puts those of the fields into ent's mutation in which the record is not like the one
// before.
func (b *CompanyBulk) set(m *ent.CompanyMutation, r, before *CompanyRecord) error {
	for i := range b.stored {
		f := &b.stored[i]
		if f.Same(r, before) {
			continue
		}
		if err := field.Set(m, f.Column, f.Entity(r)); err != nil {
			return err
		}
		if f.SearchKey != "" {
			if err := m.SetField(f.SearchKey, normalize.Key(f.Format(r))); err != nil {
				return err
			}
		}
		if f.Name == CompanyName {
			m.SetNameSlug(r.nameSlug())
		}
	}
	return nil
}

// Namesake is a company of which a slug is the slug, or the slug of its name (rule I6).
type Namesake struct {
	ID       id.ID
	Name     string
	BySlug   bool // it is its slug; else that of its name alone
	Own      bool // it is the company that asks
	Customer bool // it is a customer of that one
}

// Namesakes finds the companies on the platform whose slug, or the slug of whose name, is one
// of the slugs, by that slug.
func Namesakes(ctx context.Context, tx *database.Tx, asking id.ID, slugs []string) (map[string][]Namesake, error) {
	in, found := tx.Dialect().AmongTexts("$1"), map[string][]Namesake{}
	const what = `, id, name, id = $2, partner_id IS NOT NULL AND partner_id = $2 FROM companies WHERE `
	err := tx.Each(ctx, "companies", func(rows *sql.Rows) error {
		var slug string
		var n Namesake
		if err := rows.Scan(&slug, &n.BySlug, &n.ID, &n.Name, &n.Own, &n.Customer); err != nil {
			return err
		}
		found[slug] = append(found[slug], n)
		return nil
	}, `SELECT slug, TRUE`+what+`slug`+in+` UNION SELECT name_slug, FALSE`+what+`name_slug`+in+` AND name_slug <> slug`, database.Texts(slugs), asking)
	return found, err
}
