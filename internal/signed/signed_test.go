package signed_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/signed"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	secret = bytes.Repeat([]byte{7}, signed.LeastKeyBytes)
)

func signer(t *testing.T, secret []byte, base string) *signed.Signer {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	s, err := signed.New(secret, func() *url.URL { return u })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	return httptest.NewRequest(http.MethodGet, address, nil)
}

// Architecture, "signed addresses": what was signed comes back, whatever it holds.
func TestAddressCarriesItsClaims(t *testing.T) {
	s := signer(t, secret, "https://tenantry.example:8443")
	for _, path := range []string{"/files/rejects.csv", "/files/a b", "/files/ü/50%/x?y"} {
		want := signed.Claims{Subject: "rejects&user=x ü", User: id.New(id.User), Expires: noon.Add(time.Hour)}
		address := s.URL(path, want)
		if !strings.HasPrefix(address, "https://tenantry.example:8443/files/") {
			t.Errorf("address %s is not absolute below the public URL", address)
		}
		got, err := s.Verify(get(t, address), noon)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", path, got, err, want)
		}
	}
}

// Architecture, "signed addresses": behind a proxy that takes the base's path off, an
// address is verified by what remains.
func TestAddressBelowAPath(t *testing.T) {
	s := signer(t, secret, "https://example.org/tenantry/")
	address := s.URL("/files/x", signed.Claims{Subject: "x", User: id.New(id.User), Expires: noon.Add(time.Hour)})
	rest, ok := strings.CutPrefix(address, "https://example.org/tenantry")
	if !ok {
		t.Fatalf("address %s lacks the base's path", address)
	}
	if _, err := s.Verify(get(t, rest), noon); err != nil {
		t.Errorf("the address without the base's path is refused: %v", err)
	}
}

// Architecture, "signed addresses": any change to an address, and any other key, makes
// it one that does not exist.
func TestAlteredAddressIsNotFound(t *testing.T) {
	s := signer(t, secret, "http://localhost")
	user := id.New(id.User)
	good := s.URL("/files/x", signed.Claims{Subject: "s", User: user, Expires: noon.Add(time.Hour)})
	if _, err := s.Verify(get(t, good), noon); err != nil {
		t.Fatalf("the unaltered address is refused: %v", err)
	}
	with := func(change func(u *url.URL, q url.Values)) string {
		u, _ := url.Parse(good)
		q := u.Query()
		change(u, q)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for name, address := range map[string]string{
		"another path":      with(func(u *url.URL, _ url.Values) { u.Path = "/files/y" }),
		"an escaped path":   strings.Replace(good, "/files/x", "/files%2Fx", 1),
		"another subject":   with(func(_ *url.URL, q url.Values) { q.Set("subject", "t") }),
		"another user":      with(func(_ *url.URL, q url.Values) { q.Set("user", id.New(id.User).String()) }),
		"a user respelt":    with(func(_ *url.URL, q url.Values) { q.Set("user", strings.ToUpper(user.String())) }),
		"a later expiry":    with(func(_ *url.URL, q url.Values) { q.Set("expires", "9999999999") }),
		"an expiry respelt": with(func(_ *url.URL, q url.Values) { q.Set("expires", "+"+q.Get("expires")) }),
		"no signature":      with(func(_ *url.URL, q url.Values) { q.Del("signature") }),
		"empty signature":   with(func(_ *url.URL, q url.Values) { q.Set("signature", "") }),
		"cut signature":     good[:strings.Index(good, "signature=")+20],
		"a second subject":  with(func(_ *url.URL, q url.Values) { q.Add("subject", "s") }),
		"one more param":    with(func(_ *url.URL, q url.Values) { q.Set("download", "1") }),
		"moved boundary":    with(func(u *url.URL, q url.Values) { u.Path = "/files/"; q.Set("subject", "xs") }),
		"no query":          "http://localhost/files/x",
		"broken query":      "http://localhost/files/x?%zz;",
		"another key": signer(t, bytes.Repeat([]byte{8}, 32), "http://localhost").
			URL("/files/x", signed.Claims{Subject: "s", User: user, Expires: noon.Add(time.Hour)}),
	} {
		if _, err := s.Verify(get(t, address), noon); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: got %v, want NOT_FOUND", name, err)
		}
	}
}

// Architecture, "signed addresses": an address ends at the second it says, not after.
func TestExpiredAddressIsForbidden(t *testing.T) {
	s := signer(t, secret, "http://localhost")
	address := s.URL("/x", signed.Claims{Subject: "s", User: id.New(id.User), Expires: noon.Add(900 * time.Millisecond)})
	if _, err := s.Verify(get(t, address), noon.Add(-time.Nanosecond)); err != nil {
		t.Errorf("before its expiry: %v", err)
	}
	_, err := s.Verify(get(t, address), noon)
	if !fault.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), "2026-03-01T12:00:00Z") {
		t.Errorf("at its expiry: got %v, want FORBIDDEN with the time", err)
	}
}

// Architecture, "signed addresses": a secret that could be guessed is refused at start.
func TestShortSecretIsRefused(t *testing.T) {
	if _, err := signed.New(make([]byte, 31), nil); err == nil || !strings.Contains(err.Error(), "31") {
		t.Errorf("got %v, want a refusal that names the length", err)
	}
}
