package users

import (
	"tenantry/ent/enum"
	"tenantry/internal/auth"
	"tenantry/internal/fold"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// maxName is the most code points of a name (rule K5).
const maxName = 200

// batch is what some rows say by themselves.
type batch struct {
	kind   *Kind
	run    *kind.Run
	keys   []string       // of the rows' emails; empty where there is none
	hashes map[int]string // of rows' passwords, by the row's number, as far as they are made
}

// Read is kind.Kind's.
func (k *Kind) Read(run *kind.Run, rows []sheet.Row) kind.Batch {
	b := &batch{k, run, make([]string, len(rows)), map[int]string{}}
	for i := range rows {
		k.read(&rows[i])
		b.keys[i] = fold.Email(rows[i].Field("email").Value)
	}
	return b
}

// Cut is kind.Batch's.
func (b *batch) Cut(rows int) (head, rest kind.Batch) {
	return &batch{b.kind, b.run, b.keys[:rows], b.hashes}, &batch{b.kind, b.run, b.keys[rows:], b.hashes}
}

// read validates a row as far as it alone tells.
func (k *Kind) read(r *sheet.Row) {
	r.Field("email").Email("the email")
	for _, name := range []string{"first_name", "last_name"} {
		if f := r.Field(name); f.Filled() && f.Sound() {
			f.AtMost(maxName)
		}
	}
	if f := r.Field("password"); f.Filled() && f.Sound() {
		if wrong := k.passwords.Check(f.Value); wrong != nil {
			code := enum.TooShort
			if len(f.Value) > auth.MostBytes {
				code = enum.TooLong
			}
			f.Reject(code, "%s", wrong.Message) // which does not hold the password
		}
	}
	r.Field("active").Bool()
}
