// Package id creates and parses the ids of all records.
//
// An id is a UUIDv7 (RFC 9562) whose last byte names the kind of record. Ids sort by time of
// creation, so that indexes grow at their right end and bulk loads stay fast. node(id:) knows
// which table to query. An id of the wrong kind is refused before a query runs. 54 random bits
// remain besides the millisecond and its fraction, which the library keeps strictly increasing
// within a process.
package id

import (
	"fmt"

	"github.com/google/uuid"
)

// ID identifies one record. Its text form is the UUID's usual 36 characters.
type ID = uuid.UUID

// Kind says what an id identifies. The numbers stand in stored ids: they are
// never reused and never renumbered.
type Kind byte

// The kinds of records.
const (
	Company      Kind = 0x01
	Project      Kind = 0x02
	Desk         Kind = 0x03
	User         Kind = 0x04
	Session      Kind = 0x05
	PartnerAdmin Kind = 0x06
	ImportRun    Kind = 0x07
	ImportIssue  Kind = 0x08
	Notification Kind = 0x09

	TransferToken Kind = 0x0A
	AuditEvent    Kind = 0x0B

	Contact     Kind = 0x0C
	Label       Kind = 0x0D
	CustomField Kind = 0x0E
)

// New makes an id of the kind. It panics only where the operating system has no
// randomness to give, in which case nothing secure can be done at all.
func New(k Kind) ID {
	u := uuid.Must(uuid.NewV7())
	u[15] = byte(k)
	return u
}

// Maker returns a function that makes ids of one kind, in the form that ent's
// field defaults take.
func Maker(k Kind) func() ID { return func() ID { return New(k) } }

// KindOf reads the kind out of an id. Whether such a record exists is for the
// database to say.
func KindOf(u ID) Kind { return Kind(u[15]) }

// Parse reads the text form and demands the kind. Only the canonical lower- or
// upper-case 36-character form is taken, so that one record has one name.
func Parse(s string, k Kind) (ID, error) {
	u, err := ParseAny(s)
	if err != nil {
		return ID{}, err
	}
	if KindOf(u) != k {
		return ID{}, fmt.Errorf("id %q is of another kind of record", s)
	}
	return u, nil
}

// ParseAny reads the text form of an id of any kind.
func ParseAny(s string) (ID, error) {
	if len(s) != 36 {
		return ID{}, fmt.Errorf("id has %d characters, not the 36 of a UUID", len(s))
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return ID{}, fmt.Errorf("id is no UUID: %w", err)
	}
	if u.Version() != 7 {
		return ID{}, fmt.Errorf("id is a UUID of version %d, not 7", u.Version())
	}
	return u, nil
}
