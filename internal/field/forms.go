package field

import (
	"fmt"

	"tenantry/ent/enum"
)

// Forms are what a file's importer has said about its dates and numbers (rule F9). With the zero
// value only what can be read in one way is accepted.
type Forms struct {
	// DateOrder is the order of day, month and year where the year does not come first. Empty and
	// YMD: such dates are not accepted.
	DateOrder enum.DateOrder
	// DecimalSeparator stands before the fraction of a number. Empty: it was not said, so that
	// 1.234 and 1,234 could each be two numbers.
	DecimalSeparator enum.DecimalSeparator
}

// Invalid is a problem of a text that says nothing that is accepted.
func Invalid(format string, args ...any) *Problem {
	return &Problem{Code: enum.InvalidValue, Message: fmt.Sprintf(format, args...)}
}

// accepting adds what would be accepted instead.
func (p *Problem) accepting(forms ...string) *Problem {
	p.Accepted = forms
	return p
}

// suggesting adds what was probably meant.
func (p *Problem) suggesting(value string) *Problem {
	p.Suggestion = value
	return p
}
