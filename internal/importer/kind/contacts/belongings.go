package contacts

import (
	"context"
	"database/sql"

	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// storedLabel is about what a contact's label costs in bytes while a batch is planned.
const storedLabel = 100

// belongings are the contacts that were found, whose labels and values are to be fetched: the
// labels where rows name any, and the values of the file's own fields.
type belongings struct {
	snapshot *snapshot
	want     *references
	contacts map[id.ID]*record
	ids      []string // the contacts'
	fields   []string // the fields'
}

// loadBelongings fetches the labels and values of the contacts that were found, as far
// as the rows touch such. A contact may have any number of either, and a value has up to
// 40 kB: where all together are more than may be read at once the error is a [kind.TooMuch].
func (p *snapshot) loadBelongings(ctx context.Context, tx *database.Tx, want *references) error {
	if !want.labels && !want.fields {
		return nil
	}
	l := &belongings{snapshot: p, want: want, contacts: map[id.ID]*record{}}
	for _, b := range p.byID {
		for of, t := range b.contacts {
			t.labels, t.values = map[id.ID]bool{}, map[id.ID]string{}
			l.ids, l.contacts[of] = append(l.ids, of.String()), t
		}
		for _, c := range p.columns.custom {
			if f, ok := b.fields[c.key]; ok {
				l.fields = append(l.fields, f.id.String())
			}
		}
	}
	if len(l.ids) == 0 {
		return nil
	}
	if err := l.weigh(ctx, tx); err != nil {
		return err
	}
	err := l.ofLabels(ctx, tx, "label_id", "", func(rows *sql.Rows) error {
		var of, label id.ID
		if err := rows.Scan(&of, &label); err != nil {
			return err
		}
		l.contacts[of].labels[label] = true
		return nil
	})
	if err != nil {
		return err
	}
	return l.ofValues(ctx, tx, "custom_field_id, value", "", func(rows *sql.Rows) error {
		var of, field id.ID
		var value string
		if err := rows.Scan(&of, &field, &value); err != nil {
			return err
		}
		l.contacts[of].values[field] = value
		return nil
	})
}

// ofLabels reads columns of the contacts' labels, behind the contact's id.
func (l *belongings) ofLabels(ctx context.Context, tx *database.Tx, columns, behind string, scan func(*sql.Rows) error) error {
	if !l.want.labels {
		return nil
	}
	d := tx.Dialect()
	return tx.Each(ctx, "contacts' labels", scan, `SELECT contact_id, `+columns+` FROM contact_labels
		WHERE company_id `+d.AmongIDTexts("$1")+` AND contact_id `+d.AmongIDTexts("$2")+behind, database.Texts(l.snapshot.companies()), database.Texts(l.ids))
}

// ofValues reads columns of the contacts' values of the file's fields, behind the contact's id.
func (l *belongings) ofValues(ctx context.Context, tx *database.Tx, columns, behind string, scan func(*sql.Rows) error) error {
	if !l.want.fields {
		return nil
	}
	d := tx.Dialect()
	return tx.Each(ctx, "contacts' values", scan, `SELECT contact_id, `+columns+` FROM custom_field_values
		WHERE company_id `+d.AmongIDTexts("$1")+` AND contact_id `+d.AmongIDTexts("$2")+` AND custom_field_id `+d.AmongIDTexts("$3")+behind,
		database.Texts(l.snapshot.companies()), database.Texts(l.ids), database.Texts(l.fields))
}

// weigh reads how long the labels and values are, and nothing of them. Where they are too
// much, the rows that may be planned at once are those before the one that brings too much.
func (l *belongings) weigh(ctx context.Context, tx *database.Tx) error {
	bytes, all := map[*record]int64{}, int64(0)
	count := func(each int64) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			var of id.ID
			var n int64
			if err := rows.Scan(&of, &n); err != nil {
				return err
			}
			bytes[l.contacts[of]] += n * each
			all += n * each
			return nil
		}
	}
	if err := l.ofLabels(ctx, tx, "count(*)", " GROUP BY contact_id", count(storedLabel)); err != nil {
		return err
	}
	if err := l.ofValues(ctx, tx, "sum(octet_length(value))", " GROUP BY contact_id", count(1)); err != nil {
		return err
	}
	p := l.snapshot
	if all <= p.stored {
		return nil
	}
	named := map[string]*record{} // by company and by what a row may call it
	for of, t := range l.contacts {
		b := t.tenant.company.String()
		named[b+"id"+of.String()], named[b+"email"+t.now.EmailKey] = t, t
		if t.now.ExternalID != "" {
			named[b+"external"+t.now.ExternalID] = t
		}
	}
	sum := int64(0)
	for i := range p.rows {
		r, cells := &p.rows[i], &p.cells[i]
		b := p.of(r)
		if b == nil {
			continue
		}
		of := b.company.String()
		for _, name := range []string{of + "id" + cells.ours.String(), of + "email" + cells.draft.EmailKey, of + "external" + r.FieldAt(p.columns.id).Value} {
			if t := named[name]; t != nil {
				sum += bytes[t]
				delete(bytes, t) // it is read once
			}
		}
		if i > 0 && sum > p.stored {
			return &kind.TooMuch{Rows: i}
		}
	}
	return nil
}
