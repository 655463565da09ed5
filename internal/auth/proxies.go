package auth

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// forwardedFor is the one forwarding header that is read. A proxy must set it, or append to
// it, for each request; others (Forwarded, X-Real-IP) often pass through a proxy unchanged,
// as a client has written them.
const forwardedFor = "X-Forwarded-For"

// ClientAddress says where a request comes from (rule U12): the address of the connection,
// and, where that is a trusted proxy's, the address that the proxy names in
// X-Forwarded-For. The header is read from its end, over as many trusted proxies as there
// are, so nothing counts that a client has written itself.
//
// A header that comes from elsewhere is passed over. Where that is a private address it is
// most likely a proxy that nobody has named, and it is logged once: all its clients
// then count as one.
func ClientAddress(trusted []netip.Prefix, log *slog.Logger) func(*http.Request) string {
	isTrusted := func(ip netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(ip) })
	}
	var once sync.Once
	return func(r *http.Request) string {
		lines := r.Header.Values(forwardedFor)
		ip, ok := parseAddress(r.RemoteAddr)
		if !ok || len(lines) == 0 {
			return r.RemoteAddr
		}
		if !isTrusted(ip) {
			if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
				once.Do(func() {
					log.WarnContext(r.Context(), "a proxy is not named in TRUSTED_PROXIES: all its clients count as one address", "proxy", ip.String())
				})
			}
			return r.RemoteAddr
		}
		for _, line := range slices.Backward(lines) {
			for more := true; more; {
				var hop string
				if at := strings.LastIndexByte(line, ','); at >= 0 {
					line, hop = line[:at], line[at+1:]
				} else {
					hop, more = line, false
				}
				before, ok := parseAddress(strings.TrimSpace(hop))
				if !ok {
					return ip.String()
				}
				if ip = before; !isTrusted(ip) {
					return ip.String()
				}
			}
		}
		return ip.String()
	}
}

// parseAddress reads an IP address, with or without a port.
func parseAddress(text string) (ip netip.Addr, ok bool) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return ip.Unmap().WithZone(""), err == nil
}

// ipOf is the IP address; empty where the text is none.
func ipOf(address string) string {
	if ip, ok := parseAddress(address); ok {
		return ip.String()
	}
	return ""
}

// network is what is counted by: an IPv4 address without its port, and of an IPv6 address
// the /64, all of which one subscriber has to choose from.
func network(address string) string {
	ip, ok := parseAddress(address)
	if !ok {
		return address
	}
	if ip.Is6() {
		prefix, _ := ip.Prefix(64) // fails for lengths beyond 128 only
		ip = prefix.Addr()
	}
	return ip.String()
}
