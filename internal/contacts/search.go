package contacts

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
	"tenantry/internal/searchindex"
)

// search is a search for a beginning.
type search struct {
	prefix  string
	indexed []id.ID // contacts that searchindex has; asked for only where the search is to drive the list
}

// fetchIndexed asks searchindex where a search is the narrowest condition; where that has too
// many contacts the search is so no longer.
func (s *Service) fetchIndexed(ctx context.Context, companies []id.ID, lists [][]condition, narrowest []int) error {
	var of []id.ID
	prefix := ""
	for i, n := range narrowest {
		if n >= 0 && lists[i][n].search != nil {
			of, prefix = append(of, companies[i]), lists[i][n].search.prefix
		}
	}
	if len(of) == 0 {
		return nil
	}
	found, err := s.index.Find(ctx, of, prefix)
	if err != nil {
		return err
	}
	for i, n := range narrowest {
		if n < 0 || lists[i][n].search == nil {
			continue
		}
		if lists[i][n].search.indexed = found[companies[i]]; len(found[companies[i]]) > few {
			narrowest[i] = -1
		}
	}
	return nil
}

// wanted is what a search, which may be nil, compares with; nil where nothing can match. Where
// a domain is being typed whose letters are not ASCII, completing are the keys of each
// company's emails that it may become: their ASCII form does not tell by its beginning.
func (s *Service) wanted(ctx context.Context, companies []id.ID, search *string) (wanted *normalize.Search, completing map[id.ID][]string, err error) {
	if search == nil {
		return nil, nil, nil
	}
	w, ok := normalize.SearchOf(*search)
	if !ok {
		return nil, nil, nil
	}
	if w.Typed == "" || len(companies) == 0 {
		return &w, nil, nil
	}
	d := s.db.Dialect()
	rows, err := s.db.SQL().QueryContext(ctx, fmt.Sprintf("SELECT company_id, email_key FROM contacts WHERE company_id%s AND email_key >= $2 AND email_key < $3 ORDER BY company_id, email_key LIMIT %d",
		d.AmongIDs("$1"), few), d.IDs(companies), w.Typed, searchindex.End(w.Typed))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	completing = map[id.ID][]string{}
	for rows.Next() {
		var c id.ID
		var key string
		if err := rows.Scan(&c, &key); err != nil {
			return nil, nil, err
		}
		if w.Completes(key) {
			completing[c] = append(completing[c], key)
		}
	}
	return &w, completing, rows.Err()
}

// begins: the email, or a search key, begins with the text (rule K6), or the email is one of
// those that complete it. keys are the columns of the keys. Each alternative is a range of an index that begins with the company,
// but for the contacts that searchindex has.
func begins(companyID id.ID, keys []string, wanted normalize.Search, completing []string) condition {
	key := wanted.Key
	type keyRange struct{ column, from string }
	ranges := []keyRange{{contact.FieldEmailKey, wanted.Email}} // a whole domain has its ASCII form there
	for _, column := range keys {
		ranges = append(ranges, keyRange{column, key})
	}
	c := condition{search: &search{prefix: key}, passing: func(q *sql.Selector) *sql.Predicate {
		var either []*sql.Predicate
		for _, r := range ranges {
			either = append(either, within(q.C(r.column), r.from))
		}
		if len(completing) > 0 {
			either = append(either, database.AmongTexts(q, contact.FieldEmailKey, completing))
		}
		return sql.Or(either...)
	}}
	c.driving = func(q *sql.Selector) *sql.Predicate {
		var either []*sql.Predicate
		for _, r := range ranges {
			// SQLite uses an index for an alternative only if all of its columns are in it.
			there := sql.And(sql.EQ(q.C(contact.FieldCompanyID), companyID), within(q.C(r.column), r.from))
			if r.column != contact.FieldEmailKey {
				there = sql.And(there, singly(q))
			}
			either = append(either, there)
		}
		if len(completing) > 0 {
			either = append(either, sql.And(sql.EQ(q.C(contact.FieldCompanyID), companyID), database.AmongTexts(q, contact.FieldEmailKey, completing)))
		}
		if len(c.search.indexed) > 0 {
			either = append(either, sql.And(database.AmongIDs(q, contact.FieldID, c.search.indexed), c.passing(q)))
		}
		return sql.Or(either...)
	}
	for _, r := range ranges {
		c.entries = append(c.entries, func(arg func(any) string) string {
			from := "contacts WHERE company_id = " + arg(companyID) + " AND " + searchindex.Range(r.column, r.from, r.column, arg)
			if r.column != contact.FieldEmailKey {
				from += " AND NOT in_block"
			}
			return from
		})
	}
	return c
}

// singly: the row's keys are in the database's indexes; worded as these word it.
func singly(q *sql.Selector) *sql.Predicate {
	return sql.P(func(b *sql.Builder) { b.WriteString("NOT ").WriteString(q.C(contact.FieldInBlock)) })
}

// within: the column's text begins with the prefix.
func within(column, prefix string) *sql.Predicate {
	p := sql.GTE(column, prefix)
	if to := searchindex.End(prefix); to != "" {
		p = sql.And(p, sql.LT(column, to))
	}
	return p
}

// Compact clears outdated keys from the search index. Run it now and then.
func (s *Service) Compact(ctx context.Context) error { return s.index.Compact(ctx) }

// indexedContacts are the contacts whose keys searchindex has.
type indexedContacts struct {
	db   *database.DB
	bulk *Bulk
}

func (c indexedContacts) CountKeys(ctx context.Context, company id.ID) (n int, err error) {
	err = c.db.SQL().QueryRowContext(ctx, `SELECT COUNT(`+strings.Join(c.bulk.keyColumns(), `) + COUNT(`)+`)
		FROM contacts WHERE company_id = $1 AND in_block`, company).Scan(&n)
	return n, err
}

func (c indexedContacts) ReadKeys(ctx context.Context, tx *database.Tx, company id.ID, contacts []id.ID, each func(contact id.ID, key string)) error {
	texts := make([]string, len(contacts))
	for i, contact := range contacts {
		texts[i] = contact.String()
	}
	rows, err := tx.QueryContext(ctx, `SELECT id, `+strings.Join(c.bulk.keyColumns(), ", ")+` FROM contacts WHERE company_id = $1 AND in_block AND id`+
		tx.Dialect().AmongIDTexts("$2"), company, database.Texts(texts))
	if err != nil {
		return err
	}
	defer rows.Close()
	var contact id.ID
	keys, into := make([]stdsql.NullString, len(c.bulk.searched)), []any{&contact}
	for i := range keys {
		into = append(into, &keys[i])
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for _, key := range keys {
			if key.Valid {
				each(contact, key.String)
			}
		}
	}
	return rows.Err()
}

// keyColumns are the columns of search keys.
func (b *Bulk) keyColumns() []string {
	columns := make([]string, len(b.searched))
	for i := range b.searched {
		columns[i] = b.searched[i].SearchKey
	}
	return columns
}
