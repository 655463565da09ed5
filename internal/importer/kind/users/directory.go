package users

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/tenancy"
)

// directory is what a batch's rows are planned against: the users they name, and those who
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

// load fetches whom the rows name, by the keys of their emails, and holds them until the commit.
func (b *batch) load(ctx context.Context, tx *database.Tx) (*directory, error) {
	d := &directory{byEmail: map[string]*account{}}
	emails := slices.Sorted(slices.Values(b.keys))
	emails = slices.DeleteFunc(slices.Compact(emails), func(key string) bool { return key == "" })
	lock := tx.Dialect().Lock(database.ForUpdate)
	if b.run.DryRun {
		lock = ""
	}
	// The company first, as whoever changes users by hand does.
	var err error
	if d.managed, err = tenancy.Managed(ctx, tx, b.run.Company, !b.run.DryRun); err != nil {
		return nil, err
	}
	in := tx.Dialect().AmongTexts("$2")
	byID := map[id.ID]*account{}
	administrators := ""
	if b.run.Layout.Has("active") {
		administrators = ` OR role = 'ADMIN'`
	}
	const read = `SELECT id, company_id, email, email_key, first_name, last_name, active, role FROM users WHERE `
	for _, query := range []string{
		read + `company_id = $1 AND (email_key ` + in + administrators + `) ORDER BY id` + lock,
		read + `company_id <> $1 AND email_key ` + in,
	} {
		rows, err := tx.QueryContext(ctx, query, b.run.Company, database.Texts(emails))
		if err != nil {
			return nil, fmt.Errorf("looking for users: %w", err)
		}
		if err := d.read(rows, byID); err != nil {
			return nil, err
		}
	}
	if b.run.DryRun {
		if err := d.readScratch(ctx, tx, b.run, emails, byID); err != nil {
			return nil, err
		}
	}
	for _, u := range byID {
		d.byEmail[u.emailKey] = u
		if u.company == b.run.Company && u.admin {
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
func (d *directory) readScratch(ctx context.Context, tx *database.Tx, run *kind.Run, emails []string, byID map[id.ID]*account) error {
	ids := make([]string, 0, len(byID))
	for i := range byID {
		ids = append(ids, i.String())
	}
	return kind.ReadScratch(ctx, tx, run.ID, ids, emails, nil, func(record id.ID, state []byte) error {
		u := byID[record]
		if u == nil {
			u = &account{id: record, company: run.Company, isNew: true}
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
func (d *directory) keep(ctx context.Context, tx *database.Tx, run *kind.Run) error {
	changed := d.changed()
	records := make([]kind.Scratch, len(changed))
	for i, u := range changed {
		records[i] = kind.Scratch{ID: u.id, EmailKey: u.emailKey, State: u.now}
	}
	return kind.KeepScratch(ctx, tx, run.ID, records)
}
