package model

import "tenantry/client"

// Fate is what may become of a file.
type Fate int

// The fates.
const (
	Completes  Fate = iota // accepted and COMPLETED
	MayStop                // accepted; COMPLETED, or CANCELED or FAILED after whole batches
	Fails                  // accepted; FAILED after whole batches
	MayVanish              // the client gave it up: accepted or not, but as a whole
	Refused                // never accepted
	Disappears             // its company is deleted on the way
)

// Sent is a file and what its sender knows.
type Sent struct {
	*File
	Into   string // the customer whose records these are; empty: the tenant itself
	DryRun bool
	Fate   Fate
	Answer string // the import's id, where a client received one

	Retries     *Sent             // the import of which these rows are retried; nil: a file of its own
	Numbers     []int             // of a retry: its rows' numbers in the file
	Corrections []client.RetryRow // likewise: what is sent

	Undoes *Sent  // the import that is taken back
	Edits  []Edit // by hand, of the tenant's contacts, when all earlier imports had ended and before this one was sent
}

// Edit is what somebody did to a contact.
type Edit struct {
	ID, Email string // at that time
	Last      string // its last name since
	Delete    bool   // it was deleted
}

// number is that of the n-th row in the file.
func (s *Sent) number(n int) int {
	if s.Retries == nil {
		return n
	}
	return s.Numbers[n-1]
}

// World is what was done in a case, and all that was seen of it from outside.
type World struct {
	Tenants   []*Tenant
	Contested []string
	Foreign   string // the email of a user of none of the tenants
	Sent      []*Sent
	Histories []*History
	Blobs     map[string]int64 // of uploads: by import id, bytes
	Leaks     []string         // what is left over where nothing should be (I8)
	NoJournal bool             // a version has worked on the imports that keeps no journal
}

// Violation is an invariant that does not hold.
type Violation struct {
	Invariant string `json:"invariant"` // I1 … I10
	Detail    string `json:"detail"`
}
