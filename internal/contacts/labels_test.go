package contacts_test

import (
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/contacts"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// Rule K2: names are case-sensitive; a deleted label is gone from its contacts.
func TestLabels(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		upper, lower := w.label(w.sato, w.alpha, "VIP"), w.label(w.sato, w.alpha, "vip")
		_, err := w.CreateLabel(w.sato, &w.alpha.ID, " VIP ")
		w.Refused("the same name", err, fault.AlreadyExists, "input.name")
		_, err = w.UpdateLabel(w.sato, lower.ID, "VIP")
		w.Refused("another's name", err, fault.AlreadyExists, "input.name")
		_, err = w.CreateLabel(w.sato, &w.alpha.ID, strings.Repeat("é", 101))
		w.Refused("a long name", err, fault.Invalid, "input.name")
		w.label(w.rita, w.rival, "VIP")
		kim := w.contact("kim@x.example", func(in *contacts.NewContact) { in.LabelIDs = []id.ID{upper.ID, lower.ID} })
		w.Must(w.DeleteLabel(w.sato, upper.ID))
		if l, _ := w.belongings(kim.ID); l != "vip" {
			t.Errorf("after the deletion it has %q", l)
		}
		renamed, err := w.UpdateLabel(w.sato, lower.ID, "V:I\\P")
		w.Must(err)
		if renamed.Name != `V:I\P` {
			t.Errorf("it is called %q", renamed.Name)
		}
		w.Refused("a stranger's deletion", w.DeleteLabel(w.rita, lower.ID), fault.NotFound, "input.id")
		w.Refused("a member's deletion", w.DeleteLabel(w.carl, lower.ID), fault.Forbidden, "input.id")
		_, err = w.UpdateLabel(w.carl, lower.ID, "x")
		w.Refused("a member's change", err, fault.Forbidden, "input.id")
	})
}

// Rule K3: a variable name is a column of its own; the values go with the field.
func TestCustomFields(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		size := w.field(w.sato, w.alpha, "Shoe Size", enum.Number)
		if size.VariableName != "Shoe Size" || size.VariableKey != "shoesize" {
			t.Errorf("the field is %+v", size)
		}
		for _, taken := range []string{"shoe_size", "SHOE-SIZE", "Sho\u00adeSize"} {
			_, err := w.CreateCustomField(w.sato, contacts.NewCustomField{CompanyID: &w.alpha.ID, VariableName: taken, Name: "n", Type: enum.Text})
			w.Refused(taken, err, fault.AlreadyExists, "input.variableName")
		}
		for _, refused := range []string{
			"email", "E-Mail", "first name", "id", "Client-ID", "labels_id", "company id", "Created At", "import problem",
			"", "__-", "=cmd", "+1", "@x", "-x", "'x", "a\nb", "a\x00b", strings.Repeat("x", 201),
		} {
			_, err := w.CreateCustomField(w.sato, contacts.NewCustomField{CompanyID: &w.alpha.ID, VariableName: refused, Name: "n", Type: enum.Text})
			w.Refused(refused, err, fault.Invalid, "input.variableName")
		}
		w.field(w.rita, w.rival, "Shoe Size", enum.Text)
		kim := w.contact("kim@x.example", func(in *contacts.NewContact) {
			in.Values = []contacts.FieldValue{{VariableName: "shoesize", Value: new("42")}}
		})
		renamed, err := w.UpdateCustomField(w.sato, size.ID, "Size of the shoe")
		w.Must(err)
		if renamed.Name != "Size of the shoe" || renamed.VariableName != "Shoe Size" {
			t.Errorf("renamed it is %+v", renamed)
		}
		w.Refused("a stranger's deletion", w.DeleteCustomField(w.rita, size.ID), fault.NotFound, "input.id")
		w.Refused("a member's deletion", w.DeleteCustomField(w.carl, size.ID), fault.Forbidden, "input.id")
		w.Must(w.DeleteCustomField(w.sato, size.ID))
		if _, v := w.belongings(kim.ID); v != "" {
			t.Errorf("after the deletion it has %q", v)
		}
	})
}

// A company has no more of anything than its lists show.
func TestCaps(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i := range contacts.MaxCustomFields {
			w.field(w.sato, w.alpha, "f"+strings.Repeat("x", i), enum.Text)
		}
		_, err := w.CreateCustomField(w.sato, contacts.NewCustomField{CompanyID: &w.alpha.ID, VariableName: "more", Name: "n", Type: enum.Text})
		w.Refused("one more", err, fault.LimitExceeded, "")
		w.field(w.rita, w.rival, "another's", enum.Text)
	})
}

// Acts stand in the log of the company that they concern, and in no other's.
func TestAudit(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		kim := w.contact("kim@x.example")
		w.Must(w.DeleteContact(w.sato, kim.ID))
		events, err := w.DB.Ent().AuditEvent.Query().All(w.System)
		w.Must(err)
		var actions []string
		for _, e := range events {
			if strings.HasPrefix(e.Action, "contact.") {
				if e.CompanyID != w.alpha.ID || e.ActorName != "sato Lovelace" {
					t.Errorf("the event is %+v", e)
				}
				actions = append(actions, e.Action)
			}
		}
		if got := sorted(actions); got != "contact.created contact.deleted" {
			t.Errorf("the log has %s", got)
		}
	})
}
