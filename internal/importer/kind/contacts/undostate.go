package contacts

import (
	"bytes"
	"maps"
	"slices"

	records "tenantry/internal/contacts"
	"tenantry/internal/id"
)

// state is a contact with its labels and values.
type state struct {
	records.Record
	labels map[id.ID]bool
	values map[id.ID]string
}

func (s *state) setLabel(label id.ID, has bool) {
	if !has {
		delete(s.labels, label)
		return
	}
	if s.labels == nil {
		s.labels = map[id.ID]bool{}
	}
	s.labels[label] = true
}

func (s *state) setValue(field id.ID, value string) {
	if value == "" {
		delete(s.values, field)
		return
	}
	if s.values == nil {
		s.values = map[id.ID]string{}
	}
	s.values[field] = value
}

// clone is a copy that can be changed by itself.
func (s *state) clone() state {
	return state{s.Record, maps.Clone(s.labels), maps.Clone(s.values)}
}

// sortedIDs are the keys in their order.
func sortedIDs[V any](of map[id.ID]V) []id.ID {
	if len(of) == 0 {
		return nil
	}
	return slices.SortedFunc(maps.Keys(of), func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
}

// differing are the keys of which both have another value, in their order.
func differing[V comparable](a, b map[id.ID]V) []id.ID {
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	keys := map[id.ID]struct{}{}
	for _, m := range []map[id.ID]V{a, b} {
		for of := range m {
			if a[of] != b[of] {
				keys[of] = struct{}{}
			}
		}
	}
	return sortedIDs(keys)
}
