package policy_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

// Every entity of the schema: what nobody and a stranger see is nothing; lists, counts and
// look-ups by id agree.
func TestReads(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, name := range entities(t) {
			m := modelOf(w.DB.Ent(), name)
			everything, err := m.rows(w.System)
			if err != nil || len(everything) == 0 {
				t.Fatalf("%s: the world has %d rows of it (%v)", name, len(everything), err)
			}
			got := table(func(who string) string {
				rows, err := m.rows(w.By(who))
				if err != nil {
					t.Fatalf("%s as %s: %v", name, who, err)
				}
				if n, err := m.count(w.By(who)); err != nil || n != len(rows) {
					t.Errorf("%s as %s: %d rows are listed and %d counted (%v)", name, who, len(rows), n, err)
				}
				seen := map[any]bool{}
				for _, row := range rows {
					seen[row.FieldByName("ID").Interface()] = true
				}
				for _, row := range everything {
					id := row.FieldByName("ID").Interface()
					if err := errorOf(call(m.client, "Get", w.By(who), id)[1]); (err == nil) != seen[id] {
						t.Errorf("%s as %s: by its id %v is %v, in the list %v", name, who, id, err, seen[id])
					}
				}
				return cmp.Or(strings.Join(labels(w, rows), " "), "nothing")
			})
			compare(t, "reads of "+name, got, reads[name])
		}
	})
}

func compare(t *testing.T, what string, got []string, want string) {
	t.Helper()
	expected := strings.Split(strings.TrimSpace(want), "\n")
	for i := range expected {
		expected[i] = strings.TrimSpace(expected[i])
	}
	slices.Sort(expected)
	if !slices.Equal(got, expected) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(expected, "\n     "))
	}
}
