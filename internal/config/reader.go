package config

import (
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// reader parses values and collects what is wrong with them.
type reader struct {
	defaults map[string]string // by variable
	mistakes []error
	failed   map[string]bool // variables that have a mistake
}

// mistake records what is wrong with a setting. Values that may be secret never go in.
func (r *reader) mistake(name, format string, args ...any) {
	if r.failed == nil {
		r.failed = map[string]bool{}
	}
	r.failed[name] = true
	r.mistakes = append(r.mistakes, fmt.Errorf(name+" "+format, args...))
}

// text gives the trimmed value, or the default where it is empty.
func (r *reader) text(name, value string) string {
	if value = strings.TrimSpace(value); value != "" {
		return value
	}
	return r.defaults[name]
}

// number reads a whole number between two limits; math.MaxInt as upper limit is none.
func (r *reader) number(name, value string, least, most int) int {
	value = r.text(name, value)
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		want := fmt.Sprintf("a whole number from %d to %d", least, most)
		if most == math.MaxInt {
			want = fmt.Sprintf("a whole number, %d or more", least)
		}
		r.mistake(name, "is %q: want %s, such as %s", value, want, r.defaults[name])
	}
	return n
}

var sizePattern = regexp.MustCompile(`(?i)^(\d+) ?(?:(k|m|g)(?:i?b)?|b)?$`)

// size reads a number of bytes between two limits. K, KB and KiB are all 1024 bytes,
// and so on: the limits of a server are no disk maker's.
func (r *reader) size(name, value string, least, most int64) int64 {
	value = r.text(name, value)
	n, ok := parseSize(value)
	if !ok || n < least || n > most {
		r.mistake(name, "is %q: want bytes from %s to %s, such as %s", value, sizeText(least), sizeText(most), r.defaults[name])
	}
	return n
}

func parseSize(value string) (int64, bool) {
	m := sizePattern.FindStringSubmatch(value)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	unit := map[string]int64{"": 1, "k": kib, "m": mib, "g": gib}[strings.ToLower(m[2])]
	if err != nil || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}

func sizeText(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{gib, "GiB"}, {mib, "MiB"}, {kib, "KiB"}} {
		if n%u.size == 0 {
			return fmt.Sprintf("%d%s", n/u.size, u.name)
		}
	}
	return strconv.FormatInt(n, 10)
}

var dayPattern = regexp.MustCompile(`^(\d{1,6})d(.*)$`)

// duration reads Go's syntax, with leading whole days as in 30d or 1d12h.
func (r *reader) duration(name, value string, least, most time.Duration) time.Duration {
	value = r.text(name, value)
	d, ok := parseDuration(value)
	if !ok || d < least || d > most {
		r.mistake(name, "is %q: want a duration from %s to %s, such as %s", value, durationText(least), durationText(most), r.defaults[name])
	}
	return d
}

func parseDuration(value string) (time.Duration, bool) {
	var days int64
	if m := dayPattern.FindStringSubmatch(value); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || n > math.MaxInt64/int64(2*day) {
			return 0, false
		}
		days, value = n, m[2]
		if value == "" {
			return time.Duration(days) * day, true
		}
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 || d > math.MaxInt64/2 {
		return 0, false
	}
	return time.Duration(days)*day + d, true
}

