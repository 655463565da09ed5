package sheet

import (
	"math/rand/v2"
	"testing"

	"github.com/agnivade/levenshtein"
)

// F5: the bounded distance is Levenshtein's as far as it goes.
func TestF5TheDistanceOfNames(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, r.IntN(9))
		for i := range b {
			b[i] = 'a' + byte(r.IntN(3))
		}
		return string(b)
	}
	for range 50_000 {
		a, b, most := word(), word(), 1+r.IntN(tooFar)
		want := min(levenshtein.ComputeDistance(a, b), most)
		if got := distance([]rune(a), []rune(b), most); got != want {
			t.Fatalf("distance(%q, %q, %d) is %d, want %d", a, b, most, got, want)
		}
	}
}
