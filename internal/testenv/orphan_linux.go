package testenv

import "syscall"

// endWithParent lets the system end a child whose test was killed, or ran into its
// timeout, before it could clean up.
func endWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
