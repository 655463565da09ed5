package contacts_test

import (
	"reflect"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/contacts"
	"tenantry/internal/id"
)

// J14: the hash of a contact changes with whatever the contact has. One that did not would let an undo
// delete a contact that somebody has edited since.
func TestTheStateHashCoversEachField(t *testing.T) {
	states := contacts.NewBulk(contacts.Fields()).States()
	labels, values := []id.ID{id.New(id.Label), id.New(id.Label)}, map[id.ID]string{id.New(id.CustomField): "gold", id.New(id.CustomField): "7"}
	r := contacts.Record{
		Email: "ann@x.example", FirstName: "Ann", MiddleName: "B.", LastName: "C", Username: "ann", ExternalID: "7", Project: id.New(id.Project), Desk: id.New(id.Desk),
		Active: true, Type: enum.Personal, Created: time.Date(2020, 1, 2, 3, 4, 5, 6_000, time.UTC),
	}
	hash := states.Hash(&r, labels, values)
	if again := states.Hash(&r, []id.ID{labels[1], labels[0]}, values); again != hash {
		t.Error("the order of the labels counts")
	}
	// What says which contact it is, and what follows from the fields, is no state.
	apart := map[string]bool{"ID": true, "Company": true, "EmailKey": true, "Version": true, "Updated": true}
	for i := range reflect.TypeFor[contacts.Record]().NumField() {
		name := reflect.TypeFor[contacts.Record]().Field(i).Name
		other := r
		switch v := reflect.ValueOf(&other).Elem().Field(i); v.Interface().(type) {
		case string:
			v.SetString("other")
		case bool:
			v.SetBool(false)
		case id.ID:
			v.Set(reflect.ValueOf(id.New(id.Project)))
		case enum.ContactType:
			v.Set(reflect.ValueOf(enum.Business))
		case time.Time:
			v.Set(reflect.ValueOf(r.Created.Add(time.Microsecond)))
		default:
			v.SetUint(9)
		}
		if same := states.Hash(&other, labels, values) == hash; same != apart[name] {
			t.Errorf("%s: another value has the same hash: %v", name, same)
		}
	}
	// A text is of its own field.
	swapped := r
	swapped.MiddleName, swapped.LastName = "", "B.C"
	if states.Hash(&swapped, labels, values) == hash {
		t.Error("a text may move from field to field")
	}
	if states.Hash(&r, labels[:1], values) == hash || states.Hash(&r, nil, values) == hash {
		t.Error("fewer labels have the same hash")
	}
	for field := range values {
		other := map[id.ID]string{field: values[field]}
		if states.Hash(&r, labels, other) == hash {
			t.Error("fewer values have the same hash")
		}
	}
}

// J14: hashes are stored, so that they must not change from version to version.
func TestTheStateHashIsStable(t *testing.T) {
	project := id.ID{0: 1, 15: byte(id.Project)}
	r := contacts.Record{
		Email: "ann@x.example", FirstName: "Ann", LastName: "C", Username: "ann", Project: project, Desk: project,
		Active: true, Type: enum.Personal, Created: time.Date(2020, 1, 2, 3, 4, 5, 6_000, time.FixedZone("", 3600)),
	}
	const want uint64 = 0xc000fa87b5002dfb
	if got := contacts.NewBulk(contacts.Fields()).States().Hash(&r, []id.ID{{1}}, map[id.ID]string{{2}: "gold"}); got != want {
		t.Errorf("the hash is %#x, and was %#x", got, want)
	}
}
