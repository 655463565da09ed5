package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/tenancy"
)

// directory is what a batch's rows are judged against: the users they name, and those who
// keep the company governed, as the rows so far leave them.
type directory struct {
	byEmail        map[string]*account
	administrators []*account // the company's own, active or not
	managed        bool       // by a partner
	touched        []*account // by the batch; some more than once
}

// account is a user as the rows so far leave them.
type account struct {
	id       id.ID
	company  id.ID
	emailKey string
	was, now profile
	isNew    bool // no record is there yet
	admin    bool
	written  bool // by a row: even where a later one has put back what was (rules R2, R4)
	password int  // the row whose password is theirs from now on; 0: none
}

// profile is what an import reads and writes of a user. Never a password.
type profile struct {
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Active    bool   `json:"active"`
}

// look fetches whom the rows name, by the keys of their emails, and holds them until the commit.
func (users) look(ctx context.Context, tx *database.Tx, b *batch, keys []string) (*directory, error) {
	d := &directory{byEmail: map[string]*account{}}
	emails := slices.Sorted(slices.Values(keys))
	emails = slices.DeleteFunc(slices.Compact(emails), func(key string) bool { return key == "" })
	lock := ""
	if tx.Dialect() == database.Postgres && !b.run.dryRun {
		lock = " FOR UPDATE"
	}
	// The company first, as whoever changes users by hand does.
	company := `SELECT p.is_partner FROM companies c LEFT JOIN companies p ON p.id = c.partner_id WHERE c.id = $1`
	if lock != "" {
		company += " FOR NO KEY UPDATE OF c" // what is inserted below it need not wait
	}
	var managed sql.NullBool // one who is demoted manages nobody (rule C2)
	if err := tx.QueryRowContext(ctx, company, b.run.company).Scan(&managed); err != nil {
		return nil, fmt.Errorf("looking for the company: %w", err)
	}
	d.managed = managed.Bool
	in := tx.Dialect().AmongTexts("$2")
	byID := map[id.ID]*account{}
	administrators := ""
	if b.run.layout.Has("active") {
		administrators = ` OR role = 'ADMIN'`
	}
	const read = `SELECT id, company_id, email, email_key, first_name, last_name, active, role FROM users WHERE `
	for _, query := range []string{
		read + `company_id = $1 AND (email_key ` + in + administrators + `) ORDER BY id` + lock,
		read + `company_id <> $1 AND email_key ` + in,
	} {
		rows, err := tx.QueryContext(ctx, query, b.run.company, database.Texts(emails))
		if err != nil {
			return nil, fmt.Errorf("looking for users: %w", err)
		}
		if err := d.read(rows, byID); err != nil {
			return nil, err
		}
	}
	if b.run.dryRun {
		if err := d.readScratch(ctx, tx, b.run, emails, byID); err != nil {
			return nil, err
		}
	}
	for _, u := range byID {
		d.byEmail[u.emailKey] = u
		if u.company == b.run.company && u.admin {
			d.administrators = append(d.administrators, u)
		}
	}
	return d, nil
}

func (d *directory) read(rows *sql.Rows, byID map[id.ID]*account) error {
	defer rows.Close()
	for rows.Next() {
		u, role := &account{}, enum.Member
		if err := rows.Scan(&u.id, &u.company, &u.was.Email, &u.emailKey, &u.was.FirstName, &u.was.LastName, &u.was.Active, &role); err != nil {
			return err
		}
		u.admin, u.now = role == enum.Admin, u.was
		byID[u.id] = u
	}
	return rows.Err()
}

// readScratch puts what earlier rows of a dry run have left over the records.
func (d *directory) readScratch(ctx context.Context, tx *database.Tx, c *claim, emails []string, byID map[id.ID]*account) error {
	ids := make([]string, 0, len(byID))
	for i := range byID {
		ids = append(ids, i.String())
	}
	return scratchOf(ctx, tx, c.id, ids, emails, nil, func(record id.ID, state []byte) error {
		u := byID[record]
		if u == nil {
			u = &account{id: record, company: c.company, isNew: true}
			byID[record] = u
		}
		if err := json.Unmarshal(state, &u.now); err != nil {
			return fmt.Errorf("reading scratch: %w", err)
		}
		u.emailKey = fold.Email(u.now.Email)
		return nil
	})
}

// changed are the accounts that the batch has touched, each once.
func (d *directory) changed() []*account {
	seen := make(map[*account]bool, len(d.touched))
	return slices.DeleteFunc(slices.Clone(d.touched), func(u *account) bool {
		again := seen[u]
		seen[u] = true
		return again
	})
}

// keep is what a dry run does in place of writing.
func (d *directory) keep(ctx context.Context, tx *database.Tx, c *claim) error {
	changed := d.changed()
	records := make([]scratchRecord, len(changed))
	for i, u := range changed {
		records[i] = scratchRecord{id: u.id, emailKey: u.emailKey, state: u.now}
	}
	return keepScratch(ctx, tx, c.id, records)
}

// write makes and changes the users, with all that belongs to it (rule U3). Passwords that
// are not hashed yet are hashed first, outside of the transaction.
func (k users) write(ctx context.Context, tx *database.Tx, b *batch, d *directory, o *outcome) error {
	changed := d.changed()
	var wanted []int
	for _, u := range changed {
		if u.password > 0 && b.hashes[u.password] == "" {
			wanted = append(wanted, u.password)
		}
	}
	if len(wanted) > 0 {
		return &postponed{do: func(ctx context.Context) error { return k.hash(ctx, b, wanted) }}
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	var made, profiles, passwords [][]any
	told := make([]tenancy.ImportedUser, 0, len(changed))
	for _, u := range changed {
		p, hash := u.now, b.hashes[u.password]
		user := tenancy.ImportedUser{ID: u.id, Name: p.FirstName + " " + p.LastName, Email: p.Email, New: u.isNew}
		if u.isNew {
			made = append(made, []any{u.id, u.company, p.Email, u.emailKey, p.FirstName, fold.Key(p.FirstName), p.LastName, fold.Key(p.LastName),
				hash, p.Active, string(enum.Member), at, at})
			told = append(told, user)
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
			told = append(told, user)
		}
	}
	if err := insertAll(ctx, tx, "users", []string{"id", "company_id", "email", "email_key", "first_name", "first_name_key", "last_name", "last_name_key",
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
	o.told, err = k.e.accounts.UsersImported(ctx, tx, b.run.by, b.run.company, told)
	return err
}

// hash makes the hashes of the rows' passwords on all cores (rule U2).
func (k users) hash(ctx context.Context, b *batch, rows []int) error {
	var mu sync.Mutex
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(runtime.GOMAXPROCS(0)) // whoever signs in meanwhile waits for one of these, and not for all
	for _, number := range rows {
		all.Go(func() error {
			hash, err := k.e.passwords.Hash(ctx, b.rows[number-b.first].Field("password").Value)
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
