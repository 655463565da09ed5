// Package fault defines the one type of errors that clients may see.
//
// An [Error] separates what is safe to say (kind, message, the path of the argument) from what
// is only for the log (the cause). Any other error is INTERNAL for clients and shows only a
// request id, so that a message of the database can never leak by accident.
package fault

import (
	"errors"
	"fmt"
	"maps"
)

// Kind is a class of failure. graph maps each kind to one `extensions.code`.
type Kind uint8

// The kinds, as the API's ErrorCode has them. The zero value is Internal, so that
// a fault nobody classified tells nothing.
const (
	Internal Kind = iota
	BadRequest
	Unauthenticated
	Forbidden
	NotFound
	Invalid
	AlreadyExists
	FailedPrecondition
	LimitExceeded
	RateLimited
	InvalidFile
	Unavailable
)

// codes is the one table from kind to the API's ErrorCode.
var codes = [...]string{
	Internal: "INTERNAL", BadRequest: "BAD_REQUEST", Unauthenticated: "UNAUTHENTICATED",
	Forbidden: "FORBIDDEN", NotFound: "NOT_FOUND", Invalid: "INVALID_ARGUMENT",
	AlreadyExists: "ALREADY_EXISTS", FailedPrecondition: "FAILED_PRECONDITION",
	LimitExceeded: "LIMIT_EXCEEDED", RateLimited: "RATE_LIMITED", InvalidFile: "INVALID_FILE",
	Unavailable: "UNAVAILABLE",
}

// Code is the kind's name in the API.
func (k Kind) Code() string {
	if int(k) >= len(codes) {
		return codes[Internal]
	}
	return codes[k]
}

// Kinds lists every kind there is.
func Kinds() []Kind {
	kinds := make([]Kind, len(codes))
	for i := range codes {
		kinds[i] = Kind(i)
	}
	return kinds
}

// Error is a failure with a message that a stranger may read.
type Error struct {
	Kind    Kind
	Message string         // safe to show; says what was wrong and what would be right
	Field   []string       // path of the argument at fault below the operation, such as input, email
	Extra   map[string]any // further `extensions`, such as reason or limit
	Cause   error          // for the log only
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Kind.Code(), e.Message, e.Cause)
	}
	return e.Kind.Code() + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// New makes a fault; the message is formatted as by fmt.Sprintf.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// At returns a copy that names the argument at fault.
func (e *Error) At(path ...string) *Error {
	c := *e
	c.Field = path
	return &c
}

// With returns a copy with one more extension.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Extra = maps.Clone(e.Extra)
	if c.Extra == nil {
		c.Extra = map[string]any{}
	}
	c.Extra[key] = value
	return &c
}

// Because returns a copy that keeps the cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Of finds the fault in an error's chain; nil where there is none.
func Of(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	return nil
}

// Is reports whether the error is a fault of the kind.
func Is(err error, k Kind) bool {
	f := Of(err)
	return f != nil && f.Kind == k
}
