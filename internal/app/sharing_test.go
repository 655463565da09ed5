package app

import (
	"context"
	"io"
	"maps"
	"strings"
	"testing"

	"tenantry/internal/config"
)

// A process that does not share the blob store, or the key, with the others on its database
// does not start, and says what to set.
func TestAProcessThatSharesNotAllWithTheOthersDoesNotStart(t *testing.T) {
	t.Parallel()
	env := production(t)
	env["DATA_DIR"] = t.TempDir()
	s := startRole(t, env, config.RoleAPI, roles{api: true})
	_, maria, _ := s.partner("Sharing Partner", "sharing.example")
	accepted := s.accepted(maria, customersNamed(3, "Shared %d"), nil)

	with := func(changed map[string]string) func(string) string {
		own := maps.Clone(env)
		maps.Copy(own, changed)
		return func(name string) string { return own[name] }
	}
	for name, changed := range map[string]map[string]string{
		"BLOB_URL":   {"DATA_DIR": t.TempDir()}, // as on another host
		"SECRET_KEY": {"SECRET_KEY": strings.Repeat("another key ", 4)},
	} {
		for _, command := range []string{"worker", "api", "serve"} {
			ctx, cancel := context.WithCancel(t.Context())
			err := Run(ctx, []string{command}, with(changed), strings.NewReader(""), io.Discard, io.Discard)
			cancel()
			if err == nil || !strings.Contains(err.Error(), name+" is not the ") || strings.Contains(err.Error(), "another key") {
				t.Errorf("%s with another %s: %v", command, name, err)
			}
		}
	}
	startRole(t, env, config.RoleWorker, roles{worker: true})
	if got := s.finished(maria, accepted).counts(); got != "COMPLETED 3+0+0+0+0 of 3" {
		t.Error(got)
	}

	// Moved on purpose.
	moved := with(map[string]string{"DATA_DIR": t.TempDir(), "SECRET_KEY": strings.Repeat("another key ", 4)})
	var out strings.Builder
	if err := Run(t.Context(), []string{"adopt"}, moved, strings.NewReader(""), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "are registered") {
		t.Errorf("adopt says %q", out.String())
	}
	err := Run(t.Context(), []string{"worker"}, s.getenv, strings.NewReader(""), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "SECRET_KEY is not the ") {
		t.Errorf("a worker with what was before: %v", err)
	}
}
