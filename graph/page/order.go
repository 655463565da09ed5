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

	"tenantry/internal/fault"
)

// Order is a list's total order: terms that together are unique, and how to read them
// off a row. All terms go the same way, so that one row-value comparison, and so one
// index, serves.
type Order[T any] struct {
	Terms []Term
	Desc  bool
	Key   func(T) []any // the terms' values of a row

	parts int // of the list, where it has several
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
	return column(name, func(s string) (any, error) {
		at, err := time.Parse(time.RFC3339Nano, s)
		return at.UTC(), err // whatever zone a client has put there: SQLite compares texts
	})
}

// UUID is a column of ids.
func UUID(name string) Term {
	return column(name, func(s string) (any, error) { return uuid.Parse(s) })
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

// place is where a cursor points: behind or before the key in one of the list's parts. A
// nil key is the part's end.
type place struct {
	part int
	key  []any
}

// inParts is the order of a list of so many parts, whose cursors name theirs.
func (o Order[T]) inParts(n int) Order[T] {
	o.parts = n
	return o
}

// bound is where the argument's cursor points, or the end that stands for none.
func (o Order[T]) bound(cursor *string, name string, end place) (place, error) {
	if cursor == nil {
		return end, nil
	}
	at, err := o.decode(*cursor)
	if err != nil {
		return at, fault.New(fault.Invalid, "%q is not a cursor of this list: take one from its edges or its pageInfo", name).
			At(name).Because(err)
	}
	return at, nil
}

func (o Order[T]) encode(row T, part int) string {
	raw := append(make([]byte, 0, 128), '[')
	if o.parts > 0 {
		raw = append(strconv.AppendInt(append(raw, '"'), int64(part), 10), '"', ',')
	}
	for i, v := range o.Key(row) {
		if i > 0 {
			raw = append(raw, ',')
		}
		raw = appendJSON(raw, text(v))
	}
	return base64.RawURLEncoding.EncodeToString(append(raw, ']'))
}

func text(key any) string {
	switch v := key.(type) {
	case string:
		return v
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(key)
}

// appendJSON appends what json.Marshal writes, which most keys need no escapes in.
func appendJSON(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			raw, _ := json.Marshal(s) // strings always marshal
			return append(dst, raw...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}

func (o Order[T]) decode(cursor string) (place, error) {
	var at place
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return at, err
	}
	var texts []string
	if err := json.Unmarshal(raw, &texts); err != nil {
		return at, err
	}
	if o.parts > 0 && len(texts) > 0 {
		at.part, err = strconv.Atoi(texts[0])
		if err != nil || at.part < 0 || at.part >= o.parts {
			return at, fmt.Errorf("the cursor's part is %.20q; the list has %d", texts[0], o.parts)
		}
		texts = texts[1:]
	}
	if len(texts) != len(o.Terms) {
		return at, fmt.Errorf("the cursor has %d keys, the order %d", len(texts), len(o.Terms))
	}
	at.key = make([]any, len(texts))
	for i, t := range o.Terms {
		if at.key[i], err = t.parse(texts[i]); err != nil {
			return at, err
		}
	}
	return at, nil
}
