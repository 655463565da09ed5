package config

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// value is the text of a setting, to be parsed and checked.
type value struct {
	Setting
	text     string // trimmed; the default where none is set
	mistakes *[]error
}

// mistake records what is wrong with the value. A text that may be secret never goes in.
func (v *value) mistake(format string, args ...any) {
	*v.mistakes = append(*v.mistakes, fmt.Errorf(v.Env+" "+format, args...))
}

// readers parse and check values; what they return has the type of the field in [Config].
var readers = map[string]func(*value) any{
	"number":     bounded("a whole number", parseNumber),
	"size":       bounded("bytes", parseSize),
	"duration":   bounded("a duration", parseDuration),
	"rate":       readRate,
	"address":    readAddress,
	"public URL": readPublicURL,
	"networks":   readNetworks,
	"origins":    readOrigins,
	"folder":     func(v *value) any { return filepath.Clean(v.text) },
	"path":       readPath,
	"Redis URL":  readRedisURL,
	"secret key": readSecretKey,
	"log level":  readLogLevel,
	"log format": readLogFormat,
}

// bounded reads values in the range of the tag: "1 to 256", or "1 or more".
func bounded[T cmp.Ordered](what string, parse func(string) (T, bool)) func(*value) any {
	return func(v *value) any {
		n, ok := parse(v.text)
		low, high, closed := strings.Cut(v.Values, " to ")
		want := what + " from " + v.Values
		if !closed {
			low = strings.TrimSuffix(low, " or more")
			want = what + ", " + v.Values
		}
		if least, valid := parse(low); !valid || n < least {
			ok = false
		}
		if most, valid := parse(high); closed && (!valid || n > most) {
			ok = false
		}
		if !ok {
			v.mistake("is %q: want %s, such as %s", v.text, want, v.Default)
		}
		return n
	}
}

func parseNumber(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	day = 24 * time.Hour
)

var sizePattern = regexp.MustCompile(`(?i)^(\d+) ?(?:(k|m|g)(?:i?b)?|b)?$`)

// parseSize reads a number of bytes. K, KB and KiB are all 1024 bytes, and so on.
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

var dayPattern = regexp.MustCompile(`^(\d{1,6})d(.*)$`)

// parseDuration reads Go's syntax, with leading whole days as in 30d or 1d12h.
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

// Rate is so many of something for each period. The zero value is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// String is the rate as it is typed.
func (r Rate) String() string {
	if r.Count == 0 {
		return "off"
	}
	return fmt.Sprintf("%d/%v", r.Count, r.Per)
}

// mostInRate bounds the number and the period of a rate, so that their product is a time.
const mostInRate = 1_000_000

// orOff ends the values of a rate that may be turned off.
const orOff = ", or off"

// readRate reads a number and a duration, such as 300/10m, or off where that is possible.
func readRate(v *value) any {
	off := ""
	if strings.HasSuffix(v.Values, orOff) {
		off = orOff
	}
	if off != "" && strings.EqualFold(v.text, "off") {
		return Rate{}
	}
	number, period, _ := strings.Cut(v.text, "/")
	n, ok := parseNumber(strings.TrimSpace(number))
	per, valid := parseDuration(strings.TrimSpace(period))
	if !ok || !valid || n < 1 || n > mostInRate || per < time.Second || per > 30*day {
		v.mistake("is %q: want a number from 1 to %d and a duration from 1s to 30d, such as %s%s", v.text, mostInRate, v.Default, off)
		return Rate{}
	}
	return Rate{n, per}
}

// readAddress reads host:port.
func readAddress(v *value) any {
	_, port, err := net.SplitHostPort(v.text)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		v.mistake("is %q: want host:port with a port from 0 to 65535, such as %s", v.text, v.Default)
	}
	return v.text
}

// readPublicURL reads an absolute http(s) URL and drops its trailing slashes.
func readPublicURL(v *value) any {
	if v.text == "" {
		return (*url.URL)(nil)
	}
	u, err := url.Parse(v.text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(v.text, "#") {
		v.mistake("is %q: want an absolute http or https URL without user, query and fragment, such as https://app.example.com", withoutUser(v.text))
		return (*url.URL)(nil)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u
}

// list splits a value at commas and blanks.
func list(value string) []string {
	return strings.FieldsFunc(value, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
}

// readNetworks reads addresses and networks. A network of all addresses is refused: it would
// trust every client's X-Forwarded-For.
func readNetworks(v *value) any {
	var networks []netip.Prefix
	for _, text := range list(v.text) {
		network, err := netip.ParsePrefix(text)
		if ip, notAddress := netip.ParseAddr(text); notAddress == nil && ip.Zone() == "" {
			ip = ip.Unmap()
			network, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil || network.Bits() == 0 {
			v.mistake("has %q: want addresses and networks separated by commas, such as 127.0.0.1, 10.0.0.0/8, fd00::/8", text)
			continue
		}
		networks = append(networks, network.Masked())
	}
	return networks
}

// readOrigins reads origins, and * for any.
func readOrigins(v *value) any {
	var origins []string
	for _, text := range list(v.text) {
		u, err := url.Parse(text)
		if text != "*" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || strings.Contains(u.Host, "*") ||
			u.User != nil || strings.Trim(u.Path, "/") != "" || strings.ContainsAny(text, "?#")) {
			v.mistake("has %q: want origins without user and path, separated by commas, such as https://app.example.com, or * for any", withoutUser(text))
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

// secretURL parses a URL that may hold a password. url.Parse's errors quote their
// input, passwords too, so they are not passed on.
func (v *value) secretURL(want string, ok func(*url.URL) bool) Secret {
	secret := NewSecret(v.text)
	if secret.IsZero() {
		return secret
	}
	u, err := url.Parse(v.text)
	if err != nil || !ok(u) {
		v.mistake("is %q: want %s (percent-encode what is special in a password)", secret, want)
	}
	return secret
}

// readPath reads the path of a file or folder; empty for none.
func readPath(v *value) any {
	if v.text == "" {
		return ""
	}
	return filepath.Clean(v.text)
}

func readRedisURL(v *value) any {
	return v.secretURL("a URL such as redis://:password@host:6379/0, rediss://host:6380 or unix:///run/redis.sock, or nothing for in-process", func(u *url.URL) bool {
		if u.Scheme == "unix" {
			return u.Host == "" && path.IsAbs(u.Path)
		}
		database := strings.Trim(u.Path, "/")
		_, err := strconv.ParseUint(database, 10, 16)
		return (u.Scheme == "redis" || u.Scheme == "rediss") && u.Hostname() != "" && (database == "" || err == nil)
	})
}

func readSecretKey(v *value) any {
	if n := utf8.RuneCountInString(v.text); n > 0 && n < 32 {
		v.mistake("has %d characters: want at least 32, as `openssl rand -hex 32` gives, or nothing to have one generated and kept in the database", n)
	}
	return NewSecret(v.text)
}

func readLogLevel(v *value) any {
	level, ok := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[strings.ToLower(v.text)]
	if !ok {
		v.mistake("is %q: want %s", v.text, v.Values)
	}
	return level
}

func readLogFormat(v *value) any {
	format := LogFormat(strings.ToLower(v.text))
	if format != LogText && format != LogJSON {
		v.mistake("is %q: want %s", v.text, v.Values)
	}
	return format
}
