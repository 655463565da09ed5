package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// stopped says whether the process stands still (SIGSTOP).
func stopped(p *process) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	return ok && strings.HasPrefix(rest, "T")
}

// mounted says whether the process sees a disk of its own in the folder.
func mounted(p *process, dir string) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/mounts", p.PID()))
	return err == nil && strings.Contains(string(text), " "+dir+" tmpfs")
}

// remount changes an option of the disk that the process alone sees.
func remount(ctx context.Context, p *process, dir, option string) error {
	out, err := exec.CommandContext(ctx, "nsenter", "--target", strconv.Itoa(p.PID()), "--mount", "mount", "-o", "remount,"+option, dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mounting the disk with %s: %w: %s", option, err, out)
	}
	return nil
}
