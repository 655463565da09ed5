//go:build !linux

package testenv

import "syscall"

// endWithParent is Linux's alone.
func endWithParent() *syscall.SysProcAttr { return nil }
