package auth

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"tenantry/ent/enum"
)

// A failed sign-in leaves a line that says of whom where that is known, and neither the
// password nor what was typed for an email, which may be one.
func TestU2AFailedSignInLeavesALine(t *testing.T) {
	var out bytes.Buffer
	inWorlds(t, Options{Log: slog.New(slog.NewTextHandler(&out, nil))}, func(t *testing.T, w *world) {
		for _, c := range []struct{ email, password, want string }{
			{w.member.Email, "hunter2", `reason="wrong password" address="" user=` + w.member.ID.String()},
			{"hunter2@typed.example", "hunter2", `reason="no user has this email"`},
		} {
			out.Reset()
			if _, _, _, err := w.SignIn(t.Context(), c.email, c.password, enum.Bearer); err == nil {
				t.Fatal("signed in")
			}
			line := out.String()
			if !strings.Contains(line, "level=WARN") || !strings.Contains(line, c.want) || strings.Contains(line, "hunter2") || strings.Count(line, "\n") != 1 {
				t.Errorf("%s left %q", c.email, line)
			}
		}
		out.Reset()
		if _, err := w.VerifyOwn(t.Context(), w.member.ID, "hunter2", w.member.PasswordHash); err != nil {
			t.Fatal(err)
		}
		if line := out.String(); !strings.Contains(line, w.member.ID.String()) || strings.Contains(line, "hunter2") {
			t.Errorf("a wrong own password left %q", line)
		}
	})
}
