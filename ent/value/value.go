// Package value holds what the generated code computes of a field at run time: its default
// and whether a value is within its limits. ent/schema says which field has which.
package value

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Now is the time as every column holds it: UTC, whole microseconds. PostgreSQL keeps
// no more, and keyset cursors over SQLite's textual times demand one zone.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Text accepts what has from least to most code points (rule K5).
func Text(least, most int) func(string) error {
	return func(s string) error {
		if n := utf8.RuneCountInString(s); n < least || n > most {
			return fmt.Errorf("it has %d code points and must have %d to %d", n, least, most)
		}
		return nil
	}
}

// NotEmpty accepts every text but the empty one.
func NotEmpty(s string) error {
	if s == "" {
		return errors.New("it must not be empty")
	}
	return nil
}

// AtLeast accepts what is not below least.
func AtLeast(least int) func(int) error {
	return func(n int) error {
		if n < least {
			return fmt.Errorf("it is %d and must be at least %d", n, least)
		}
		return nil
	}
}
