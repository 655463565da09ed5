package normalize

import (
	"strings"
	"testing"
)

// FuzzDomain holds what is seen at a look against the conversion.
func FuzzDomain(f *testing.F) {
	for _, seed := range []string{
		"example.org", "a.b-c.d1", "-a.b", "a-.b", "ab--c.d", "abc-d.e", "a-b-c.e", "xn--bcher-kva.example", "a..b", ".a", "a.", "", "A.b", "b\u00fccher.example", "1.2.3.4", "a_b.c",
		strings.Repeat("a", 63) + ".b", strings.Repeat("a", 64) + ".b", strings.Repeat("a.", 126) + "aa", strings.Repeat("a.", 127) + "a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, domain string) {
		if !plainDomain(domain) {
			return
		}
		if converted, ok := convertDomain(domain); !ok || converted != domain {
			t.Errorf("%q is converted to %q, %v", domain, converted, ok)
		}
	})
}

// What is drawn at random is hardly ever a domain; these are built of what may be in one.
func FuzzDomainOfLabels(f *testing.F) {
	f.Add([]byte("0123456789"))
	f.Fuzz(func(t *testing.T, drawn []byte) {
		const characters = "ab19z--..x-n"
		var domain strings.Builder
		for _, b := range drawn {
			domain.WriteByte(characters[int(b)%len(characters)])
		}
		if d := domain.String(); plainDomain(d) {
			if converted, ok := convertDomain(d); !ok || converted != d {
				t.Errorf("%q is converted to %q, %v", d, converted, ok)
			}
		}
	})
}
