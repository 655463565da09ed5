// Package id creates and parses the ids of all records.
//
// An id is a UUIDv7 (RFC 9562) whose last byte names the kind of record. Ids sort by time of
// creation, so that indexes grow at their right end and bulk loads stay fast. node(id:) knows
// which table to query. An id of the wrong kind is refused before a query runs. 54 random bits
// remain besides the millisecond and its fraction, which are strictly increasing within a
// process.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

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

	APIKey Kind = 0x0F

	SecondFactor    Kind = 0x10
	SignInChallenge Kind = 0x11
)

// New makes an id of the kind.
func New(k Kind) ID {
	var one [1]ID
	fill(one[:], k)
	return one[0]
}

// Many makes n ids of the kind, in ascending order. One costs a tenth of what New takes, which
// asks for the time and for randomness each time.
func Many(k Kind, n int) []ID {
	ids := make([]ID, n)
	fill(ids, k)
	return ids
}

// fill makes the ids. It ends the process where the operating system has no randomness to give,
// in which case nothing secure can be done at all.
func fill(ids []ID, k Kind) {
	stamp := last.next(len(ids))
	const width = 7 // random bytes of an id: the variant takes two bits of the first
	var random [width * 64]byte
	for from := range ids {
		at := from % 64 * width
		if at == 0 {
			_, _ = rand.Read(random[:min(len(ids)-from, 64)*width]) // it never fails
		}
		u := &ids[from]
		binary.BigEndian.PutUint64(u[:8], stamp>>12<<16|7<<12|stamp&0xFFF)
		copy(u[8:15], random[at:at+width])
		u[8] = u[8]&0x3F | 0x80
		u[15] = byte(k)
		stamp++
	}
}

// stamps are times of ids: milliseconds of Unix time, then 12 bits for their fraction (RFC 9562,
// section 6.2, method 3).
type stamps struct {
	sync.Mutex
	given uint64 // the last one
}

var last stamps

// next gives the first of n stamps that nobody was given. Where the clock does not move on, or
// more are asked for than it has, they run ahead of it.
func (s *stamps) next(n int) uint64 {
	now := time.Now().UnixNano()
	stamp := uint64(now/1e6)<<12 | uint64(now%1e6)>>8
	s.Lock()
	defer s.Unlock()
	stamp = max(stamp, s.given+1)
	s.given = stamp + uint64(n) - 1
	return stamp
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
