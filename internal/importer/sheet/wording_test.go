package sheet

import "testing"

// J7: a notification names the first three customers, and how many more.
func TestJ7AListNamesTheFirst(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"Acme":                         Listed([]string{"Acme"}, 1, "customer"),
		"Acme and 1 more customer":     Listed([]string{"Acme"}, 2, "customer"),
		"Acme, Beta and Eta":           Listed([]string{"Acme", "Beta", "Eta"}, 3, "customer"),
		"1 customer":                   Listed(nil, 1, "customer"),
		"Acme and Beta":                Listed([]string{"Acme", "Beta"}, 2, "customer"),
		"A, B, C and 2 more customers": Listed([]string{"A", "B", "C"}, 5, "customer"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
