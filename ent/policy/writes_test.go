package policy_test

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tenantry/ent/generated/ent"
)

// An update of a field that is not the viewer's to set is refused before it reaches the
// database: by predicate and by id, foreign keys and immutable fields among them.
func TestUpdatesOfFields(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, name := range entities(t) {
			m := modelOf(w.DB.Ent(), name)
			rows, err := m.rows(w.System)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 {
				t.Fatalf("%s has no row in these tests: add one to the world", name)
			}
			columns, types := m.fields(rows[0].Type())
			got := table(func(who string) string {
				var may []string
				for _, column := range columns {
					value := sample(w, column, types[column])
					many := w.set(name, nil, column, value, who)
					one := w.set(name, rows[0].FieldByName("ID").Interface(), column, value, who)
					if (many == "denied") != (one == "denied") {
						t.Errorf("%s.%s as %s: by predicate %s, by id %s", name, column, who, many, one)
					}
					if many != "denied" {
						may = append(may, column)
					}
				}
				return cmp.Or(strings.Join(may, " "), "nothing")
			})
			compare(t, "changes of "+name, got, cmp.Or(changes[name], "nothing: "+strings.Join(cast, " ")))
		}
	})
}

// set does one update in a transaction that is rolled back.
func (w *world) set(entity string, id any, column string, value any, who string) (result string) {
	w.T.Helper()
	w.undone(func(c *ent.Client) {
		m := modelOf(c, entity)
		builder, err := m.changing(id, column, value)
		if err != nil {
			w.T.Fatalf("%s.%s: %v", entity, column, err)
		}
		result = outcomeOf(m.exec(w.By(who), builder))
	})
	return result
}

// sample is a value for the column; ids are those of another tenant's records.
func sample(w *world, column string, of reflect.Type) any {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch reflect.Zero(of).Interface().(type) {
	case uuid.UUID:
		if column == "user_id" || column == "created_by_id" {
			return w.IDs["gus"]
		}
		return w.IDs["gamma"]
	case time.Time:
		return time.Now().UTC()
	case bool:
		return true
	default:
		value := reflect.New(of).Elem()
		switch {
		case of.Kind() == reflect.String && value.MethodByName("Values").IsValid(): // an enum
			values := value.MethodByName("Values").Call(nil)[0].Interface().([]string)
			value.SetString(values[len(values)-1])
		case of.Kind() == reflect.String:
			value.SetString("x")
		case of.Kind() == reflect.Int || of.Kind() == reflect.Int64:
			value.SetInt(1)
		case of == reflect.TypeFor[[]string]():
			value.Set(reflect.ValueOf([]string{"x"}))
		default:
			value.SetBytes([]byte("{}"))
		}
		return value.Interface()
	}
}

// writes are the acts whose reach is tried; a deletion has no field.
var writes = []struct{ act, entity, field string }{
	{"rename", "Company", "name"},
	{"touch", "Company", "updated_at"},
	{"require", "Company", "require_two_factor"},
	{"rename", "Project", "name"},
	{"rename", "Desk", "name"},
	{"rename", "Contact", "first_name"},
	{"rename", "CustomField", "name"},
	{"rename", "CustomFieldValue", "value"},
	{"rename", "Label", "name"},
	{"read", "Notification", "read_at"},
	{"delete", "APIKey", ""},
	{"delete", "AuditEvent", ""},
	{"delete", "Company", ""},
	{"delete", "Contact", ""},
	{"delete", "ContactLabel", ""},
	{"delete", "CustomField", ""},
	{"delete", "CustomFieldValue", ""},
	{"delete", "Desk", ""},
	{"delete", "IdempotencyKey", ""},
	{"delete", "ContactEdit", ""},
	{"delete", "ImportBatch", ""},
	{"delete", "ImportIssue", ""},
	{"delete", "ImportKey", ""},
	{"delete", "ImportRecord", ""},
	{"delete", "ImportRun", ""},
	{"delete", "ImportTurn", ""},
	{"delete", "ColumnMemory", ""},
	{"delete", "Label", ""},
	{"delete", "Notification", ""},
	{"delete", "PartnerAdmin", ""},
	{"delete", "Project", ""},
	{"delete", "SearchBlock", ""},
	{"delete", "SecondFactor", ""},
	{"delete", "Session", ""},
	{"delete", "Setting", ""},
	{"delete", "SignInChallenge", ""},
	{"delete", "TransferToken", ""},
	{"delete", "User", ""},
}

