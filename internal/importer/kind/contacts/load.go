package contacts

import (
	"context"
	"database/sql"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// load fetches all that the rows refer to, in a few queries.
func (b *batch) load(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*snapshot, error) {
	p := &snapshot{parsed: b.parsed, bulk: b.kind.bulk, stored: b.kind.o.StoredBytes, rows: rows, others: map[string]*tenant{}, byID: map[id.ID]*tenant{}}
	want := &references{}
	for i := range rows {
		want.add(p.columns, &rows[i], &p.cells[i])
	}
	if c := p.columns; b.run.DryRun { // what is kept in scratch is whole, as far as the file goes
		want.labels, want.fields = c.labels >= 0 || c.labelIDs >= 0, len(c.custom) > 0
	}
	want.compact()
	p.own = p.open(b.run.Company)
	if err := p.openOthers(ctx, tx, b.run, want.companies); err != nil {
		return nil, err
	}
	for _, load := range []func(context.Context, *database.Tx, *references) error{p.loadAssignments, p.loadLabels, p.loadFields} {
		if err := load(ctx, tx, want); err != nil {
			return nil, err
		}
	}
	if err := p.loadContacts(ctx, tx, b.run, want); err != nil {
		return nil, err
	}
	return p, nil
}

// loadAssignments finds the projects and desks that the rows name, and the default ones.
func (p *snapshot) loadAssignments(ctx context.Context, tx *database.Tx, want *references) error {
	d := tx.Dialect()
	for _, t := range []struct {
		table string
		names []string
		of    func(b *tenant) (*assignments, *id.ID)
	}{
		{"projects", want.projects, func(b *tenant) (*assignments, *id.ID) { return &b.projects, &b.project }},
		{"desks", want.desks, func(b *tenant) (*assignments, *id.ID) { return &b.desks, &b.desk }},
	} {
		err := tx.Each(ctx, t.table, func(rows *sql.Rows) error {
			var of, company id.ID
			var name string
			var external sql.Null[string]
			var isDefault, deleted bool
			if err := rows.Scan(&of, &company, &name, &external, &isDefault, &deleted); err != nil {
				return err
			}
			s, standard := t.of(p.byID[company])
			if deleted {
				s.deleted[of] = true
				return nil
			}
			s.ids[of], s.byName[name] = true, append(s.byName[name], of)
			if external.Valid {
				s.byExternal[external.V] = of
			}
			if isDefault {
				*standard = of
			}
			return nil
		}, `SELECT id, company_id, name, external_id, is_default, deleted_at IS NOT NULL FROM `+t.table+` WHERE company_id `+tx.Dialect().AmongIDTexts("$1")+
			` AND (is_default OR deleted_at IS NOT NULL OR external_id`+d.AmongTexts("$2")+` OR name`+d.AmongTexts("$2")+` OR id `+tx.Dialect().AmongIDTexts("$3")+`)`,
			database.Texts(p.companies()), database.Texts(t.names), database.Texts(idTexts(t.names)))
		if err != nil {
			return err
		}
	}
	return nil
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

// loadLabels fetches the labels of the companies, where rows name any.
func (p *snapshot) loadLabels(ctx context.Context, tx *database.Tx, want *references) error {
	if !want.labels {
		return nil
	}
	return tx.Each(ctx, "labels", func(rows *sql.Rows) error {
		var of, company id.ID
		var name string
		if err := rows.Scan(&of, &company, &name); err != nil {
			return err
		}
		p.byID[company].labels[name], p.byID[company].labelIDs[of] = of, true
		return nil
	}, `SELECT id, company_id, name FROM labels WHERE deleted_at IS NULL AND company_id `+tx.Dialect().AmongIDTexts("$1"), database.Texts(p.companies()))
}

// loadFields fetches the custom fields of the companies, where rows fill any.
func (p *snapshot) loadFields(ctx context.Context, tx *database.Tx, want *references) error {
	if !want.fields {
		return nil
	}
	return tx.Each(ctx, "custom fields", func(rows *sql.Rows) error {
		var company id.ID
		var key string
		var f customField
		if err := rows.Scan(&f.id, &company, &key, &f.of); err != nil {
			return err
		}
		p.byID[company].fields[key] = f
		return nil
	}, `SELECT id, company_id, variable_key, type FROM custom_fields WHERE deleted_at IS NULL AND company_id `+tx.Dialect().AmongIDTexts("$1"), database.Texts(p.companies()))
}

// loadContacts finds the contacts that the rows name by id, external id or email, and
// holds them until the commit.
func (p *snapshot) loadContacts(ctx context.Context, tx *database.Tx, run *kind.Run, want *references) error {
	names := records.Names{IDs: want.ids, ExternalIDs: want.externals, EmailKeys: want.emails}
	if err := p.bulk.Find(ctx, tx, p.companies(), names, !run.DryRun, p.addContact); err != nil {
		return err
	}
	if err := p.loadBelongings(ctx, tx, want); err != nil {
		return err
	}
	if run.DryRun {
		if err := p.readScratch(ctx, tx, run, want); err != nil {
			return err
		}
	}
	for _, b := range p.byID {
		for _, t := range b.contacts {
			b.byEmail[t.now.EmailKey] = t
			if t.now.ExternalID != "" {
				b.byExternal[t.now.ExternalID] = t
			}
		}
	}
	return nil
}

func (p *snapshot) addContact(r *records.Record) error {
	t := &record{tenant: p.byID[r.Company], now: *r, keyWas: r.EmailKey}
	if n := &t.now; t.tenant.projects.deleted[n.Project] { // it is in the default one, and not moved yet
		n.Project = t.tenant.project
	}
	if n := &t.now; t.tenant.desks.deleted[n.Desk] {
		n.Desk = t.tenant.desk
	}
	t.tenant.contacts[r.ID] = t
	return nil
}
