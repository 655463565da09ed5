package app

import (
	"tenantry/ent/enum"
	"tenantry/internal/config"
	"tenantry/internal/importer/kinds"
)

// knownSettings are the settings of the program, with the rows that a file of each kind may have
// by default (F4).
func knownSettings() config.Settings {
	var limits []config.Kind
	for _, k := range kinds.Unopened() {
		limits = append(limits, config.Kind{Name: string(k.Name()), MaxRows: k.MaxRows()})
	}
	return config.New(limits...)
}

// maxRows are the rows that a file of each kind may have.
func maxRows(c config.Config) map[enum.ImportKind]int {
	limits := map[enum.ImportKind]int{}
	for kind, rows := range c.MaxRows {
		limits[enum.ImportKind(kind)] = rows
	}
	return limits
}
