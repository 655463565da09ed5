package app

import (
	"tenantry/ent/enum"
	"tenantry/internal/config"
)

// knownSettings are the settings of the program, with the rows that a file of each kind may have
// by default (F4).
func knownSettings() config.Settings {
	return config.New(
		config.Kind{Name: string(enum.Customers), MaxRows: 100},
		config.Kind{Name: string(enum.Contacts), MaxRows: 5000},
		config.Kind{Name: string(enum.Users), MaxRows: 5000},
	)
}

// maxRows are the rows that a file of each kind may have.
func maxRows(c config.Config) map[enum.ImportKind]int {
	limits := map[enum.ImportKind]int{}
	for kind, rows := range c.MaxRows {
		limits[enum.ImportKind(kind)] = rows
	}
	return limits
}
