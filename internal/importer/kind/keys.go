package kind

import (
	"hash/maphash"

	"tenantry/internal/id"
)

// Keys are what the rows of a batch, and the records that they are about, are called by: ids,
// external ids and emails, whatever their company. Two batches that share none may be planned and
// written at the same time: neither reads what the other writes. Two different keys are taken for
// the same one very rarely, which costs a wait. Make them with [NewKeys].
type Keys struct{ hashes map[uint64]struct{} }

// Each sort of key has a seed of its own, so that an email is no external id.
var seedOf = struct{ id, external, email maphash.Seed }{maphash.MakeSeed(), maphash.MakeSeed(), maphash.MakeSeed()}

// NewKeys has none yet, and room for about so many.
func NewKeys(room int) *Keys { return &Keys{make(map[uint64]struct{}, room)} }

// AddID adds the id of a record.
func (k *Keys) AddID(of id.ID) { k.hashes[maphash.Bytes(seedOf.id, of[:])] = struct{}{} }

// AddExternalID adds an external id; the empty one is none.
func (k *Keys) AddExternalID(external string) { k.add(seedOf.external, external) }

// AddEmail adds an email's key; the empty one is none.
func (k *Keys) AddEmail(key string) { k.add(seedOf.email, key) }

// HasEmail reports whether the email's key was added.
func (k *Keys) HasEmail(key string) bool { return k.has(seedOf.email, key) }

// HasExternalID reports whether the external id was added.
func (k *Keys) HasExternalID(external string) bool { return k.has(seedOf.external, external) }

func (k *Keys) has(seed maphash.Seed, text string) bool {
	_, has := k.hashes[maphash.String(seed, text)]
	return has
}

func (k *Keys) add(seed maphash.Seed, text string) {
	if text != "" {
		k.hashes[maphash.String(seed, text)] = struct{}{}
	}
}

// Share reports whether one of the keys is among the others.
func (k *Keys) Share(others *Keys) bool {
	if len(k.hashes) > len(others.hashes) {
		k, others = others, k
	}
	for hash := range k.hashes {
		if _, both := others.hashes[hash]; both {
			return true
		}
	}
	return false
}