// Writes without a predicate reach the viewer's own rows and no others; row by row the
// same ones, and the others are not found.
func TestReachOfWrites(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		deleted := map[string]bool{}
		for _, r := range writes {
			if r.field == "" {
				deleted[r.entity] = true
			}
			rows, err := modelOf(w.DB.Ent(), r.entity).rows(w.System)
			if err != nil {
				t.Fatal(err)
			}
			got := table(func(who string) string {
				many, denied := w.reached(r.entity, r.field, who, rows)
				tried := rows
				if denied {
					tried = rows[:1] // whichever row it is
				}
				var one []reflect.Value
				for _, row := range tried {
					id, result := row.FieldByName("ID").Interface(), ""
					if r.field == "" {
						w.undone(func(c *ent.Client) {
							w.clear(c, r.entity)
							m := modelOf(c, r.entity)
							result = outcomeOf(m.exec(w.By(who), call(m.client, "DeleteOneID", id)[0]))
						})
					} else {
						result = w.set(r.entity, id, r.field, sample(w, r.field, fieldType(row, r.field)), who)
					}
					switch result {
					case "done":
						one = append(one, row)
					case "denied", "not found":
					default:
						t.Errorf("%s %s %v as %s: %s", r.act, r.entity, id, who, result)
					}
				}
				if !slices.Equal(labels(w, one), many) {
					t.Errorf("%s %s as %s: all at once %v, one by one %v", r.act, r.entity, who, many, labels(w, one))
				}
				return cmp.Or(strings.Join(many, " "), "nothing")
			})
			compare(t, r.act+" "+r.entity, got, cmp.Or(reach[r.act+" "+r.entity], "nothing: "+strings.Join(cast, " ")))
		}
		for _, name := range entities(t) {
			if !deleted[name] {
				t.Errorf("no deletion of %s is tried: add it to the table", name)
			}
		}
	})
}

// clear takes away the contacts that stand in the way of a deletion: whoever deletes a
// project or a desk has moved them (rule K4), and a company's go before it does.
func (w *world) clear(c *ent.Client, entity string) {
	w.T.Helper()
	switch entity {
	case "Company", "Project", "Desk":
		_, err := c.Contact.Delete().Exec(w.System)
		w.Must(err)
	}
}

// reached does the write without a predicate and says which rows it changed or deleted.
func (w *world) reached(entity, field, who string, rows []reflect.Value) (names []string, denied bool) {
	w.T.Helper()
	w.undone(func(c *ent.Client) {
		m := modelOf(c, entity)
		builder := call(m.client, "Delete")[0]
		if field == "" {
			w.clear(c, entity)
		} else {
			var err error
			builder, err = m.changing(nil, field, sample(w, field, fieldType(rows[0], field)))
			w.Must(err)
		}
		if result := outcomeOf(m.exec(w.By(who), builder)); result == "denied" {
			denied = true
			return
		} else if result != "done" {
			w.T.Errorf("%s.%s as %s: %s", entity, field, who, result)
			return
		}
		after, err := m.rows(w.System)
		w.Must(err)
		now := map[any]reflect.Value{}
		for _, row := range after {
			now[row.FieldByName("ID").Interface()] = row
		}
		var changed []reflect.Value
		for _, row := range rows {
			new, there := now[row.FieldByName("ID").Interface()]
			if there && (field == "" || reflect.DeepEqual(valueOf(row, field), valueOf(new, field))) {
				continue
			}
			changed = append(changed, row)
		}
		names = labels(w, changed)
	})
	return names, denied
}
