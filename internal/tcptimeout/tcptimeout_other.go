//go:build !linux

// Package tcptimeout closes TCP connections whose other end no longer responds.
package tcptimeout

import (
	"syscall"
	"time"
)

// Control does nothing: the option exists on Linux only. Keep-alive has to suffice elsewhere.
func Control(time.Duration) func(network, address string, c syscall.RawConn) error { return nil }
