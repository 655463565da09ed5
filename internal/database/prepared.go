package database

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
	"hash/maphash"
	"slices"

	"github.com/lib/pq"
)

// lib/pq parses the text of a statement with parameters each time, in a round trip of its own, and
// the server plans it each time. So each connection keeps statements that it has met before
// prepared on the server. They end with the connection.
const (
	// preparedMost is how many statements a connection keeps prepared: what it has not used for
	// longest goes. The server has each parsed and planned in memory, in about 50 KB.
	preparedMost = 200
	// preparedSeen is among how many texts a text has to come again to be prepared, so that
	// those that vary without end (filters) are not.
	preparedSeen = 256
	// A longer text, or one with more parameters, is made of a list; its like hardly comes again.
	preparedBytes      = 8 << 10
	preparedParameters = 64
)

// errRowsOpen stands where lib/pq would mix up the answers of two statements.
var errRowsOpen = errors.New("the rows of another statement are still open on this connection")

// sessionState is what a connection remembers. It serves one goroutine at a time.
type sessionState struct {
	keeps    bool                     // statements prepared
	of       map[string]*list.Element // by the text
	order    list.List                // of *preparedStmt, the one used last first
	seed     maphash.Seed
	seen     []uint64 // hashes of texts that came once
	place    int      // in seen, of the next
	rowsOpen bool
	inTx     bool
	canceled bool // by a context: the server may yet cancel what comes next
}

type preparedStmt struct {
	pqStmt
	query string
}

// prepared gives the statement of the text, and prepares it where it came before; or none where the
// text is to be sent with each execution.
//
// Bulk work sends it: to it a round trip is nothing, and the server is to plan it for the
// length of its lists.
func (s session) prepared(ctx context.Context, query string, args []driver.NamedValue) (_ *preparedStmt, is bool, _ error) {
	k := s.state
	if !k.keeps || len(args) == 0 || len(args) > preparedParameters || len(query) > preparedBytes || isBulk(ctx) {
		return nil, false, nil
	}
	if e, ok := k.of[query]; ok {
		k.order.MoveToFront(e)
		return e.Value.(*preparedStmt), true, nil
	}
	if !k.again(query) {
		return nil, false, nil
	}
	if k.order.Len() >= preparedMost {
		if err := s.forget(k.order.Back().Value.(*preparedStmt)); err != nil {
			return nil, false, err
		}
	}
	stmt, err := s.pqConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, false, err
	}
	p := &preparedStmt{stmt.(pqStmt), query}
	if k.of == nil {
		k.of = map[string]*list.Element{}
	}
	k.of[query] = k.order.PushFront(p)
	return p, true, nil
}

// again says whether the text came before, and not too long ago.
func (k *sessionState) again(query string) bool {
	hash := maphash.String(k.seed, query)
	if slices.Contains(k.seen, hash) {
		return true
	}
	if len(k.seen) < preparedSeen {
		k.seen = append(k.seen, hash)
		return false
	}
	k.seen[k.place] = hash
	k.place = (k.place + 1) % preparedSeen
	return false
}

// forget closes the statement.
func (s session) forget(p *preparedStmt) error {
	s.state.order.Remove(s.state.of[p.query])
	delete(s.state.of, p.query)
	return p.Close()
}

// run executes the text: prepared, or as it is where it is not to be prepared, or where the
// prepared statement is outdated, which changes nothing outside of a transaction. Within one
// the error goes out, and [DB.InTx] runs all of it again.
func run[T any](ctx context.Context, s session, query string, args []driver.NamedValue,
	prepared func(*preparedStmt) (T, error), plain func() (T, error),
) (result T, err error) {
	s.net.serve(ctx, cancelGrace)
	p, is, err := s.prepared(ctx, query, args)
	if err != nil {
		return result, err
	}
	if !is {
		return plain()
	}
	result, err = prepared(p)
	s.state.ended(ctx)
	if !outdated(err) {
		return result, err
	}
	if failed := s.forget(p); failed != nil || s.state.inTx {
		return result, err
	}
	return plain()
}

// ended takes down that the context ended while a prepared statement served it: unlike for
// others, lib/pq does not say that the connection is not to be used again.
func (k *sessionState) ended(ctx context.Context) {
	if ctx.Err() != nil {
		k.canceled = true
	}
}

// outdated says whether a prepared statement cannot be executed any more: since a migration its
// result is of other types, or the server does not know it.
func outdated(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && (e.Code == "26000" || e.Code == "0A000" && e.Routine == "RevalidateCachedQuery")
}

// pqRows is what lib/pq's rows can do.
type pqRows interface {
	driver.Rows
	driver.RowsNextResultSet
	driver.RowsColumnTypeScanType
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypePrecisionScale
}

// sessionRows keep their connection from other statements until they are closed.
type sessionRows struct {
	pqRows
	session session
	ctx     context.Context // of a prepared statement; else nil
}

func (r sessionRows) Close() error {
	r.session.state.rowsOpen = false
	err := r.pqRows.Close()
	if r.ctx != nil {
		r.session.state.ended(r.ctx)
	}
	r.session.net.release()
	return err
}
