package contacts_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/contacts"
	"tenantry/internal/input"
)

// Each field that mutations have is stored when a contact is created and when it is changed
// (rule K1); and it is stored in its own column, which no other mutation changes.
func TestEachFieldOfMutationsIsStored(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		stored := func(column, id string) string {
			var value *string
			w.Must(w.DB.SQL().QueryRowContext(t.Context(), fmt.Sprintf(`SELECT CAST(%s AS TEXT) FROM contacts WHERE id = $1`, column), id).Scan(&value))
			if value == nil {
				return ""
			}
			return *value
		}
		project, desk := w.project(w.sato, w.alpha, "Other"), w.desk(w.sato, w.alpha, "Other")
		special := map[string]any{
			"email": "changed@x.example", "active": false, "type": enum.Business, "projectId": project.ID, "deskId": desk.ID,
		}
		for n, f := range contacts.Fields() {
			if f.Argument == "" || f.Column == "" {
				continue
			}
			value, ok := special[f.Argument]
			if !ok {
				value = "Changed"
			}
			name := strings.ToUpper(f.Argument[:1]) + strings.ReplaceAll(f.Argument[1:], "Id", "ID")
			plain := w.contact(fmt.Sprintf("plain%d@x.example", n))
			made := w.contact(fmt.Sprintf("made%d@x.example", n), func(in *contacts.NewContact) {
				set(reflect.ValueOf(in).Elem().FieldByName(name), value)
			})
			was, is := stored(f.Column, plain.ID.String()), stored(f.Column, made.ID.String())
			if was == is {
				t.Errorf("%s: created with %v, it is %q, as without", f.Argument, value, is)
			}
			w.Must(w.DeleteContact(w.sato, made.ID)) // its email may be wanted below
			var change contacts.ContactChange
			given := reflect.ValueOf(&change).Elem().FieldByName(name)
			given.FieldByName("Set").SetBool(true)
			set(given.FieldByName("Value"), value)
			_, err := w.UpdateContact(w.sato, plain.ID, change)
			w.Must(err)
			if got := stored(f.Column, plain.ID.String()); got != is {
				t.Errorf("%s: changed to %v, it is %q, want %q", f.Argument, value, got, is)
			}
			if _, err := w.UpdateContact(w.sato, plain.ID, contacts.ContactChange{FirstName: input.Given(&plain.FirstName)}); err != nil {
				t.Error(err)
			}
			if got := stored(f.Column, plain.ID.String()); got != is && f.Argument != "firstName" {
				t.Errorf("%s: another field's change has made %q of %q", f.Argument, got, is)
			}
		}
	})
}

// set puts the value into a field that may be a pointer.
func set(into reflect.Value, value any) {
	v := reflect.ValueOf(value)
	if into.Kind() == reflect.Pointer {
		p := reflect.New(into.Type().Elem())
		p.Elem().Set(v.Convert(into.Type().Elem()))
		v = p
	}
	into.Set(v)
}
