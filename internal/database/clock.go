package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"
)

// Now is an SQL expression: the time by the database's clock, comparable with columns
// that ent or database/sql wrote. It moves on within a transaction. Its grain is a
// microsecond on PostgreSQL and a millisecond on SQLite.
//
// On SQLite times are text such as "2026-01-02 03:04:05.12+00:00". Go leaves off the
// fraction's last zeros, so they are left off here too: "05.12+" and "05.120+" are one
// instant but not one text. ("+" and "." sort before all digits, so the order is right.)
func (d Dialect) Now() string {
	if d == SQLite {
		return sqliteTime("'now'")
	}
	return "clock_timestamp()"
}

// NowPlus is [Dialect.Now] plus as many seconds as the placeholder's argument says, which
// is a number of any type, may be negative and may have a fraction (milliseconds at the
// finest). The placeholder must not serve another purpose in the statement.
func (d Dialect) NowPlus(placeholder string) string {
	if d == SQLite {
		return sqliteTime("'now', printf('%+.3f seconds', " + placeholder + ")")
	}
	return "(clock_timestamp() + make_interval(secs => (" + placeholder + ")::double precision))"
}

func sqliteTime(arguments string) string {
	return "(rtrim(rtrim(strftime('%Y-%m-%d %H:%M:%f', " + arguments + "), '0'), '.') || '+00:00')"
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func clock(ctx context.Context, q querier, d Dialect) (time.Time, error) {
	var now Time
	if err := q.QueryRowContext(ctx, "SELECT "+d.Now()).Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("reading the database's clock: %w", err)
	}
	return now.Time, nil
}

// Clock reads the database's clock, in UTC.
func (db *DB) Clock(ctx context.Context) (time.Time, error) { return clock(ctx, db.sql, db.dialect) }

// Clock reads the database's clock, in UTC.
func (tx *Tx) Clock(ctx context.Context) (time.Time, error) { return clock(ctx, tx.Tx, tx.dialect) }

// Time scans a time from raw SQL on both databases. SQLite gives a *time.Time only for
// plain columns; what an expression or RETURNING yields comes as text. In UTC.
type Time struct{ time.Time }

// Scan implements sql.Scanner. NULL is an error.
func (t *Time) Scan(value any) error {
	switch v := value.(type) {
	case time.Time:
		t.Time = v.UTC()
		return nil
	case string:
		return t.parse(v)
	case []byte:
		return t.parse(string(v))
	default:
		return fmt.Errorf("scanning a time: got %T, which is neither a time nor its text", value)
	}
}

// sqliteLayouts are what Now, ent and SQLite's own functions write.
var sqliteLayouts = []string{
	"2006-01-02 15:04:05.999999999-07:00",
	"2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999",
}

func (t *Time) parse(s string) error {
	for _, layout := range sqliteLayouts {
		if v, err := time.Parse(layout, s); err == nil {
			t.Time = v.UTC()
			return nil
		}
	}
	return fmt.Errorf("scanning a time: %q is not of the form %q", s, sqliteLayouts[0])
}

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) { return t.UTC(), nil }
