package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tenantry/ent/enum"
	"tenantry/internal/blob"
	"tenantry/internal/config"
	"tenantry/internal/database"
	"tenantry/internal/importer/kinds"
)

// knownSettings are the settings of the program, with the rows that a file of each kind may have
// by default (F4).
func knownSettings() config.Settings {
	var limits []config.Kind
	for _, k := range kinds.Unopened() {
		limits = append(limits, config.Kind{Name: string(k.Name()), MaxRows: k.MaxRows()})
	}
	return config.New(config.Program{Kinds: limits, URLs: map[string]config.URLs{
		"DATABASE_URL": {Values: database.URLForms, Want: "a URL such as " + database.URLExample + ", or nothing for SQLite", Accepts: database.AcceptsURL},
		"BLOB_URL":     {Values: blob.Forms(true), Want: blob.Forms(false) + ", or nothing for the folder blobs in DATA_DIR", Accepts: blob.AcceptsURL},
	}})
}

// maxRows are the rows that a file of each kind may have.
func maxRows(c config.Config) map[enum.ImportKind]int {
	limits := map[enum.ImportKind]int{}
	for kind, rows := range c.MaxRows {
		limits[enum.ImportKind(kind)] = rows
	}
	return limits
}

// readSettings reads and checks the settings of a process.
type readSettings func(config.Role) (config.Config, error)

// groupOfFlag is the annotation of a flag that says under which heading usage shows it.
const groupOfFlag = "group"

// settingFlags declares a flag for each setting. A flag that is typed wins over its variable.
func settingFlags(flags *pflag.FlagSet, getenv func(string) string) readSettings {
	settings := knownSettings()
	flagOf := map[string]*pflag.Flag{}
	for _, s := range settings {
		flags.String(s.Flag, s.Default, fmt.Sprintf("%s (%s) [$%s]", s.Help, s.Values, s.Env))
		flagOf[s.Env] = flags.Lookup(s.Flag)
		flagOf[s.Env].Annotations = map[string][]string{groupOfFlag: {s.Group}}
	}
	return func(role config.Role) (config.Config, error) {
		return settings.Read(role, func(name string) string {
			if f := flagOf[name]; f.Changed {
				return f.Value.String()
			}
			return getenv(name)
		})
	}
}

// usage prints the commands, or the flags of a command in their groups. (cobra's own needs
// text/template, with which the linker keeps every exported method, and knows no groups.)
func usage(c *cobra.Command) error {
	var b strings.Builder
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "Usage: %s <command> [flags]\n\nCommands:\n", c.CommandPath())
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-9s  %s\n", sub.Name(), sub.Short)
			}
		}
		fmt.Fprintf(&b, "\nRun \"%s <command> --help\" for a command's flags.\n", c.CommandPath())
	} else {
		fmt.Fprintf(&b, "Usage: %s\n", c.UseLine())
		var groups []string
		flagsOf := map[string]*pflag.FlagSet{}
		c.Flags().SortFlags = false
		c.Flags().VisitAll(func(f *pflag.Flag) {
			group := "Flags"
			if in := f.Annotations[groupOfFlag]; len(in) > 0 {
				group = in[0]
			}
			if flagsOf[group] == nil {
				flagsOf[group] = pflag.NewFlagSet(group, pflag.ContinueOnError)
				flagsOf[group].SortFlags = false
				groups = append(groups, group)
			}
			flagsOf[group].AddFlag(f)
		})
		for _, group := range groups {
			fmt.Fprintf(&b, "\n%s:\n%s", group, flagsOf[group].FlagUsagesWrapped(100))
		}
	}
	_, err := fmt.Fprint(c.OutOrStderr(), b.String())
	return err
}
