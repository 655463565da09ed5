package broker

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// inspectTimeout bounds what Open spends on advice.
const inspectTimeout = 6 * time.Second

// inspect warns of a server whose version or setting is unwise. It is advice: a server
// that does not answer, or hides its INFO, is passed over.
func (b *Broker) inspect(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	info, err := b.plain.Info(ctx).Result()
	if err != nil {
		log.DebugContext(ctx, "Redis was not inspected", "error", err)
		return
	}
	version := field(info, "redis_version")
	if field(info, "valkey_version") == "" && isVulnerable(version) {
		log.WarnContext(ctx, "this Redis has a hole in its Lua through which a client can run code (CVE-2025-49844): use 6.2.20, 7.2.11, 7.4.6, 8.0.4, 8.2.2 or later, or a distribution's patched package", "version", version)
	}
	// Managed servers forbid CONFIG, but INFO tells too.
	if policy := field(info, "maxmemory_policy"); policy != "" && policy != "noeviction" {
		log.WarnContext(ctx, "this Redis may evict queued tasks when memory is short: set maxmemory-policy to noeviction", "policy", policy)
	}
}

// field gives the value of name in INFO's answer, whose lines are name:value.
func field(info, name string) string {
	for line := range strings.SplitSeq(info, "\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// isVulnerable reports whether the version is below the one that mends CVE-2025-49844
// in its line. An unreadable version is not.
func isVulnerable(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) != 3 {
		return false
	}
	var n [3]int
	for i, part := range parts {
		var err error
		if n[i], err = strconv.Atoi(part); err != nil {
			return false
		}
	}
	line := [2]int{n[0], n[1]}
	mended, known := map[[2]int]int{{6, 2}: 20, {7, 2}: 11, {7, 4}: 6, {8, 0}: 4, {8, 2}: 2}[line]
	if known {
		return n[2] < mended
	}
	return n[0] < 8 // 7.0 and older lines never got one
}
