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
	net *guardedConn
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
	s.net.serve(ctx, cancelGrace)
	return s.pqConn.QueryContext(ctx, query, args)
}

func (s session) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s.net.serve(ctx, cancelGrace)
	return s.pqConn.ExecContext(ctx, query, args)
}

func (s session) Ping(ctx context.Context) error {
	s.net.serve(ctx, cancelGrace)
	return s.pqConn.Ping(ctx)
}

func (s session) ResetSession(ctx context.Context) error {
	s.net.serve(ctx, cancelGrace)
	return s.pqConn.ResetSession(ctx)
}

func (s session) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	s.net.serve(ctx, cancelGrace)
	tx, err := s.pqConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return sessionTx{tx, s.net, ctx}, nil
}

func (s session) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s.net.serve(ctx, cancelGrace)
	stmt, err := s.pqConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if st, ok := stmt.(pqStmt); ok {
		return sessionStmt{st, s.net}, nil
	}
	return stmt, nil // COPY, which serves the context it was prepared with
}

// sessionTx ends under the context that it began with, not under that of the last
// statement, which may be over.
type sessionTx struct {
	driver.Tx
	net *guardedConn
	ctx context.Context
}

func (t sessionTx) Commit() error {
	t.net.serve(t.ctx, cancelGrace)
	return t.Tx.Commit()
}

func (t sessionTx) Rollback() error {
	t.net.serve(t.ctx, cancelGrace)
	return t.Tx.Rollback()
}

type pqStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type sessionStmt struct {
	pqStmt
	net *guardedConn
}

func (s sessionStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.net.serve(ctx, cancelGrace)
	return s.pqStmt.ExecContext(ctx, args)
}

func (s sessionStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.net.serve(ctx, cancelGrace)
	return s.pqStmt.QueryContext(ctx, args)
}
