package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
	"ariga.io/atlas/sql/sqlite"
	entsql "entgo.io/ent/dialect/sql"

	entmigrate "tenantry/ent/generated/ent/migrate"
	"tenantry/internal/database"
)

// change is one statement, without its semicolon.
type change struct{ comment, statement string }

// missing lists what ent's schema wants beyond the files. It makes one database from the
// files and one from ent's schema, reads both back and compares what was read: ent's own
// diff compares its schema's text with what a database makes of it, which takes partial
// indexes for changed and does not see a changed CHECK nor a table that is gone.
func (t target) missing(ctx context.Context, files fs.FS) (_ []change, err error) {
	have, drop, err := t.fresh(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	if err := have.MigrateFrom(ctx, files); err != nil {
		return nil, err
	}
	want, dropWant, err := t.fresh(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dropWant()) }()
	driver := entsql.OpenDB(string(want.Dialect()), want.SQL())
	if err := entmigrate.NewSchema(driver).Create(ctx, carryTenants(want.Dialect())); err != nil {
		return nil, fmt.Errorf("making ent's schema: %w", err)
	}
	return diff(ctx, have, want)
}

// diff lists the statements that make the tables of have like those of want.
func diff(ctx context.Context, have, want *database.DB) ([]change, error) {
	driver, from, err := inspect(ctx, have)
	if err != nil {
		return nil, err
	}
	_, to, err := inspect(ctx, want)
	if err != nil {
		return nil, err
	}
	to.Name, to.Attrs = from.Name, from.Attrs
	differences, err := driver.SchemaDiff(from, to, schema.DiffNormalized())
	if err != nil {
		return nil, fmt.Errorf("comparing: %w", err)
	}
	if len(differences) == 0 {
		return nil, nil
	}
	plan, err := driver.PlanChanges(ctx, "diff", differences, func(o *migrate.PlanOptions) {
		o.Indent, o.SchemaQualifier = "  ", new(string)
	})
	if err != nil {
		return nil, fmt.Errorf("planning: %w", err)
	}
	var changes []change
	for _, c := range plan.Changes {
		if len(c.Args) > 0 {
			return nil, fmt.Errorf("the statement %q has arguments, which a file cannot", c.Cmd)
		}
		if strings.HasPrefix(c.Cmd, "PRAGMA foreign_keys") {
			continue // migrations run without them, and inside a transaction it has no effect
		}
		changes = append(changes, change{c.Comment, c.Cmd})
	}
	return changes, nil
}

// inspect reads the tables as the database has them, without goose's.
func inspect(ctx context.Context, db *database.DB) (migrate.Driver, *schema.Schema, error) {
	open := postgres.Open
	if db.Dialect() == database.SQLite {
		open = sqlite.Open
	}
	driver, err := open(db.SQL())
	if err != nil {
		return nil, nil, fmt.Errorf("inspecting the tables: %w", err)
	}
	s, err := driver.InspectSchema(ctx, "", &schema.InspectOptions{Mode: schema.InspectSchemas | schema.InspectTables})
	if err != nil {
		return nil, nil, fmt.Errorf("inspecting the tables: %w", err)
	}
	s.Tables = slices.DeleteFunc(s.Tables, func(t *schema.Table) bool { return t.Name == "goose_db_version" })
	return driver, s, nil
}

// format makes a file of goose's.
func format(changes []change) []byte {
	var b bytes.Buffer
	b.WriteString("-- +goose Up\n")
	for _, c := range changes {
		if c.comment != "" {
			fmt.Fprintf(&b, "\n-- %s\n", c.comment)
		}
		b.WriteString(c.statement)
		b.WriteString(";\n")
	}
	return b.Bytes()
}
