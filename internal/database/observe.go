package database

import (
	"context"
	"database/sql/driver"
)

// observed makes connections that report each statement, and how many parameters it has,
// before they send it.
type observed struct {
	driver.Connector
	report func(query string, parameters int)
}

func (o observed) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := o.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return observedConn{c, o.report}, nil
}

// observedConn hands on what the drivers' connections can do; what one of them cannot,
// database/sql does in its own way.
type observedConn struct {
	driver.Conn
	report func(query string, parameters int)
}

func (c observedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.report(query, len(args))
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c observedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.report(query, len(args))
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

// PrepareContext tells once of what may be done many times.
func (c observedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		c.report(query, 0)
		return nil, err
	}
	c.report(query, max(stmt.NumInput(), 0)) // -1 where the driver does not know, as for COPY
	return stmt, nil
}

func (c observedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c observedConn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

func (c observedConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c observedConn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !ok || v.IsValid()
}

func (c observedConn) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.Conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// dsnConnector opens connections of a driver by a fixed name.
type dsnConnector struct {
	driver driver.Driver
	dsn    string
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

func (c dsnConnector) Driver() driver.Driver { return c.driver }
