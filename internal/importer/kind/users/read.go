package users

import (
	"context"

	"tenantry/ent/enum"
	"tenantry/internal/auth"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
	"tenantry/internal/tenancy"
)

// batch is what some rows say by themselves.
type batch struct {
	kind   *Kind
	run    *kind.Run
	plain  kind.Cells[tenancy.UserRecord]
	drafts []tenancy.UserRecord // what stands in a row's filled cells; the EmailKey is empty where there is no email
	hashes map[int]string       // of rows' passwords, by the row's number, as far as they are made
}

// Read is kind.Kind's.
func (k *Kind) Read(run *kind.Run, rows []sheet.Row) kind.Batch {
	b := &batch{k, run, kind.CellsOf(k.fields, &run.Layout), make([]tenancy.UserRecord, len(rows)), map[int]string{}}
	email, forms := field.Named(k.fields, tenancy.UserEmail), kind.FormsOf(&run.Layout)
	for i := range rows {
		r, draft := &rows[i], &b.drafts[i]
		f := r.Field(tenancy.UserEmail)
		kind.Parse(email, f, draft, forms)
		draft.EmailKey = normalize.Email(f.Value)
		b.plain.Parse(r, draft)
		k.readPassword(r.Field(tenancy.UserPassword))
	}
	return b
}

// Emails is kind.Kind's: the issue of a taken email does not say whose it is (rule I15).
func (*Kind) Emails(context.Context, *database.Tx, *kind.Run, []sheet.Row) ([]kind.RowEmail, error) {
	return nil, nil
}

// Keys is kind.Batch's.
func (*batch) Keys([]sheet.Row) *kind.Keys { return nil }

// Cut is kind.Batch's.
func (b *batch) Cut(rows int) (head, rest kind.Batch) {
	h, r := *b, *b
	h.drafts, r.drafts = b.drafts[:rows], b.drafts[rows:]
	return &h, &r
}

func (k *Kind) readPassword(f sheet.Field) {
	if !f.Filled() || !f.Sound() {
		return
	}
	if wrong := k.passwords.Check(f.Value); wrong != nil {
		code := enum.TooShort
		if len(f.Value) > auth.MostBytes {
			code = enum.TooLong
		}
		f.Reject(code, "%s", wrong.Message) // which does not hold the password
	}
}
