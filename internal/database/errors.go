package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrCommitUnknown is wrapped by [DB.InTx]'s error when the connection was lost while the
// transaction was being committed: it may have been committed or not. Read to find out.
var ErrCommitUnknown = errors.New("whether the transaction was committed is not known")

// sqlState is PostgreSQL's code of the error, or "".
func sqlState(err error) string {
	var e *pq.Error
	if errors.As(err, &e) {
		return string(e.Code)
	}
	return ""
}

// sqliteCode is SQLite's extended result code of the error, or 0.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// IsUniqueViolation says whether a row with the same unique key is there.
// [ConstraintOf] says which key.
func IsUniqueViolation(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return sqlState(err) == "23505"
}

// IsForeignKeyViolation says whether a row refers to one that is not there, or would
// after the statement.
func IsForeignKeyViolation(err error) bool {
	return sqliteCode(err) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY || sqlState(err) == "23503"
}

// ConstraintOf names the violated constraint as well as the database does: PostgreSQL by
// its name ("user_email_key"), SQLite by its columns ("users.email_key" or
// "desks.company_id, desks.external_id"), by its name for a CHECK, not at all for a
// foreign key. It is "" if the error is no violation.
func ConstraintOf(err error) string {
	var p *pq.Error
	if errors.As(err, &p) {
		return p.Constraint
	}
	var s *sqlite.Error
	if !errors.As(err, &s) {
		return ""
	}
	_, name, ok := strings.Cut(s.Error(), " constraint failed: ")
	if !ok {
		return ""
	}
	if i := strings.LastIndex(name, " ("); i >= 0 { // the code, "(2067)"
		name = name[:i]
	}
	return strings.Trim(strings.TrimPrefix(name, "index "), "'")
}

// IsRetryable says whether the transaction was undone by the database for the sake of
// another one, so that it may succeed if it is run again as a whole: deadlock, serialization
// failure, SQLite's busy or locked file; or because a statement that its connection keeps
// prepared was planned before a migration. [DB.InTx] does so by itself.
func IsRetryable(err error) bool {
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	switch sqlState(err) {
	case "40P01", "40001":
		return true
	}
	return outdated(err)
}

// ErrBusy is wrapped by the error of a statement that waited too long for other writers of
// SQLite's file.
var ErrBusy = errors.New("the database is busy with other writers")

// PostgreSQL's codes of what took longer than it may. The first is also that of a statement
// whose caller left.
const (
	statementTimeout = "57014"
	lockTimeout      = "55P03"
)

// IsBusy says whether nothing was done because others would not let go of what was needed
// for too long. The same call may succeed in some seconds.
func IsBusy(err error) bool {
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	return errors.Is(err, ErrBusy) || sqlState(err) == lockTimeout
}

// IsDiskFull says whether the database has no room left.
func IsDiskFull(err error) bool {
	return sqliteCode(err)&0xff == sqlite3.SQLITE_FULL || sqlState(err) == "53100" || errors.Is(err, syscall.ENOSPC)
}

// IsOutage says whether the database, and nothing that was asked of it, stands in the way: it
// is unavailable, full, read-only since a failover, refuses who asks, or undid the work for
// another's sake. What takes too long by itself (statement_timeout, or idle within a
// transaction) is none.
func IsOutage(err error) bool {
	state := sqlState(err)
	switch state {
	case "57014", "25P03":
		return false
	case "25006", "3D000": // read-only; the database is not there
		return true
	}
	for _, class := range []string{"28", "53", "57P", "58"} { // who asks, resources, stops, system errors
		if strings.HasPrefix(state, class) {
			return true
		}
	}
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM:
		return true
	}
	return IsDiskFull(err) || IsRetryable(err) || IsUnavailable(err)
}

// IsUnavailable says whether the database could not be reached or could not answer in
// time, so that the same call may succeed later: refused, lost or too many connections,
// a server that starts or stops, timeouts (the caller's too), locks not to be had. A
// canceled context is none of these.
func IsUnavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR:
		return true
	}
	if state := sqlState(err); state != "" {
		switch state {
		case "57P01", "57P02", "57P03", "57P05", // stopped, crashed, starting, idle for too long
			"53300",                                // too many connections
			statementTimeout, lockTimeout, "25P03": // statement_timeout, lock_timeout, idle_in_transaction_session_timeout
			return true
		}
		return strings.HasPrefix(state, "08") // connection exceptions
	}
	for _, lost := range []error{
		ErrBusy, driver.ErrBadConn, sql.ErrConnDone, context.DeadlineExceeded,
		io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
	} {
		if errors.Is(err, lost) {
			return true
		}
	}
	var (
		op      *net.OpError
		timeout net.Error // every syscall.Errno is one
	)
	return errors.As(err, &op) || errors.As(err, &timeout) && timeout.Timeout()
}
