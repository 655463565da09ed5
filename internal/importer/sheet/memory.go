package sheet

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Memory is what headers were mapped to, by explicit mappings, in the imports of one company and
// kind that were accepted (rule F5). What was left out is not remembered. The zero value is empty.
type Memory struct {
	entries []memorized // the newest first
	byKey   map[string]int
}

// memorized is what one header was mapped to.
type memorized struct {
	Key    string         `json:"key"` // of the header
	Field  string         `json:"field"`
	Values []ValueMapping `json:"values,omitempty"`
}

// The most that is remembered; beyond it the oldest is forgotten.
const (
	MaxRemembered      = 500      // headers
	MaxRememberedBytes = 64 << 10 // of JSON
)

// DecodeMemory reads what Encode has given; nil: nothing is remembered.
func DecodeMemory(raw json.RawMessage) (Memory, error) {
	var m Memory
	if len(raw) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(raw, &m.entries); err != nil {
		return Memory{}, fmt.Errorf("the remembered mappings: %w", err)
	}
	m.index()
	return m, nil
}

// Encode gives what is stored of it.
func (m Memory) Encode() (json.RawMessage, error) { return json.Marshal(m.entries) }

func (m *Memory) index() {
	m.byKey = make(map[string]int, len(m.entries))
	for i, e := range m.entries {
		m.byKey[e.Key] = i
	}
}

// of is what the header was mapped to.
func (m Memory) of(header string) (Mapping, bool) {
	i, ok := m.byKey[Key(header)]
	if !ok {
		return Mapping{}, false
	}
	e := &m.entries[i]
	return Mapping{Header: header, Field: &e.Field, Values: e.Values}, true
}

// With is the memory once an import with these mappings was accepted, and whether it has changed.
// What is mapped anew counts as the newest; what is left out by name is forgotten.
func (m Memory) With(mappings []Mapping) (Memory, bool, error) {
	next := Memory{entries: slices.Clone(m.entries)}
	changed := false
	for _, given := range mappings {
		if given.Field == nil { // what the header meant is said to be no longer so
			kept := len(next.entries)
			next.entries = slices.DeleteFunc(next.entries, func(old memorized) bool { return old.Key == Key(given.Header) })
			changed = changed || len(next.entries) < kept
			continue
		}
		e := memorized{Key(given.Header), *given.Field, given.Values}
		if i, known := m.byKey[e.Key]; known && m.entries[i].Field == e.Field && slices.Equal(m.entries[i].Values, e.Values) {
			continue
		}
		changed = true
		next.entries = append([]memorized{e}, slices.DeleteFunc(next.entries, func(old memorized) bool { return old.Key == e.Key })...)
	}
	if !changed {
		return m, false, nil
	}
	if err := next.forget(); err != nil {
		return m, false, err
	}
	next.index()
	return next, true, nil
}

// forget drops the oldest beyond what is remembered.
func (m *Memory) forget() error {
	left := MaxRememberedBytes - len("[]")
	for i, e := range m.entries[:min(len(m.entries), MaxRemembered)] {
		raw, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if left -= len(raw) + len(","); left < 0 {
			m.entries = m.entries[:i]
			return nil
		}
	}
	m.entries = m.entries[:min(len(m.entries), MaxRemembered)]
	return nil
}

// Headers are the keys of the headers that are remembered.
func (m Memory) Headers() []string { return slices.Sorted(maps.Keys(m.byKey)) }
