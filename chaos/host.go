package main

import (
	"fmt"
	"os"
	"strings"
)

// stopped says whether the process stands still (SIGSTOP).
func stopped(p *part) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	return ok && strings.HasPrefix(rest, "T")
}

// mounted says whether the process sees a disk of its own in the folder.
func mounted(p *part, dir string) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/mounts", p.PID()))
	return err == nil && strings.Contains(string(text), " "+dir+" tmpfs")
}
