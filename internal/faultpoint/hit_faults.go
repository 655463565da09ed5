//go:build faultpoints

package faultpoint

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// plan is read once, at the first hit.
var plan = sync.OnceValue(func() []*entry {
	entries, err := parse(os.Getenv("FAULTPOINT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAULTPOINT:", err)
		os.Exit(2)
	}
	return entries
})

// Hit does what FAULTPOINT says about the place of this name.
func Hit(name string, about ...fmt.Stringer) {
	detail := make([]string, len(about))
	for i, a := range about {
		detail[i] = a.String()
	}
	for _, e := range plan() {
		if e.strikes(name, detail) {
			act(e)
		}
	}
}

func act(e *entry) {
	if e.action == sleep {
		time.Sleep(e.pause)
		return
	}
	if once := os.Getenv("FAULTPOINT_ONCE"); once != "" {
		f, err := os.OpenFile(once, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return // another process was first
		}
		_ = f.Close()
	}
	fmt.Fprintf(os.Stderr, "faultpoint %s: %s\n", e.name, e.action)
	switch e.action {
	case kill:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	case stop:
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case panics:
		panic("faultpoint " + e.name)
	}
}
