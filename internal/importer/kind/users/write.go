package users

import (
	"context"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// write makes and changes the users, with all that belongs to it (rule U3). Passwords that
// are not hashed yet are hashed first, outside of the transaction.
func (b *batch) write(ctx context.Context, tx *database.Tx, rows []sheet.Row, d *directory, o *kind.Outcome) error {
	changed := d.changed()
	var wanted []int
	for _, u := range changed {
		if u.password > 0 && b.hashes[u.password] == "" {
			wanted = append(wanted, u.password)
		}
	}
	if len(wanted) > 0 {
		return &kind.Postponed{Do: func(ctx context.Context) error { return b.hash(ctx, rows, wanted) }}
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	var made, profiles, passwords [][]any
	changes := make([]tenancy.ImportedUser, 0, len(changed))
	for _, u := range changed {
		p, hash := u.now, b.hashes[u.password]
		user := tenancy.ImportedUser{ID: u.id, Name: p.FirstName + " " + p.LastName, Email: p.Email, New: u.isNew}
		if u.isNew {
			made = append(made, []any{u.id, u.company, p.Email, u.emailKey, p.FirstName, fold.Key(p.FirstName), p.LastName, fold.Key(p.LastName),
				hash, p.Active, string(enum.Member), at, at})
			changes = append(changes, user)
			continue
		}
		if u.written {
			profiles = append(profiles, []any{u.id, u.company, p.FirstName, fold.Key(p.FirstName), p.LastName, fold.Key(p.LastName), p.Active, at})
		}
		if u.password > 0 {
			passwords = append(passwords, []any{u.id, u.company, hash, at})
			user.Credentials = append(user.Credentials, "password")
		}
		if u.was.Active != p.Active {
			user.Credentials = append(user.Credentials, "activity")
		}
		if u.written || u.password > 0 {
			changes = append(changes, user)
		}
	}
	if err := database.InsertRows(ctx, tx, "users", []string{"id", "company_id", "email", "email_key", "first_name", "first_name_key", "last_name", "last_name_key",
		"password_hash", "active", "role", "created_at", "updated_at"}, made); err != nil {
		return err
	}
	tenant := []string{"id", "company_id"}
	for _, c := range []database.Change{
		{Table: "users", Keys: tenant, Rows: profiles,
			Columns: []string{"first_name", "first_name_key", "last_name", "last_name_key", "active", "updated_at"}},
		{Table: "users", Keys: tenant, Rows: passwords, Columns: []string{"password_hash", "updated_at"}},
	} {
		if _, err := database.Update(ctx, tx, c); err != nil {
			return err
		}
	}
	var err error
	o.Notified, err = b.kind.accounts.UsersImported(ctx, tx, b.run.By, b.run.Company, changes)
	return err
}

// hash makes the hashes of the rows' passwords on all cores (rule U2).
func (b *batch) hash(ctx context.Context, rows []sheet.Row, wanted []int) error {
	var mu sync.Mutex
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(runtime.GOMAXPROCS(0)) // whoever signs in meanwhile waits for one of these, and not for all
	for _, number := range wanted {
		all.Go(func() error {
			hash, err := b.kind.passwords.Hash(ctx, rows[number-rows[0].Number].Field("password").Value)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			b.hashes[number] = hash
			return nil
		})
	}
	return all.Wait()
}
