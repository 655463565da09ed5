package value_test

import (
	"strings"
	"testing"
	"time"

	"tenantry/ent/value"
)

// K5: lengths are counted in code points.
func TestTextsAreCountedInCodePoints(t *testing.T) {
	check := value.Text(1, 3)
	for text, ok := range map[string]bool{"": false, "a": true, "äöü": true, "🦀🦀🦀": true, "abcd": false, strings.Repeat("ü", 4): false} {
		if err := check(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if value.NotEmpty("") == nil || value.NotEmpty("a") != nil {
		t.Error("NotEmpty takes the empty text, or nothing else")
	}
}

func TestAtLeast(t *testing.T) {
	if check := value.AtLeast(1); check(0) == nil || check(1) != nil {
		t.Error("the least value is refused, or the one below it accepted")
	}
}

func TestTimesAreUTCInMicroseconds(t *testing.T) {
	if now := value.Now(); now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
		t.Errorf("it is %v", now)
	}
}
