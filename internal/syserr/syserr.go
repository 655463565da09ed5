// Package syserr describes errors of the operating system, and how to fix them.
package syserr

import (
	"errors"
	"io/fs"
	"net"
	"syscall"
)

// FolderHint says what is wrong with a folder that is to be written to; "" where the error
// is none of the system's.
func FolderHint(err error) string {
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return "there is a file where the folder should be; name a folder, or a path at which one can be made"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not write there; let it own the folder, or name another"
	case errors.Is(err, syscall.EROFS):
		return "that is on a disk that cannot be written to; name a folder on another"
	case errors.Is(err, syscall.ENOSPC):
		return "there is no room left on that disk"
	case errors.Is(err, fs.ErrNotExist):
		return "the folder is not there and cannot be made; make it, or name another"
	}
	return ""
}

// ListenHint says why nobody can listen at an address; "" where the error is none of the
// system's.
func ListenHint(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program listens there; name another port, or end that program"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not listen there; name a port from 1024 on"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "this machine has no such address; name one of its own, or none for all of them (:8080)"
	}
	return HostHint(err)
}

// HostHint says why a host was not reached; "" where the error is another.
func HostHint(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "there is no host of that name"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "nothing answered there in time; see whether the address is right, and whether a firewall stands before it"
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there; see whether the server runs, and whether host and port are right"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to that host from here"
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such socket; see whether the server runs"
	}
	return ""
}
