package contacts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/contacts"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/normalize"
)

// Rule K1: what is left out has its default, what was typed is kept as it was typed.
func TestDefaults(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		c := w.contact("  Maria.KELLER@Bücher.example ")
		if c.Email != "Maria.KELLER@Bücher.example" || c.EmailKey != normalize.Email(c.Email) || c.Username != "maria.keller" ||
			!c.Active || c.Type != enum.Personal || c.LastName != nil || c.ExternalID != nil {
			t.Errorf("the contact is %+v", c)
		}
		p, err := w.DB.Ent().Project.Get(w.System, c.ProjectID)
		w.Must(err)
		d, err := w.DB.Ent().Desk.Get(w.System, c.DeskID)
		w.Must(err)
		if !p.IsDefault || p.CompanyID != w.alpha.ID || !d.IsDefault || d.CompanyID != w.alpha.ID {
			t.Errorf("it stands in %+v, at %+v", p, d)
		}
		if again := w.contact("two@x.example", func(in *contacts.NewContact) { in.Username = new(" Kim ") }); again.Username != "Kim" {
			t.Errorf("the username is %q", again.Username)
		}
	})
}

// Rules K1, K4: emails, ignoring case, and external ids, exactly, are unique in a company,
// and in no other.
func TestUniqueness(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		external := func(e string) func(*contacts.NewContact) {
			return func(in *contacts.NewContact) { in.ExternalID = &e }
		}
		w.contact("kim@x.example", external("A-1"))
		again := kim("KIM@X.example")
		again.CompanyID = &w.alpha.ID
		_, err := w.CreateContact(w.sato, again)
		w.Refused("the same email", err, fault.AlreadyExists, "input.email")
		again = kim("lou@x.example")
		again.CompanyID, again.ExternalID = &w.alpha.ID, new("A-1")
		_, err = w.CreateContact(w.sato, again)
		w.Refused("the same external id", err, fault.AlreadyExists, "input.externalId")
		lou := w.contact("lou@x.example", external("a-1"))
		_, err = w.UpdateContact(w.sato, lou.ID, contacts.ContactChange{Email: input.Field[string]{Set: true, Value: new("Kim@x.example")}})
		w.Refused("another's email", err, fault.AlreadyExists, "input.email")
		again.CompanyID, again.Email = nil, "kim@x.example"
		if _, err = w.CreateContact(w.keller, again); err != nil {
			t.Errorf("another company's contact with the same email: %v", err)
		}
	})
}

// I9: an external id may have any form, also that of ours, as ids of other systems do; not be
// the id of another contact of the company, for which files would take it.
func TestExternalIDsOfAnyForm(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		lou := w.contact("lou@x.example")
		for i, external := range []string{id.New(id.Contact).String(), strings.ToUpper(id.New(id.Contact).String()), id.New(id.Project).String(), "0190a3c4-7b2e-7c3d-9a4b-1c2d3e4f500c"} {
			in := kim(fmt.Sprintf("v%d@x.example", i))
			in.CompanyID, in.ExternalID = &w.alpha.ID, &external
			made, err := w.CreateContact(w.sato, in)
			w.Must(err)
			if *made.ExternalID != external {
				t.Errorf("%s became %s", external, *made.ExternalID)
			}
		}
		in := kim("w@x.example")
		in.CompanyID, in.ExternalID = &w.alpha.ID, new(strings.ToUpper(lou.ID.String()))
		_, err := w.CreateContact(w.sato, in)
		w.Refused("another's id", err, fault.AlreadyExists, "input.externalId")
		in.ExternalID = nil
		made, err := w.CreateContact(w.sato, in)
		w.Must(err)
		change := func(external string) error {
			_, err := w.UpdateContact(w.sato, made.ID, contacts.ContactChange{ExternalID: input.Field[string]{Set: true, Value: &external}})
			return err
		}
		w.Refused("another's id, later", change(lou.ID.String()), fault.AlreadyExists, "input.externalId")
		w.Must(change(made.ID.String())) // its own says nothing else
		in.CompanyID, in.ExternalID = nil, new(lou.ID.String())
		_, err = w.CreateContact(w.keller, in)
		w.Must(err) // in another company it is nobody's
	})
}

