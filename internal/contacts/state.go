package contacts

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"tenantry/internal/field"
	"tenantry/internal/id"
)

// States compares what contacts have. The hash of a contact that an import has made is in its
// journal, and that of the contact as it is stored today says whether anything of it has changed since
// (rule J14). It is stored, and so stays the same from version to version: a field that is new in one is in no
// hash where a contact lacks it. Make it with [Bulk.States]; it is for one goroutine.
type States struct {
	bulk   *Bulk
	state  []byte
	before []byte
	sorted []id.ID
}

// States returns one.
func (b *Bulk) States() *States { return &States{bulk: b} }

// Hash is the 64-bit xxHash of all that a contact has: its stored fields in the order of the table
// of fields, its labels, and its values of custom fields, both in any order and each once.
func (s *States) Hash(r *Record, labels []id.ID, values map[id.ID]string) uint64 {
	s.state = field.AppendStates(s.state[:0], s.bulk.stored, r)
	s.sort(labels...)
	for _, label := range s.sorted {
		s.state = append(s.state, label[:]...)
	}
	s.state = binary.AppendUvarint(s.state, uint64(len(labels)))
	s.sorted = s.sorted[:0]
	for of := range values {
		s.sorted = append(s.sorted, of)
	}
	s.sort(s.sorted...)
	for _, of := range s.sorted {
		s.state = append(append(append(s.state, of[:]...), values[of]...), 0)
	}
	return xxhash.Sum64(s.state)
}

func (s *States) sort(ids ...id.ID) {
	s.sorted = append(s.sorted[:0], ids...)
	slices.SortFunc(s.sorted, func(x, y id.ID) int { return bytes.Compare(x[:], y[:]) })
}

// EachChange calls each for the fields that can change and differ between both, with their states before and
// after, see package field's AppendState. These are another field's as soon as it returns.
func (s *States) EachChange(before, after *Record, each func(name string, before, after []byte)) {
	for i := range s.bulk.changing {
		if f := &s.bulk.changing[i]; !f.Same(before, after) {
			s.before, s.state = f.AppendState(s.before[:0], before), f.AppendState(s.state[:0], after)
			each(f.Name, s.before, s.state)
		}
	}
}
