// Package tcptimeout closes TCP connections whose other end no longer responds.
package tcptimeout

import (
	"strings"
	"syscall"
	"time"
)

const tcpUserTimeout = 0x12 // TCP_USER_TIMEOUT of linux/tcp.h; package syscall lacks it

// Control closes a TCP connection whose other end acknowledges or accepts none of the data that
// is being sent for the timeout. (Keep-alive alone does neither.) Use it as Control of
// net.Dialer and of net.ListenConfig, whose accepted connections inherit it.
func Control(timeout time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(network, _ string, c syscall.RawConn) error {
		if !strings.HasPrefix(network, "tcp") {
			return nil
		}
		var set error
		err := c.Control(func(fd uintptr) {
			set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(timeout.Milliseconds()))
		})
		if err != nil {
			return err
		}
		return set
	}
}