func durationText(d time.Duration) string {
	switch {
	case d >= day && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// address checks host:port.
func (r *reader) address(name, value string) string {
	value = r.text(name, value)
	_, port, err := net.SplitHostPort(value)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		r.mistake(name, "is %q: want host:port with a port from 0 to 65535, such as %s", value, r.defaults[name])
	}
	return value
}

// publicURL reads an absolute http(s) URL; its trailing slashes go.
func (r *reader) publicURL(name, value string) *url.URL {
	value = r.text(name, value)
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(value, "#") {
		r.mistake(name, "is %q: want an absolute http or https URL without user, query and fragment, such as https://app.example.com", withoutUser(value))
		return nil
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u
}

// list splits a value at commas and blanks.
func list(value string) []string {
	return strings.FieldsFunc(value, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
}

// networks reads addresses and networks. A network of all addresses is refused, since it
// would let every client say who it is.
func (r *reader) networks(name, value string) (networks []netip.Prefix) {
	for _, text := range list(r.text(name, value)) {
		network, err := netip.ParsePrefix(text)
		if ip, notAddress := netip.ParseAddr(text); notAddress == nil && ip.Zone() == "" {
			ip = ip.Unmap()
			network, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil || network.Bits() == 0 {
			r.mistake(name, "has %q: want addresses and networks with commas between, such as 127.0.0.1, 10.0.0.0/8, fd00::/8", text)
			continue
		}
		networks = append(networks, network.Masked())
	}
	return networks
}

// origins reads origins, and * for any.
func (r *reader) origins(name, value string) (origins []string) {
	for _, text := range list(r.text(name, value)) {
		u, err := url.Parse(text)
		if text != "*" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || strings.Contains(u.Host, "*") ||
			u.User != nil || strings.Trim(u.Path, "/") != "" || strings.ContainsAny(text, "?#")) {
			r.mistake(name, "has %q: want origins without user and path, with commas between, such as https://app.example.com, or * for any", withoutUser(text))
			continue
		}
		origins = append(origins, strings.TrimRight(text, "/"))
	}
	return origins
}

// withoutUser gives the value for a message, redacted if it may hold a password.
func withoutUser(value string) string {
	if strings.Contains(value, "@") {
		return redact(value)
	}
	return value
}

// secretURL parses a URL that may hold a password. url.Parse's own errors quote their
// input, passwords too, so nothing of them is passed on.
func (r *reader) secretURL(name string, value Secret, want string, ok func(*url.URL) bool) Secret {
	if value.IsZero() {
		return value
	}
	u, err := url.Parse(value.Reveal())
	if err != nil || !ok(u) {
		r.mistake(name, "is %q: want %s (percent-encode what is special in a password)", value, want)
	}
	return value
}

func (r *reader) databaseURL(name string, value Secret) Secret {
	return r.secretURL(name, value, "a URL such as postgres://user:password@host:5432/database, or nothing for SQLite", func(u *url.URL) bool {
		return (u.Scheme == "postgres" || u.Scheme == "postgresql") && u.Opaque == "" && u.Host+u.RawQuery != ""
	})
}

func (r *reader) redisURL(name string, value Secret) Secret {
	return r.secretURL(name, value, "a URL such as redis://:password@host:6379/0, rediss://host:6380 or unix:///run/redis.sock, or nothing for in-process", func(u *url.URL) bool {
		if u.Scheme == "unix" {
			return u.Host == "" && path.IsAbs(u.Path)
		}
		database := strings.Trim(u.Path, "/")
		_, err := strconv.ParseUint(database, 10, 16)
		return (u.Scheme == "redis" || u.Scheme == "rediss") && u.Hostname() != "" && (database == "" || err == nil)
	})
}

func (r *reader) blobURL(name string, value Secret) Secret {
	return r.secretURL(name, value, "file:///absolute/folder or s3://bucket?region=name, or nothing for the folder blobs in DATA_DIR", func(u *url.URL) bool {
		if u.Scheme == "file" {
			return u.Host == "" && path.IsAbs(u.Path) && u.RawQuery == ""
		}
		return u.Scheme == "s3" && u.Host != "" && strings.Trim(u.Path, "/") == ""
	})
}

func (r *reader) secretKey(name string, value Secret) Secret {
	if n := utf8.RuneCountInString(value.Reveal()); !value.IsZero() && n < 32 {
		r.mistake(name, "has %d characters: want at least 32, as `openssl rand -hex 32` gives, or nothing to have one made and kept in the database", n)
	}
	return value
}

func (r *reader) logLevel(name, value string) slog.Level {
	value = r.text(name, value)
	level, ok := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[strings.ToLower(value)]
	if !ok {
		r.mistake(name, "is %q: want debug, info, warn or error", value)
	}
	return level
}

func (r *reader) logFormat(name, value string) LogFormat {
	value = r.text(name, value)
	format := LogFormat(strings.ToLower(value))
	if format != LogText && format != LogJSON {
		r.mistake(name, "is %q: want text or json", value)
	}
	return format
}
