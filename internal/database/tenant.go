package database

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	entgo "entgo.io/ent"
	"github.com/google/uuid"

	"tenantry/ent/generated/ent"
)

// ErrTenantDeleted is wrapped by the error of an insert below a company that is not there,
// or that was deleted: nothing is created in it any more, although its row stands until
// what it had is purged.
var ErrTenantDeleted = errors.New("the company is not there, or is deleted")

// companyColumn is the column that puts a row below a company.
const companyColumn = "company_id"

// HoldTenants keeps the companies from being deleted until the transaction ends. Where one
// of them is not there, or is deleted, the error wraps [ErrTenantDeleted].
//
// Every insert of a row that belongs to a company does it by itself, first: those of
// [Tx.Ent] and those of [Load]. A foreign key is not enough, because a deleted company's
// row is still there. Whoever inserts below many companies holds them in one call before.
func (tx *Tx) HoldTenants(ctx context.Context, companies ...uuid.UUID) error {
	standing, err := tx.StandingTenants(ctx, companies...)
	if err != nil {
		return err
	}
	if len(standing) == len(companies) {
		return nil
	}
	for _, c := range companies {
		if !tx.held[c] {
			return fmt.Errorf("%w: %v", ErrTenantDeleted, c)
		}
	}
	return nil
}

// StandingTenants holds, as HoldTenants does, those of the companies that are there and not
// deleted, and returns them in the given order.
func (tx *Tx) StandingTenants(ctx context.Context, companies ...uuid.UUID) (standing []uuid.UUID, err error) {
	var unknown []uuid.UUID
	for _, c := range companies {
		if !tx.held[c] {
			unknown = append(unknown, c)
		}
	}
	if len(unknown) > 0 {
		if err := tx.holdTenants(ctx, unknown); err != nil {
			return nil, fmt.Errorf("holding companies: %w", err)
		}
	}
	for _, c := range companies {
		if tx.held[c] {
			standing = append(standing, c)
		}
	}
	return standing, nil
}

func (tx *Tx) holdTenants(ctx context.Context, companies []uuid.UUID) error {
	query := `SELECT id FROM companies WHERE id` + tx.dialect.AmongIDs("$1") + ` AND deleted_at IS NULL`
	if tx.dialect == Postgres { // SQLite has one writer at a time
		// What the deletion changes is a key (the slug), so it waits for a KEY SHARE, and a KEY
		// SHARE for it. Other changes of the company wait for neither.
		query += ` ORDER BY id FOR KEY SHARE`
	}
	rows, err := tx.QueryContext(ctx, query, tx.dialect.IDs(companies))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c uuid.UUID
		if err := rows.Scan(&c); err != nil {
			return err
		}
		tx.held[c] = true
	}
	return rows.Err()
}

// holding is the hook of a transaction's client: see HoldTenants. It comes before the
// policies, which thus check what is still true at the commit.
func (tx *Tx) holding(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		if m.Op().Is(entgo.OpCreate) && belongs(m) {
			if of, given := m.Field(companyColumn); given && of != uuid.Nil { // else the policies or the references refuse it
				if err := tx.HoldTenants(ctx, of.(uuid.UUID)); err != nil {
					return nil, err
				}
			}
		}
		return next.Mutate(ctx, m)
	})
}

// belongs says whether what is created belongs to the company that it names. A company that
// can be taken away again is one that a record is only about: a notification outlives it.
func belongs(m ent.Mutation) bool {
	_, about := m.(interface{ ClearCompanyID() })
	return !about
}

// holdTenants holds the companies that the batch's rows belong to.
func (b Batch) holdTenants(ctx context.Context, tx *Tx) error {
	column := slices.Index(b.Columns, companyColumn)
	if column < 0 || b.About {
		return nil
	}
	var of []uuid.UUID
	seen := map[uuid.UUID]bool{}
	rows := b.source()
	value, last := Values{copying: true}, []byte(nil)
	for i := range rows.rows() {
		value.text = value.text[:0]
		rows.cell(i, column, &value)
		if bytes.Equal(value.text, last) { // the same all the way down, as a rule
			continue
		}
		last = append(last[:0], value.text...)
		c, err := uuid.ParseBytes(last)
		if err != nil {
			return fmt.Errorf("row %d has a %s that is no id: %w", i, companyColumn, err)
		}
		if !seen[c] {
			seen[c] = true
			of = append(of, c)
		}
	}
	return tx.HoldTenants(ctx, of...)
}
