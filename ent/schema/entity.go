package schema

import (
	"fmt"

	"entgo.io/ent"
	"entgo.io/ent/privacy"
)

// entity is embedded by every entity.
type entity struct{ ent.Schema }

// Policy makes ent generate the place of the entity's policy. The policy itself is the
// function of ent/policy that is named as the entity: the generated code calls it
// (ent/template/runtime.tmpl) and does not compile without it.
func (entity) Policy() ent.Policy { return privacy.AlwaysDenyRule() }

// annotation is information about a field for ent's templates.
type annotation struct {
	name  string
	Value string // Go source, if anything
}

func (a annotation) Name() string { return a.name }

// writable is the annotation of a field that may be changed by whoever may update the record:
// ent/policy refuses an update of any other. A create may set every field.
func writable() annotation { return annotation{name: "Writable"} }

// What follows are the annotations of what a field may hold, as calls of ent/value: ent's own
// validators, such as NotEmpty, are closures, which a template cannot write down.

// text is 1 to most code points.
func text(most int) annotation { return check("value.Text(1, %d)", most) }

// optionalText is at most so many code points.
func optionalText(most int) annotation { return check("value.Text(0, %d)", most) }

func notEmpty() annotation         { return check("value.NotEmpty") }
func atLeast(least int) annotation { return check("value.AtLeast(%d)", least) }

func check(format string, args ...any) annotation {
	return annotation{name: "Check", Value: fmt.Sprintf(format, args...)}
}
