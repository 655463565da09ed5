package customers

import (
	"context"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
	"tenantry/internal/tenancy"
	"tenantry/internal/tokensecret"
)

// batch is what some rows say by themselves.
type batch struct {
	kind  *Kind
	run   *kind.Run
	plain kind.Cells[tenancy.CompanyRecord]
	cells []cells
}

// cells is what a row says by itself.
type cells struct {
	draft    tenancy.CompanyRecord // what stands in filled cells; its slug is empty where the name cannot be one
	adminKey string                // of the partner admin's email
}

// Read is kind.Kind's.
func (k *Kind) Read(run *kind.Run, rows []sheet.Row) kind.Batch {
	b := &batch{k, run, kind.CellsOf(k.fields, &run.Layout), make([]cells, len(rows))}
	companyName := field.Named(k.fields, name)
	for i := range rows {
		r, c := &rows[i], &b.cells[i]
		c.draft.Slug = readName(companyName, r.Field(name))
		b.plain.Parse(r, &c.draft)
		if f := r.Field(adminEmail); f.Present() && f.Sound() {
			f.Require(field.Named(k.fields, adminEmail).Noun)
		}
		c.adminKey = normalize.Email(r.Field(adminEmail).Value)
	}
	return b
}

// Emails is kind.Kind's: companies may share an email.
func (*Kind) Emails(context.Context, *database.Tx, *kind.Run, []sheet.Row) ([]kind.RowEmail, error) {
	return nil, nil
}

// Keys is kind.Batch's.
func (*batch) Keys([]sheet.Row) *kind.Keys { return nil }

// Cut is kind.Batch's.
func (b *batch) Cut(rows int) (head, rest kind.Batch) {
	h, r := *b, *b
	h.cells, r.cells = b.cells[:rows], b.cells[rows:]
	return &h, &r
}

// readName validates a company's name and gives its slug; empty where it cannot be one. One
// that is unsafe may still be one that a company bears.
func readName(name *field.Field[tenancy.CompanyRecord], f sheet.Field) (slug string) {
	switch {
	case tokensecret.In(f.Value):
		f.Reject(enum.InvalidValue, tokensecret.AsName)
		return ""
	case !f.Sound():
		if utf8.RuneCountInString(f.Value) > name.Limit {
			return ""
		}
	case !f.Require(name.Noun) || !f.AtMost(name.Limit):
		return ""
	}
	return normalize.Slug(f.Value)
}
