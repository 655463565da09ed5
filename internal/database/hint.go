package database

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"

	"tenantry/internal/syserr"
)

// Hint says in words why PostgreSQL cannot be used at a host and with a database's name, as
// its URL has them, and what would be right; "" where the error is not one of those that a
// setting brings about.
func Hint(err error, host, name string) string {
	name = strings.TrimPrefix(name, "/")
	switch sqlState(err) {
	case "3D000":
		return fmt.Sprintf("the server has no database %q; make it (createdb %s), or name one that it has", name, name)
	case "28000", "28P01":
		return "the server refuses this user or this password"
	case "42501":
		return fmt.Sprintf("this user may not make tables in the database %q; let it own the database", name)
	case "53300":
		return "the server has no connection left; raise its max_connections, or lower DATABASE_MAX_CONNS here and in the other processes"
	case "57P03":
		return "the server is starting or stopping; try again"
	case "25006":
		return "the server is read-only, as a standby is; name the one that takes writes"
	}
	if errors.Is(err, pq.ErrSSLNotSupported) {
		return "the server speaks no TLS; turn it on there, or add sslmode=disable where the network is trusted"
	}
	if why := syserr.HostHint(err); why != "" {
		return fmt.Sprintf("no PostgreSQL at %s: %s", host, why)
	}
	return ""
}
