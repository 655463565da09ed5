package contacts

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/id"
)

// search is what search blocks are asked.
type search struct {
	prefix   string
	inBlocks []id.ID // what they have; asked for only where the search is to drive the list
}

// fetchBlocks asks the blocks where a search is the narrowest condition; where they have
// too many it is so no longer.
func (s *Service) fetchBlocks(ctx context.Context, companies []id.ID, lists [][]condition, narrowest []int) error {
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
	found, err := s.inBlocks(ctx, of, prefix)
	if err != nil {
		return err
	}
	for i, n := range narrowest {
		if n < 0 || lists[i][n].search == nil {
			continue
		}
		if lists[i][n].search.inBlocks = found[companies[i]]; len(found[companies[i]]) > few {
			narrowest[i] = -1
		}
	}
	return nil
}

// wanted is what a search, which may be nil, compares with; nil where nothing can match. Where
// a domain is being typed whose letters are not ASCII, completing are the keys of each
// company's emails that it may become: their ASCII form does not tell by its beginning.
func (s *Service) wanted(ctx context.Context, companies []id.ID, search *string) (wanted *fold.Search, completing map[id.ID][]string, err error) {
	if search == nil {
		return nil, nil, nil
	}
	w, ok := fold.SearchOf(*search)
	if !ok {
		return nil, nil, nil
	}
	if w.Typed == "" || len(companies) == 0 {
		return &w, nil, nil
	}
	d := s.db.Dialect()
	rows, err := s.db.SQL().QueryContext(ctx, fmt.Sprintf("SELECT company_id, email_key FROM contacts WHERE company_id%s AND email_key >= $2 AND email_key < $3 ORDER BY company_id, email_key LIMIT %d",
		d.AmongIDs("$1"), few), d.IDs(companies), w.Typed, behind(w.Typed))
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
// but for what is in blocks.
func begins(companyID id.ID, keys []string, wanted fold.Search, completing []string) condition {
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
		if len(c.search.inBlocks) > 0 {
			either = append(either, sql.And(database.AmongIDs(q, contact.FieldID, c.search.inBlocks), c.passing(q)))
		}
		return sql.Or(either...)
	}
	for _, r := range ranges {
		c.entries = append(c.entries, func(arg func(any) string) string {
			from := "contacts WHERE company_id = " + arg(companyID) + " AND " + reaching(r.column, r.from, r.column, arg)
			if r.column != contact.FieldEmailKey {
				from += " AND NOT in_block"
			}
			return from
		})
	}
	return c
}

// singly: the row's keys stand in the indexes; as these say it, word for word.
func singly(q *sql.Selector) *sql.Predicate {
	return sql.P(func(b *sql.Builder) { b.WriteString("NOT ").WriteString(q.C(contact.FieldInBlock)) })
}

// within: the column's text begins with the prefix.
func within(column, prefix string) *sql.Predicate {
	p := sql.GTE(column, prefix)
	if to := behind(prefix); to != "" {
		p = sql.And(p, sql.LT(column, to))
	}
	return p
}

// behind is the first text, by bytes, behind all that begin with the prefix; "" where there
// is none.
func behind(prefix string) string {
	runes := []rune(prefix)
	for len(runes) > 0 {
		switch last := &runes[len(runes)-1]; *last {
		case 0x10FFFF:
			runes = runes[:len(runes)-1]
			continue
		case 0xD7FF: // before the surrogates, which no text has
			*last = 0xE000
		default:
			*last++
		}
		return string(runes)
	}
	return ""
}
