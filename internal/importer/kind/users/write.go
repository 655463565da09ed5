package users

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"tenantry/internal/database"
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
	var upserts []*tenancy.UserUpsert
	changes := make([]tenancy.ImportedUser, 0, len(changed))
	for _, u := range changed {
		upsert := &tenancy.UserUpsert{UserRecord: u.now, New: u.isNew, Changed: u.written, NewPassword: u.password > 0}
		upsert.PasswordHash = b.hashes[u.password]
		change := tenancy.ImportedUser{ID: u.now.ID, Name: u.now.FirstName + " " + u.now.LastName, Email: u.now.Email, New: u.isNew}
		if !u.isNew && u.password > 0 {
			change.Credentials = append(change.Credentials, "password")
		}
		if !u.isNew && u.was.Active != u.now.Active {
			change.Credentials = append(change.Credentials, "activity")
		}
		if upserts = append(upserts, upsert); u.isNew || u.written || u.password > 0 {
			changes = append(changes, change)
		}
	}
	if err := b.kind.bulk.Write(ctx, tx, upserts); err != nil {
		return err
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
			at, _ := slices.BinarySearchFunc(rows, number, func(r sheet.Row, number int) int { return cmp.Compare(r.Number, number) })
			hash, err := b.kind.passwords.Hash(ctx, rows[at].Field(tenancy.UserPassword).Value)
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
