package customers

import "testing"

// J7: a notification names the first three customers, and how many more.
func TestJ7AListNamesTheFirst(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"Acme":                         listed([]string{"Acme"}, 1, "customer"),
		"Acme and 1 more customer":     listed([]string{"Acme"}, 2, "customer"),
		"Acme, Beta and Eta":           listed([]string{"Acme", "Beta", "Eta"}, 3, "customer"),
		"1 customer":                   listed(nil, 1, "customer"),
		"Acme and Beta":                listed([]string{"Acme", "Beta"}, 2, "customer"),
		"A, B, C and 2 more customers": listed([]string{"A", "B", "C"}, 5, "customer"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
