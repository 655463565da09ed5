package totp

import (
	"net/url"
	"testing"
	"time"
)

// The secret of the test vectors of RFC 4226, appendix D, and of RFC 6238, appendix B, for SHA-1.
var vectorSecret = []byte("12345678901234567890")

func TestCodesAreThoseOfRFC4226(t *testing.T) {
	t.Parallel()
	for counter, want := range []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	} {
		if got := Code(vectorSecret, int64(counter)); got != want {
			t.Errorf("counter %d: %s, want %s", counter, got, want)
		}
	}
}

// RFC 6238 gives eight digits, of which ours are the last six.
func TestCodesAreThoseOfRFC6238(t *testing.T) {
	t.Parallel()
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := Code(vectorSecret, Step(time.Unix(unix, 0))); got != want[2:] {
			t.Errorf("at %d: %s, want %s", unix, got, want[2:])
		}
	}
}

func TestMatchTakesOneStepEitherWay(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_234_567_890, 0)
	for off := int64(-3); off <= 3; off++ {
		step, ok := Match(vectorSecret, Code(vectorSecret, Step(now)+off), now, 0)
		if want := off >= -1 && off <= 1; ok != want || ok && step != Step(now)+off {
			t.Errorf("%d steps off: %v, step %d", off, ok, step-Step(now))
		}
	}
}

func TestMatchRefusesStepsThatWereUsed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_234_567_890, 0)
	last := Step(now)
	for off, want := range map[int64]bool{-1: false, 0: false, 1: true} {
		if _, ok := Match(vectorSecret, Code(vectorSecret, last+off), now, last); ok != want {
			t.Errorf("the code %d steps after the last one: %v", off, ok)
		}
	}
}

func TestURINamesIssuerAndAccount(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(URI(vectorSecret, "Tenantry", "a+b@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Tenantry:a+b@example.org" {
		t.Errorf("%s", u)
	}
	if q := u.Query(); q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || q.Get("issuer") != "Tenantry" {
		t.Errorf("%s", u)
	}
}

func TestIsCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"123456": true, "000000": true, "12345": false, "1234567": false, "12345a": false, "": false} {
		if IsCode(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
