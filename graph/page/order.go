package page

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

// Order is a list's total order: terms that together are unique, and how to read them
// off a row. All terms go the same way, so that one row-value comparison, and so one
// index, serves.
type Order[T any] struct {
	Terms []Term
	Desc  bool
	Key   func(T) []any // the terms' values of a row
}

// Term is one column, or expression, of an order.
type Term struct {
	write func(*sql.Selector, *sql.Builder)
	parse func(string) (any, error)
}

func column(name string, parse func(string) (any, error)) Term {
	return Term{parse: parse, write: func(s *sql.Selector, b *sql.Builder) { b.WriteString(s.C(name)) }}
}

// Text is a column of text. A cursor is the client's to change: what no column can hold
// (PostgreSQL takes no NUL) is none of this list's.
func Text(name string) Term {
	return column(name, func(s string) (any, error) {
		if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
			return nil, errors.New("the cursor's text is none that a row can have")
		}
		return s, nil
	})
}

// Int is a column of whole numbers.
func Int(name string) Term {
	return column(name, func(s string) (any, error) { return strconv.ParseInt(s, 10, 64) })
}

// Time is a column of instants, UTC, in microseconds.
func Time(name string) Term {
	return column(name, func(s string) (any, error) { return time.Parse(time.RFC3339Nano, s) })
}

// UUID is a column of ids.
func UUID(name string) Term {
	return column(name, func(s string) (any, error) { return uuid.Parse(s) })
}

// NotEqual is 0 for rows whose column has the value and 1 for all others, so that the
// former come first.
func NotEqual(name string, value any) Term {
	return Term{
		parse: func(s string) (any, error) { return strconv.ParseUint(s, 10, 1) },
		write: func(s *sql.Selector, b *sql.Builder) {
			b.WriteString("CASE WHEN ").WriteString(s.C(name)).WriteString(" = ").Arg(value).WriteString(" THEN 0 ELSE 1 END")
		},
	}
}

// beyond keeps the rows behind the key, or before it.
func (o Order[T]) beyond(key []any, after bool) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteByte('(')
			for i, t := range o.Terms {
				if i > 0 {
					b.Comma()
				}
				t.write(s, b)
			}
			if after != o.Desc {
				b.WriteString(") > (")
			} else {
				b.WriteString(") < (")
			}
			b.Args(key...).WriteByte(')')
		}))
	}
}

func (o Order[T]) by(backward bool) func(*sql.Selector) {
	direction := " ASC"
	if o.Desc != backward {
		direction = " DESC"
	}
	return func(s *sql.Selector) {
		for _, t := range o.Terms {
			s.OrderExpr(sql.ExprFunc(func(b *sql.Builder) {
				t.write(s, b)
				b.WriteString(direction)
			}))
		}
	}
}

func (o Order[T]) encode(row T) string {
	key := o.Key(row)
	texts := make([]string, len(key))
	for i, v := range key {
		if t, ok := v.(time.Time); ok {
			texts[i] = t.UTC().Format(time.RFC3339Nano)
			continue
		}
		texts[i] = fmt.Sprint(v)
	}
	raw, _ := json.Marshal(texts) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (o Order[T]) decode(cursor string) ([]any, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, err
	}
	var texts []string
	if err := json.Unmarshal(raw, &texts); err != nil {
		return nil, err
	}
	if len(texts) != len(o.Terms) {
		return nil, fmt.Errorf("the cursor has %d keys, the order %d", len(texts), len(o.Terms))
	}
	key := make([]any, len(texts))
	for i, t := range o.Terms {
		if key[i], err = t.parse(texts[i]); err != nil {
			return nil, err
		}
	}
	return key, nil
}
