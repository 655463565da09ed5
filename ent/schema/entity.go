package schema

import (
	"slices"

	"entgo.io/ent"
	"entgo.io/ent/privacy"
	"entgo.io/ent/schema"
)

// entity is embedded by every entity. Without a policy of its own (policies.go) nobody
// reads or writes it, the platform itself included.
type entity struct{ ent.Schema }

// Policy of an entity that has none in policies.go.
func (entity) Policy() ent.Policy { return privacy.AlwaysDenyRule() }

// writable is the annotation of a field that may be changed by whoever may update the record:
// ent/policy refuses an update of any other. A create may set every field.
func writable() writableAnnotation { return writableAnnotation{} }

type writableAnnotation struct{}

func (writableAnnotation) Name() string { return "Writable" }

// writableFields lists the entity's fields that bear the annotation.
func writableFields(e ent.Interface) []string {
	fields := e.Fields()
	for _, m := range e.Mixin() {
		fields = append(fields, m.Fields()...)
	}
	var names []string
	for _, f := range fields {
		d := f.Descriptor()
		if slices.Contains(d.Annotations, schema.Annotation(writable())) {
			names = append(names, d.Name)
		}
	}
	return names
}
