package database

import (
	"fmt"
	"runtime/debug"
)

// raw calls fn with the driver's connection. A panic of fn goes on from here,
// as a [*rawPanic].
//
// Neither a panic nor driver.ErrBadConn may leave [sql.Conn.Raw]: database/sql would close the
// connection at once, which waits for the end of its transaction, which is ours, for ever.
func (tx *Tx) raw(fn func(connection any) error) error {
	var failed error
	var panicked *rawPanic
	err := tx.conn.Raw(func(connection any) error {
		defer func() {
			if p := recover(); p != nil {
				panicked = &rawPanic{p, debug.Stack()}
			}
		}()
		failed = fn(connection)
		return nil
	})
	if panicked != nil {
		panic(panicked)
	}
	if err != nil {
		return err
	}
	return failed
}

// rawPanic is a panic that has passed sql.Conn.Raw, with the stack on which it began.
type rawPanic struct {
	value any
	stack []byte
}

func (p *rawPanic) Error() string { return fmt.Sprintf("%v\n%s", p.value, p.stack) }

// Unwrap gives the value where it is an error.
func (p *rawPanic) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
