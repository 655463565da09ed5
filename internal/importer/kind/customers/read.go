package customers

import (
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/fold"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tokensecret"
)

// maxName is the most code points of a company's name (rule K5).
const maxName = 200

// batch is what some rows say by themselves.
type batch struct {
	run   *kind.Run
	cells []cells
}

// cells is what a row says by itself.
type cells struct {
	slug     string // of its name; empty where there is none, or it cannot be one
	adminKey string // of the partner admin's email
}

// Read is kind.Kind's.
func (*Kind) Read(run *kind.Run, rows []sheet.Row) kind.Batch {
	b := &batch{run, make([]cells, len(rows))}
	for i := range rows {
		r, c := &rows[i], &b.cells[i]
		c.slug = companyName(r.Field(name))
		r.Field(contactEmail).Email("the contact email")
		if f := r.Field(adminEmail); f.Present() && f.Sound() {
			f.Require("the partner admin's email")
		}
		c.adminKey = fold.Email(r.Field(adminEmail).Value)
	}
	return b
}

// Cut is kind.Batch's.
func (b *batch) Cut(rows int) (head, rest kind.Batch) {
	return &batch{b.run, b.cells[:rows]}, &batch{b.run, b.cells[rows:]}
}

// companyName validates a company's name and gives its slug; empty where it cannot be one. One
// that is unsafe may still be one that a company bears.
func companyName(f sheet.Field) (slug string) {
	switch {
	case tokensecret.In(f.Value):
		f.Reject(enum.InvalidValue, tokensecret.AsName)
		return ""
	case !f.Sound():
		if utf8.RuneCountInString(f.Value) > maxName {
			return ""
		}
	case !f.Require("the company's name") || !f.AtMost(maxName):
		return ""
	}
	return fold.Slug(f.Value)
}