// Of an update what is left out stays, null clears what may be null, and nothing else.
func TestUpdates(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		vip, dup := w.label(w.sato, w.alpha, "VIP"), w.label(w.sato, w.alpha, "vip")
		w.field(w.sato, w.alpha, "Shoe Size", enum.Number)
		w.field(w.sato, w.alpha, "since", enum.Date)
		other := w.project(w.sato, w.alpha, "other")
		kim := w.contact("kim@x.example", func(in *contacts.NewContact) {
			in.LastName, in.MiddleName, in.ExternalID = new("Archer"), new("M"), new("1")
			in.LabelIDs = []id.ID{vip.ID, dup.ID, vip.ID}
			in.Values = []contacts.FieldValue{{"shoe_size", new("042.0")}, {"SINCE", new("2024-02-29")}}
		})
		if l, v := w.belongings(kim.ID); l != "VIP vip" || v != "Shoe Size=42 since=2024-02-29" {
			t.Fatalf("it has %q and %q", l, v)
		}
		null, text := input.Field[string]{Set: true}, func(s string) input.Field[string] { return input.Field[string]{Set: true, Value: &s} }
		changed, err := w.UpdateContact(w.sato, kim.ID, contacts.ContactChange{LastName: null, ExternalID: text(" "), FirstName: text("Kimberly")})
		w.Must(err)
		if changed.LastName != nil || changed.ExternalID != nil || changed.FirstName != "Kimberly" || *changed.MiddleName != "M" || changed.Username != "kim" {
			t.Errorf("after the change it is %+v", changed)
		}
		if l, v := w.belongings(kim.ID); l != "VIP vip" || v != "Shoe Size=42 since=2024-02-29" {
			t.Errorf("it has %q and %q, which nobody changed", l, v)
		}
		changed, err = w.UpdateContact(w.sato, kim.ID, contacts.ContactChange{
			Email: text("k.archer@x.example"), ProjectID: input.Field[id.ID]{Set: true, Value: &other.ID}, Active: input.Field[bool]{Set: true, Value: new(false)},
			Type:     input.Field[enum.ContactType]{Set: true, Value: new(enum.Business)},
			LabelIDs: input.Field[[]id.ID]{Set: true, Value: new([]id.ID{dup.ID})},
			Values:   input.Field[[]contacts.FieldValue]{Set: true, Value: new([]contacts.FieldValue{{"since", nil}, {"Shoe-Size", new("-.50")}})},
		})
		w.Must(err)
		if changed.Email != "k.archer@x.example" || changed.ProjectID != other.ID || changed.Active || changed.Type != enum.Business || changed.Username != "kim" {
			t.Errorf("after the change it is %+v", changed)
		}
		if l, v := w.belongings(kim.ID); l != "vip" || v != "Shoe Size=-0.5" {
			t.Errorf("it has %q and %q", l, v)
		}
		if got := w.found(w.sato, w.alpha.ID, contacts.Filter{Search: new("KIMB")}); got != "k.archer" {
			t.Errorf("by the new name one finds %q", got)
		}
		for field, change := range map[string]contacts.ContactChange{
			"email": {Email: null}, "firstName": {FirstName: null}, "username": {Username: null},
			"projectId": {ProjectID: input.Field[id.ID]{Set: true}}, "deskId": {DeskID: input.Field[id.ID]{Set: true}},
			"active": {Active: input.Field[bool]{Set: true}}, "type": {Type: input.Field[enum.ContactType]{Set: true}},
			"labelIds": {LabelIDs: input.Field[[]id.ID]{Set: true}}, "customFields": {Values: input.Field[[]contacts.FieldValue]{Set: true}},
		} {
			_, err := w.UpdateContact(w.sato, kim.ID, change)
			w.Refused("null for "+field, err, fault.Invalid, "input."+field)
		}
		_, err = w.UpdateContact(w.sato, kim.ID, contacts.ContactChange{LabelIDs: input.Field[[]id.ID]{Set: true, Value: &[]id.ID{}}})
		w.Must(err)
		if l, _ := w.belongings(kim.ID); l != "" {
			t.Errorf("it still has %q", l)
		}
		w.Must(w.DeleteContact(w.sato, kim.ID))
		if l, v := w.belongings(kim.ID); l+v != "" {
			t.Errorf("the deleted one left %q and %q", l, v)
		}
	})
}

