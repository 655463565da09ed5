//go:build !linux

package database

import (
	"syscall"
	"time"
)

// giveUpAfter is Linux's alone; elsewhere keep-alive has to do.
func giveUpAfter(time.Duration) func(network, address string, c syscall.RawConn) error { return nil }
