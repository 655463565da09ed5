package config_test

import (
	"os"
	"testing"

	"tenantry/internal/config"
)

const settingsPage = "../../docs/settings.md"

const settingsHead = `# Settings

Each setting is an environment variable and a flag of every command that takes settings; the flag wins, and an empty
variable is one that is not set. All mistakes are reported at once, before anything is opened, and what may hold a
password is redacted wherever it is printed. Give secrets in the environment: a command line is visible to every user
of the machine. [reverse-proxies.md](reverse-proxies.md) says which of them a proxy in front of the server needs.

Written by ` + "`make generate`" + ` from [internal/config/flags.go](../internal/config/flags.go); change them there.

`

// The page is what flags.go says. UPDATE_DOCS=1 writes it, which is what `make generate` does.
func TestSettingsPage(t *testing.T) {
	want := settingsHead + config.Markdown()
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(settingsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/settings.md is not what internal/config/flags.go says: run `make generate`")
	}
}