// belongings are a contact's labels and values, as the database has them.
func (w *world) belongings(contactID id.ID) (labels, values string) {
	w.T.Helper()
	given, err := w.DB.Ent().ContactLabel.Query().Where(contactlabel.ContactID(contactID)).WithLabel().All(w.System)
	w.Must(err)
	var names []string
	for _, g := range given {
		names = append(names, g.Edges.Label.Name)
	}
	has, err := w.DB.Ent().CustomFieldValue.Query().Where(customfieldvalue.ContactID(contactID)).WithCustomField().All(w.System)
	w.Must(err)
	var texts []string
	for _, v := range has {
		texts = append(texts, v.Edges.CustomField.VariableName+"="+v.Value)
	}
	return sorted(names), sorted(texts)
}

// Rules K3, K5: what breaks a rule is refused where it stands, and nothing is written.
func TestRefusals(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.field(w.sato, w.alpha, "size", enum.Number)
		long := strings.Repeat("é", 201)
		for _, c := range []struct {
			field string
			kind  fault.Kind
			set   func(*contacts.NewContact)
		}{
			{"email", fault.Invalid, func(in *contacts.NewContact) { in.Email = "kim" }},
			{"email", fault.Invalid, func(in *contacts.NewContact) { in.Email = "k\x00m@x.example" }},
			{"firstName", fault.Invalid, func(in *contacts.NewContact) { in.FirstName = "\u200b " }},
			{"firstName", fault.Invalid, func(in *contacts.NewContact) { in.FirstName = long }},
			{"middleName", fault.Invalid, func(in *contacts.NewContact) { in.MiddleName = &long }},
			{"lastName", fault.Invalid, func(in *contacts.NewContact) { in.LastName = new("a\xff") }},
			{"username", fault.Invalid, func(in *contacts.NewContact) { in.Username = &long }},
			{"externalId", fault.Invalid, func(in *contacts.NewContact) { in.ExternalID = new(strings.Repeat("é", 101)) }},
			{"customFields.0.variableName", fault.NotFound, func(in *contacts.NewContact) { in.Values = []contacts.FieldValue{{"weight", new("1")}} }},
			{"customFields.0.value", fault.Invalid, func(in *contacts.NewContact) { in.Values = []contacts.FieldValue{{"size", new("big")}} }},
			{"customFields.1.variableName", fault.Invalid, func(in *contacts.NewContact) {
				in.Values = []contacts.FieldValue{{"size", new("1")}, {"S I Z E", new("2")}}
			}},
			{"customFields", fault.LimitExceeded, func(in *contacts.NewContact) { in.Values = make([]contacts.FieldValue, 101) }},
		} {
			in := kim("kim@x.example")
			in.CompanyID = &w.alpha.ID
			c.set(&in)
			_, err := w.CreateContact(w.sato, in)
			w.Refused("a new contact", err, c.kind, "input."+c.field)
		}
		if n, err := w.DB.Ent().Contact.Query().Count(w.System); n != 0 || err != nil {
			t.Errorf("%d contacts were made (%v)", n, err)
		}
	})
}

