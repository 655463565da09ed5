package database

import (
	"context"
	"database/sql/driver"
)

// pqConn is what lib/pq's connections can do.
type pqConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.NamedValueChecker
}

// session is a connection of lib/pq that tells the network beneath it, before each call,
// which context the call serves. Rows are read under the context of their query.
type session struct {
	pqConn
	net   *guardedConn
	state *sessionState
}

// Close has nothing to report where the connection was lost already: a process that ends in
// order after its network broke would end with an error.
func (s session) Close() error {
	if err := s.pqConn.Close(); err != nil && !IsUnavailable(err) {
		return err
	}
	return nil
}

func (s session) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if s.state.rowsOpen {
		return nil, errRowsOpen
	}
	var of context.Context
	rows, err := run(ctx, s, query, args, func(p *preparedStmt) (driver.Rows, error) {
		of = ctx
		return p.QueryContext(ctx, args)
	}, func() (driver.Rows, error) {
		of = nil
		return s.pqConn.QueryContext(ctx, query, args)
	})
	if err != nil {
		s.net.release()
		return nil, err
	}
	s.state.rowsOpen = true
	return sessionRows{rows.(pqRows), s, of}, nil
}

func (s session) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if s.state.rowsOpen {
		return nil, errRowsOpen
	}
	defer s.net.release()
	return run(ctx, s, query, args, func(p *preparedStmt) (driver.Result, error) {
		return p.ExecContext(ctx, args)
	}, func() (driver.Result, error) {
		return s.pqConn.ExecContext(ctx, query, args)
	})
}

func (s session) Ping(ctx context.Context) error {
	s.net.serve(ctx, cancelGrace)
	defer s.net.release()
	return s.pqConn.Ping(ctx)
}

func (s session) ResetSession(ctx context.Context) error {
	if s.state.canceled {
		return driver.ErrBadConn
	}
	return s.pqConn.ResetSession(ctx) // which sends nothing
}

func (s session) IsValid() bool { return !s.state.canceled && s.pqConn.IsValid() }

func (s session) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	s.net.serve(ctx, cancelGrace)
	defer s.net.release()
	tx, err := s.pqConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	s.state.inTx = true
	return sessionTx{tx, s, ctx}, nil
}

func (s session) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if s.state.rowsOpen {
		return nil, errRowsOpen
	}
	s.net.serve(ctx, cancelGrace)
	stmt, err := s.pqConn.PrepareContext(ctx, query)
	if err != nil {
		s.net.release()
		return nil, err
	}
	if st, ok := stmt.(pqStmt); ok {
		s.net.release()
		return sessionStmt{st, s}, nil
	}
	return stmt, nil // COPY, which serves the context it was prepared with
}

// sessionTx ends under the context that it began with, not under that of the last
// statement, which may be over.
type sessionTx struct {
	driver.Tx
	session
	ctx context.Context
}

func (t sessionTx) Commit() error {
	t.net.serve(t.ctx, cancelGrace)
	defer t.net.release()
	t.state.inTx = false
	return t.Tx.Commit()
}

func (t sessionTx) Rollback() error {
	t.net.serve(t.ctx, cancelGrace)
	defer t.net.release()
	t.state.inTx = false
	return t.Tx.Rollback()
}

type pqStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// sessionStmt is a statement of [sql.DB.Prepare].
type sessionStmt struct {
	pqStmt
	session session
}

func (s sessionStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if s.session.state.rowsOpen {
		return nil, errRowsOpen
	}
	s.session.net.serve(ctx, cancelGrace)
	defer s.session.net.release()
	defer s.session.state.ended(ctx)
	return s.pqStmt.ExecContext(ctx, args)
}

func (s sessionStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if s.session.state.rowsOpen {
		return nil, errRowsOpen
	}
	s.session.net.serve(ctx, cancelGrace)
	rows, err := s.pqStmt.QueryContext(ctx, args)
	if err != nil {
		s.session.state.ended(ctx)
		s.session.net.release()
		return nil, err
	}
	s.session.state.rowsOpen = true
	return sessionRows{rows.(pqRows), s.session, ctx}, nil
}
