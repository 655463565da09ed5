package database

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

// A statement takes 65,535 parameters on PostgreSQL and 32,766 on SQLite, whose driver looks
// for each of them among all. So a list whose length the data decides is one parameter; a
// test refuses predicates of ent that bind each of its entries.

// Among is a predicate of ent: the column is one of the ids.
func Among(column string, ids []uuid.UUID) func(*sql.Selector) {
	return func(s *sql.Selector) { s.Where(AmongIDs(s, column, ids)) }
}

// AmongIDs is [Among] for conditions that are put together: the selector's column is one of
// the ids.
func AmongIDs(s *sql.Selector, column string, ids []uuid.UUID) *sql.Predicate {
	d := Dialect(s.Dialect())
	return sql.P(func(b *sql.Builder) {
		before, after := d.among()
		b.WriteString(s.C(column)).WriteString(before).Arg(d.IDs(ids)).WriteString(after)
	})
}

// AmongIDs is a condition of raw SQL: the column that stands before it is one of those that
// are bound at the placeholder, as [Dialect.IDs] writes them.
func (d Dialect) AmongIDs(placeholder string) string {
	before, after := d.among()
	return before + placeholder + after
}

// AmongTexts is [AmongIDs] for texts.
func AmongTexts(s *sql.Selector, column string, texts []string) *sql.Predicate {
	d := Dialect(s.Dialect())
	return sql.P(func(b *sql.Builder) {
		before, after := d.amongTexts()
		b.WriteString(s.C(column)).WriteString(before).Arg(Texts(texts)).WriteString(after)
	})
}

// AmongTexts is a condition of raw SQL: the column that stands before it is one of the texts
// that are bound at the placeholder, as [Texts] writes them.
func (d Dialect) AmongTexts(placeholder string) string {
	before, after := d.amongTexts()
	return before + placeholder + after
}

// PostgreSQL takes an array of unknown size for a short one, and so goes by the column's
// index: as a subquery it would read a table of any size.
func (d Dialect) amongTexts() (before, after string) {
	if d == Postgres {
		return " = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(", " AS jsonb))))"
	}
	return " IN (SELECT value FROM json_each(", "))"
}

// AmongIDTexts is AmongTexts for a column of ids, whose texts [Texts] writes. Unlike with
// AmongIDs, PostgreSQL does not see how many they are.
func (d Dialect) AmongIDTexts(placeholder string) string {
	if d == Postgres {
		return " = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(" + placeholder + " AS jsonb))::uuid))"
	}
	return d.AmongTexts(placeholder)
}

// Texts are texts as one parameter, a JSON array.
func Texts(texts []string) string {
	if texts == nil {
		return "[]" // and not null, which PostgreSQL cannot take apart
	}
	raw, _ := json.Marshal(texts) // texts always marshal
	return string(raw)
}

func (d Dialect) among() (before, after string) {
	if d == Postgres {
		return " = ANY(CAST(", " AS uuid[]))"
	}
	return " IN (SELECT value FROM json_each(", "))"
}

// IDs are ids as one parameter.
func (d Dialect) IDs(ids []uuid.UUID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	switch {
	case d == Postgres:
		return "{" + strings.Join(texts, ",") + "}"
	case len(ids) == 0:
		return "[]"
	}
	return `["` + strings.Join(texts, `","`) + `"]`
}

// AmongNumbers is [AmongIDs] for whole numbers.
func AmongNumbers(s *sql.Selector, column string, numbers []int) *sql.Predicate {
	d := Dialect(s.Dialect())
	return sql.P(func(b *sql.Builder) {
		before, after := d.amongNumbers()
		b.WriteString(s.C(column)).WriteString(before).Arg(d.Numbers(numbers)).WriteString(after)
	})
}

// AmongNumbers is a condition of raw SQL: the column that stands before it is one of the numbers that
// are bound at the placeholder, as [Dialect.Numbers] writes them.
func (d Dialect) AmongNumbers(placeholder string) string {
	before, after := d.amongNumbers()
	return before + placeholder + after
}

func (d Dialect) amongNumbers() (before, after string) {
	if d == Postgres {
		return " = ANY(CAST(", " AS bigint[]))"
	}
	return " IN (SELECT value FROM json_each(", "))"
}

// Numbers are whole numbers as one parameter.
func (d Dialect) Numbers(numbers []int) string {
	list := []byte{'['}
	if d == Postgres {
		list[0] = '{'
	}
	for i, n := range numbers {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, int64(n), 10)
	}
	if d == Postgres {
		return string(append(list, '}'))
	}
	return string(append(list, ']'))
}

// AmongBytes is [Dialect.AmongTexts] for a column of bytes, which [Dialect.Bytes] writes.
func (d Dialect) AmongBytes(placeholder string) string {
	if d == Postgres {
		return " = ANY(CAST(" + placeholder + " AS bytea[]))"
	}
	return " IN (SELECT unhex(value) FROM json_each(" + placeholder + "))"
}

// Bytes are lists of bytes as one parameter.
func (d Dialect) Bytes(list []string) string {
	var b strings.Builder
	open, before, end := "[", `"`, "]"
	if d == Postgres {
		open, before, end = "{", `"\\x`, "}"
	}
	b.WriteString(open)
	for i, bytes := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(before)
		b.WriteString(hex.EncodeToString([]byte(bytes)))
		b.WriteByte('"')
	}
	b.WriteString(end)
	return b.String()
}

// IsParent is a condition of the rows that [AmongChildren] selects: the column is the parent.
func IsParent(column string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) { b.Ident(column).WriteString(" = parents.id") })
}

// AmongChildren is a condition: the row is one of those whose ids the selector gives of any of
// the parents. The selector has [IsParent] where it speaks of the parent, and is run for one
// parent after another, so that it may have an order and a limit. nil where the database cannot
// do that: SQLite.
func AmongChildren(s *sql.Selector, parents []uuid.UUID, of *sql.Selector) *sql.Predicate {
	d := Dialect(s.Dialect())
	if d != Postgres {
		return nil
	}
	return sql.P(func(b *sql.Builder) {
		b.Ident(s.C("id")).WriteString(" IN (SELECT child.id FROM unnest(CAST(").Arg(d.IDs(parents)).
			WriteString(" AS uuid[])) AS parents(id) CROSS JOIN LATERAL ").Wrap(func(b *sql.Builder) { b.Join(of) }).WriteString(" AS child)")
	})
}

// FirstOfEach is a predicate of ent: the row is among the oldest of its company's, by their
// ids, of which there are at most so many. The table has a company_id, and an index that
// begins with it; one pass over the companies' rows numbers them all, but for those that are
// not as the conditions say.
func FirstOfEach(table string, companies []uuid.UUID, most int, conditions ...string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		d := Dialect(s.Dialect())
		before, after := d.among()
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString(s.C("id")).WriteString(fmt.Sprintf(` IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY company_id ORDER BY id) AS place
				FROM %s WHERE company_id`, quoted(table)) + before).Arg(d.IDs(companies)).WriteString(after).
				WriteString(strings.Join(append([]string{""}, conditions...), " AND ")).WriteString(") AS numbered WHERE place <= ").Arg(most).WriteString(")")
		}))
	}
}
