package contacts

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// A project, desk, label or custom field that is deleted becomes a tombstone (deleted_at):
// in that moment it is gone for everybody, what it was called is free, and where contacts
// still refer to it that is read as the default one, or as nothing. So the answer takes the
// same time for three contacts and for a million. What refers to it is cleared in pieces
// behind, and its row goes with the last one; [Service.Purge] goes on where a process has
// ended. Whoever was about to refer to it when it was deleted is no harm: that is cleared too.

const (
	// clearedAtOnce is how many references one transaction clears.
	clearedAtOnce = 1_000
	// clearWithin bounds what the deletion itself waits for the first of them.
	clearWithin = time.Second
)

// referred is a table whose rows may be tombstones, and what refers to them.
type referred struct {
	table          string
	refers, column string
	moves          string // the field by whose change a contact goes to the default one, where it cannot refer to none
}

var (
	toProject = referred{project.Table, "contacts", "project_id", ProjectField}
	toDesk    = referred{desk.Table, "contacts", "desk_id", DeskField}
	toLabel   = referred{label.Table, contactlabel.Table, contactlabel.FieldLabelID, ""}
	toField   = referred{customfield.Table, customfieldvalue.Table, customfieldvalue.FieldCustomFieldID, ""}

	allReferred = []referred{toProject, toDesk, toLabel, toField}
)

// clear clears some of what refers to the tombstone and says how much. Rows that somebody
// holds are left for the next time, so it waits for nobody and nobody for it for long.
func (r referred) clear(ctx context.Context, tx *database.Tx, dead id.ID) (int, error) {
	if r.moves != "" {
		return r.move(ctx, tx, dead)
	}
	// By the column's index, as bulk work does, from which what was cleared is gone: where half of the
	// table refers to it, each piece would look at all rows before it otherwise.
	res, err := tx.ExecContext(ctx, `WITH piece AS MATERIALIZED (SELECT id FROM `+r.refers+` WHERE `+r.column+` = $1 LIMIT $2`+
		tx.Dialect().LockFree(database.ForUpdate)+`) DELETE FROM `+r.refers+` WHERE id IN (SELECT id FROM piece)`, dead, clearedAtOnce)
	if err != nil {
		return 0, fmt.Errorf("clearing what refers to one of %s: %w", r.table, err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// move is clear of contacts, which go to the default one. Each keeps an edit of it, as of a change by hand:
// its chain of edits has no gap then.
func (r referred) move(ctx context.Context, tx *database.Tx, dead id.ID) (int, error) {
	var company id.ID
	var edits []Edit
	var latest time.Time
	replaced := Replaced{Fields: map[string]string{r.moves: dead.String()}}
	err := tx.Each(ctx, "what refers to one of "+r.table, func(rows *sql.Rows) error {
		e := Edit{Replaced: replaced}
		var previous database.Time
		err := rows.Scan(&e.Contact, &company, &previous)
		if e.PreviousAt = previous.Time; e.PreviousAt.After(latest) {
			latest = e.PreviousAt
		}
		edits = append(edits, e)
		return err
	}, `SELECT id, company_id, updated_at FROM `+r.refers+` WHERE `+r.column+` = $1 LIMIT $2`+tx.Dialect().LockFree(database.ForUpdate), dead, clearedAtOnce)
	if err != nil || len(edits) == 0 {
		return 0, err
	}
	at, moved := changedAt(latest), make([]string, len(edits))
	for i := range edits {
		edits[i].WrittenAt, moved[i] = at, edits[i].Contact.String()
	}
	_, err = tx.ExecContext(ctx, `UPDATE `+r.refers+` SET `+r.column+` = (SELECT d.id FROM `+r.table+` d JOIN `+r.table+` t ON t.company_id = d.company_id
		WHERE t.id = $1 AND d.is_default), updated_at = $2 WHERE id`+tx.Dialect().AmongIDTexts("$3"), dead, at, database.Texts(moved))
	if err != nil {
		return 0, fmt.Errorf("moving what refers to one of %s: %w", r.table, err)
	}
	standing, err := tx.StandingTenants(ctx, company)
	if err != nil || len(standing) == 0 { // a deleted company's contacts are about to go
		return len(edits), err
	}
	return len(edits), keepEdits(ctx, tx, company, edits...)
}

// drop deletes the tombstone's row, unless something refers to it, or is about to, or
// another process is at it.
func (r referred) drop(ctx context.Context, tx *database.Tx, dead id.ID) error {
	if free, err := tx.LockFreeRow(ctx, database.ForUpdate, r.table, dead); err != nil || !free {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM `+r.table+` WHERE id = $1 AND deleted_at IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM `+r.refers+` WHERE `+r.column+` = $1)`, dead)
	if err != nil {
		return fmt.Errorf("deleting one of %s: %w", r.table, err)
	}
	return nil
}

// step clears a piece of what refers to the tombstone, and drops it with the last one. It
// says whether there may be more that is not held by others.
func (s *Service) step(ctx context.Context, r referred, dead id.ID) (more bool, err error) {
	err = s.db.InTx(database.Bulk(ctx), func(ctx context.Context, tx *database.Tx) error {
		n, err := r.clear(ctx, tx, dead)
		if more = n == clearedAtOnce; err != nil || more {
			return err
		}
		return r.drop(ctx, tx, dead)
	})
	return more, err
}

// begin clears what it can at once, so that a deletion of little is over with its answer. The
// deletion stands already: what fails here is left to Purge.
func (s *Service) begin(ctx context.Context, r referred, dead id.ID) {
	ctx, cancel := context.WithTimeout(ctx, clearWithin)
	defer cancel()
	if _, err := s.step(ctx, r, dead); err != nil {
		s.log.DebugContext(ctx, "references to it are cleared later", "table", r.table, "error", err)
	}
}

// tombstone is one that is to be cleared away.
type tombstone struct {
	of referred
	id id.ID
}

// Purge clears away the tombstones of all companies, each in its turn a piece, until nothing
// refers to them but what others hold. Several processes may do so at once.
func (s *Service) Purge(ctx context.Context) error {
	for {
		found, err := s.remains(ctx)
		if err != nil || len(found) == 0 {
			return err
		}
		again := false
		for _, t := range found {
			more, err := s.step(ctx, t.of, t.id)
			if err != nil {
				return err
			}
			again = again || more
		}
		if !again {
			return nil
		}
	}
}

// purgedAtOnce is how many tombstones of a table take turns.
const purgedAtOnce = 100

func (s *Service) remains(ctx context.Context) ([]tombstone, error) {
	query := ""
	for i, r := range allReferred {
		if i > 0 {
			query += " UNION ALL "
		}
		query += fmt.Sprintf("SELECT %d, id FROM (SELECT id FROM %s WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT %d) AS t%d", i, r.table, purgedAtOnce, i)
	}
	rows, err := s.db.SQL().QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("looking for tombstones: %w", err)
	}
	defer rows.Close()
	var found []tombstone
	for rows.Next() {
		var i int
		var t tombstone
		if err := rows.Scan(&i, &t.id); err != nil {
			return nil, fmt.Errorf("looking for tombstones: %w", err)
		}
		t.of = allReferred[i]
		found = append(found, t)
	}
	return found, rows.Err()
}

// purgeInterval is how long the rest of a large deletion waits for a worker that is idle.
const purgeInterval = 5 * time.Second

// Tidy purges again and again until ctx ends.
func (s *Service) Tidy(ctx context.Context) {
	tick := time.NewTicker(purgeInterval)
	defer tick.Stop()
	for {
		if err := s.Purge(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "deleted records are not purged yet; they will be", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
