package auth

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// Rule U12: client addresses come from X-Forwarded-For of trusted proxies alone.
func TestU12ClientAddresses(t *testing.T) {
	trusted := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd00::/8"),
	}
	address := ClientAddress(trusted, slog.New(slog.DiscardHandler))
	for _, c := range []struct {
		name, from string
		forwarded  []string // a line each
		want       string   // as it is counted
	}{
		{"no proxy", "203.0.113.9:1000", nil, "203.0.113.9"},
		{"no proxy, lying", "203.0.113.9:1000", []string{"198.51.100.1"}, "203.0.113.9"},
		{"one proxy", "10.0.0.1:1000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"one proxy, lying client", "10.0.0.1:1000", []string{"192.0.2.1, 10.0.0.9, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies", "127.0.0.1:1000", []string{"192.0.2.1, 198.51.100.1, 10.3.2.1"}, "198.51.100.1"},
		{"two proxies, a line each", "127.0.0.1:1000", []string{"192.0.2.1", "198.51.100.1", "10.3.2.1"}, "198.51.100.1"},
		{"proxy without the header", "10.0.0.1:1000", nil, "10.0.0.1"},
		{"empty header", "10.0.0.1:1000", []string{""}, "10.0.0.1"},
		{"all of them proxies", "10.0.0.1:1000", []string{"10.0.0.3,10.0.0.2"}, "10.0.0.3"},
		{"not an address", "10.0.0.1:1000", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"not an address, behind a proxy", "10.0.0.1:1000", []string{"unknown, 10.0.0.2"}, "10.0.0.2"},
		{"with a port", "10.0.0.1:1000", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"IPv6", "[fd00::1]:1000", []string{"2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::"},
		{"IPv6 in brackets", "[fd00::1]:1000", []string{"[2001:db8:1:2:3:4:5:6]"}, "2001:db8:1:2::"},
		{"IPv6 with a port", "[fd00::1]:1000", []string{"[2001:db8:1:2:3:4:5:6]:4711"}, "2001:db8:1:2::"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1000", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"ever so long", "10.0.0.1:1000", []string{strings.Repeat("10.0.0.2,", 5_000) + "198.51.100.1" + strings.Repeat(",10.0.0.2", 5_000)}, "198.51.100.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.from
		for _, line := range c.forwarded {
			r.Header.Add("X-Forwarded-For", line)
		}
		r.Header.Set("Forwarded", "for=192.0.2.66")
		r.Header.Set("X-Real-IP", "192.0.2.66")
		if got := network(address(r)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A proxy that nobody has named is reported, once; what anybody writes from outside is not.
func TestAProxyThatIsNotNamedIsReported(t *testing.T) {
	var log bytes.Buffer
	address := ClientAddress(nil, slog.New(slog.NewTextHandler(&log, nil)))
	ask := func(from, forwarded string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = from
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		address(r)
	}
	ask("203.0.113.9:1000", "198.51.100.1")
	ask("10.0.0.1:1000", "")
	if log.Len() > 0 {
		t.Errorf("reported: %s", &log)
	}
	ask("10.0.0.1:1000", "198.51.100.1")
	ask("10.0.0.1:1000", "198.51.100.2")
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "TRUSTED_PROXIES") || !strings.Contains(got, "10.0.0.1") {
		t.Errorf("the log has %q, want one line that names the proxy and the setting", got)
	}
}
