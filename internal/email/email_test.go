package email_test

import (
	"strings"
	"testing"
	"testing/quick"

	"tenantry/internal/email"
	"tenantry/internal/normalize"
)

// K5: what can be an address, IDN domains among them, up to 254 code points.
func TestValid(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"kim@example.com", "Kim.O'Neil+tag@Sub.Example.co.uk", "a@b.cd", "jo@bücher.example", "jö@example.com", "jo@xn--bcher-kva.example",
		"x@1.2.example", "x_y-z@example.com", "!#$%&'*+/=?^_`{|}~-@example.com", "日本@例え.テスト", "İ@example.com",
		strings.Repeat("x", 64) + "@example.com", "x@" + strings.Repeat("a", 63) + ".example",
		strings.Repeat("é", 64) + "@example.com", // characters, not bytes
		longest(254),
	} {
		if !email.Valid(s) {
			t.Errorf("%q is refused", s)
		}
	}
}

// What is a slip, or could break a line, a header or a file.
func TestInvalid(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", " ", "kim", "@", "kim@", "@example.com", "kim@example", "kim@example.", "kim@.example", "kim@exa mple.com", "kim @example.com",
		" kim@example.com", "kim@example.com ", "kim@@example.com", "a@b@example.com", "kim@example..com", "kim..o@example.com", ".kim@example.com", "kim.@example.com",
		"kim@-example.com", "kim@example-.com", "kim@exa_mple.com", "kim@example.com,jo@example.com", "<kim@example.com>", `"kim"@example.com`, "kim@[127.0.0.1]",
		"kim\n@example.com", "kim\x00@example.com", "kim\u0085@example.com", "kim\u00a0o@example.com", "kim\u2028@example.com", "kim@exam\nple.com", "kim(c)@example.com",
		`kim\@example.com`, "kim;@example.com", strings.Repeat("x", 65) + "@example.com", "x@" + strings.Repeat("a", 64) + ".example", longest(255),
		"x@" + strings.Repeat("a.", 150) + "com",
	} {
		if email.Valid(s) {
			t.Errorf("%q is taken", s)
		}
	}
}

// longest is an address of so many code points, the local part at its limit.
func longest(n int) string {
	labels := strings.Repeat("a.", 100)
	return strings.Repeat("x", 64) + "@" + labels[:n-65-2] + "co"
}

// An address whose key differs stays one: the key of a valid address is valid.
func TestTheKeyOfAnAddressIsOne(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"Jo@BÜCHER.example", "İ@Example.com", "x@STRASSE.example", "x@straße.example"} {
		if k := normalize.Email(s); !email.Valid(k) {
			t.Errorf("%q has the key %q, which is refused", s, k)
		}
	}
	if err := quick.Check(func(s string) bool { return !email.Valid(s) || email.Valid(normalize.Email(s)) }, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}
