// Package peer notices that whoever is at the other end of a TCP connection has gone silent.
package peer

import (
	"strings"
	"syscall"
	"time"
)

const tcpUserTimeout = 0x12 // TCP_USER_TIMEOUT of linux/tcp.h; package syscall lacks it

// GiveUpAfter ends a TCP connection whose peer acknowledges nothing, or takes nothing, of what
// is on its way to it for so long. (Keep-alive alone does neither.) It is a Control of
// net.Dialer and of net.ListenConfig, whose accepted connections inherit it.
func GiveUpAfter(timeout time.Duration) func(network, address string, c syscall.RawConn) error {
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