// Rules U5, C6, and the tenancy of whatever is attached: a project, desk, label or field of
// another company is not found, on creation and on change, even one that the viewer has.
func TestNothingForeignIsAttached(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		kim := w.contact("kim@x.example")
		for _, foreign := range []struct {
			as      string
			project id.ID
			desk    id.ID
			label   id.ID
		}{
			{"a stranger's", w.project(w.rita, w.rival, "p").ID, w.desk(w.rita, w.rival, "d").ID, w.label(w.rita, w.rival, "l").ID},
			{"the viewer's own company's", w.project(w.keller, w.partner, "p").ID, w.desk(w.keller, w.partner, "d").ID, w.label(w.keller, w.partner, "l").ID},
			{"nobody's", id.New(id.Project), id.New(id.Desk), id.New(id.Label)},
		} {
			for field, set := range map[string]func(*contacts.NewContact, *contacts.ContactChange){
				"projectId": func(in *contacts.NewContact, c *contacts.ContactChange) {
					in.ProjectID, c.ProjectID = &foreign.project, input.Field[id.ID]{Set: true, Value: &foreign.project}
				},
				"deskId": func(in *contacts.NewContact, c *contacts.ContactChange) {
					in.DeskID, c.DeskID = &foreign.desk, input.Field[id.ID]{Set: true, Value: &foreign.desk}
				},
				"labelIds": func(in *contacts.NewContact, c *contacts.ContactChange) {
					in.LabelIDs, c.LabelIDs = []id.ID{foreign.label}, input.Field[[]id.ID]{Set: true, Value: &[]id.ID{foreign.label}}
				},
			} {
				in, change := contacts.NewContact{CompanyID: &w.alpha.ID, Email: "lou@x.example", FirstName: "Lou", Type: enum.Personal}, contacts.ContactChange{}
				set(&in, &change)
				_, err := w.CreateContact(w.sato, in)
				w.Refused("created with "+foreign.as, err, fault.NotFound, "input."+field)
				_, err = w.UpdateContact(w.sato, kim.ID, change)
				w.Refused("changed to "+foreign.as, err, fault.NotFound, "input."+field)
			}
		}
		in := contacts.NewContact{CompanyID: &w.rival.ID, Email: "lou@x.example", FirstName: "Lou", Type: enum.Personal}
		_, err := w.CreateContact(w.sato, in)
		w.Refused("into a stranger's company", err, fault.NotFound, "input.companyId")
		in.CompanyID = &w.alpha.ID
		_, err = w.CreateContact(w.carl, in)
		w.Refused("as a member", err, fault.Forbidden, "input.companyId")
		_, err = w.CreateContact(w.keller, in)
		w.Refused("as the partner's administrator", err, fault.Forbidden, "input.companyId")
		_, err = w.UpdateContact(w.carl, kim.ID, contacts.ContactChange{})
		w.Refused("changed by a member", err, fault.Forbidden, "input.id")
		w.Refused("deleted by a member", w.DeleteContact(w.carl, kim.ID), fault.Forbidden, "input.id")
		w.Refused("deleted by a stranger", w.DeleteContact(w.rita, kim.ID), fault.NotFound, "input.id")
		w.Refused("deleted by nobody", w.DeleteContact(t.Context(), kim.ID), fault.Unauthenticated, "")
		if n, err := w.DB.Ent().Project.Query().Where(project.CompanyID(w.alpha.ID)).Count(w.System); n != 1 || err != nil {
			t.Errorf("alpha has %d projects (%v)", n, err)
		}
	})
}

// K5: control and format characters do not come into emails, usernames and names by hand.
func TestK5MutationsBringNoControlCharacters(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		last, username := "Pa\tr\u200bk", "k\u202eim\x1b"
		c := w.contact("\ufeffkim\u200b@x.example\r\n", func(in *contacts.NewContact) {
			in.FirstName, in.LastName, in.Username = "\x1b[31mKim\r\nAnn", &last, &username
		})
		got := []string{c.Email, c.FirstName, *c.LastName, c.Username, w.label(w.sato, w.alpha, "V\u200bIP\n").Name, w.project(w.sato, w.alpha, "a\x07b").Name, w.desk(w.sato, w.alpha, "a\tb").Name}
		if want := []string{"kim@x.example", "[31mKim Ann", "Pa rk", "kim", "VIP", "ab", "a b"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
