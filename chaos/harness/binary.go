package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Root is the folder of the module that the campaign belongs to.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return "", fmt.Errorf("run the campaign from inside the module")
	}
	return filepath.Dir(mod), nil
}

// Build builds the program in the folder with its fault points.
func Build(ctx context.Context, source, out string, flags ...string) error {
	args := append([]string{"build", "-tags", "faultpoints", "-o", out}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = source
	// The compilers that it started end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w\n%s", err, text)
	}
	return nil
}

// SkewVariable is how many seconds the clock of a program from BuildSkewed is off.
const SkewVariable = "CHAOS_CLOCK_SKEW"

// BuildSkewed builds the program with a clock that can be set wrong: Go asks the kernel
// without the C library, so the tools that fool that one do not reach it, and its own
// time.Now is replaced instead. Timers keep right.
func BuildSkewed(ctx context.Context, source, out, scratch string) error {
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	path := filepath.Join(strings.TrimSpace(string(goroot)), "src", "time", "time.go")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const now = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	if bytes.Count(text, []byte(now)) != 1 {
		return fmt.Errorf("this Go's time.Now is not the one that the campaign knows")
	}
	text = bytes.Replace(text, []byte(now), []byte(now+"\tsec += chaosSkew\n"), 1)
	text = append(text, `
var chaosSkew = func() (s int64) {
	text, _ := syscall.Getenv("`+SkewVariable+`")
	sign := int64(1)
	for i := 0; i < len(text); i++ {
		if text[i] == '-' {
			sign = -1
		} else {
			s = 10*s + int64(text[i]-'0')
		}
	}
	return sign * s
}()
`...)
	text = bytes.Replace(text, []byte("import (\n"), []byte("import (\n\t\"syscall\"\n"), 1)
	changed := filepath.Join(scratch, "time.go")
	overlay := filepath.Join(scratch, "overlay.json")
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(changed, text, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		return err
	}
	return Build(ctx, source, out, "-overlay", overlay)
}
