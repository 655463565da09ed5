package users

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/normalize"
	"tenantry/internal/tenancy"
)

// directory is what a batch's rows are planned against: the users they name, and those who
// keep the company governed, as the rows so far leave them.
type directory struct {
	*batch
	byEmail        map[string]*account
	administrators []*account // the company's own, active or not
	managed        bool       // by a partner
	touched        []*account // by the batch; some more than once
}

// account is a user as the rows so far leave them.
type account struct {
	was, now tenancy.UserRecord
	isNew    bool // no record is there yet
	written  bool // by a row: even where a later one has put back what was (rules R2, R4)
	password int  // the row whose password is theirs from now on; 0: none
}

func (u *account) admin() bool { return u.now.Role == enum.Admin }

// load fetches whom the rows name, by the keys of their emails, and holds them until the commit.
func (b *batch) load(ctx context.Context, tx *database.Tx) (d *directory, err error) {
	d = &directory{batch: b, byEmail: map[string]*account{}}
	var emails []string
	for i := range b.drafts {
		if key := b.drafts[i].EmailKey; key != "" {
			emails = append(emails, key)
		}
	}
	slices.Sort(emails)
	emails = slices.Compact(emails)
	hold := !b.run.DryRun
	// The company first, as whoever changes users by hand does.
	if d.managed, err = tenancy.Managed(ctx, tx, b.run.Company, hold); err != nil {
		return nil, err
	}
	byID := map[id.ID]*account{}
	administrators := b.run.Layout.Has(tenancy.UserActive)
	err = b.kind.bulk.Find(ctx, tx, b.run.Company, emails, administrators, hold, func(r *tenancy.UserRecord) error {
		byID[r.ID] = &account{was: *r, now: *r}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if b.run.DryRun {
		if err := d.readScratch(ctx, tx, b.run, emails, byID); err != nil {
			return nil, err
		}
	}
	for _, u := range byID {
		d.byEmail[u.now.EmailKey] = u
		if u.now.Company == b.run.Company && u.admin() {
			d.administrators = append(d.administrators, u)
		}
	}
	return d, nil
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
			u = &account{isNew: true, now: tenancy.UserRecord{ID: record, Company: run.Company, Role: enum.Member}}
			byID[record] = u
		}
		if err := json.Unmarshal(state, &u.now); err != nil {
			return fmt.Errorf("reading scratch: %w", err)
		}
		u.now.EmailKey = normalize.Email(u.now.Email)
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
		records[i] = kind.Scratch{ID: u.now.ID, EmailKey: u.now.EmailKey, State: u.now}
	}
	return kind.KeepScratch(ctx, tx, run.ID, records)
}
