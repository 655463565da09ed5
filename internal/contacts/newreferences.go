package contacts

import (
	"context"
	"fmt"
	"time"

	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/project"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/normalize"
	"tenantry/internal/tenancy"
)

// NewReference is a label, a project or a desk that a file names and the company does not have.
type NewReference struct {
	Kind    id.Kind // Label, Project or Desk
	ID      id.ID
	Company id.ID
	Name    string
}

// references are what differs between labels, projects and desks that are created by the thousand.
var references = map[id.Kind]struct {
	what, table string
	most        int
	check       func(name string) (string, error)
}{
	id.Label:   {"label", label.Table, MaxLabels, labelName},
	id.Project: {"project", project.Table, MaxProjects, func(name string) (string, error) { return input.Name(name, "input", "name") }},
	id.Desk:    {"desk", desk.Table, MaxDesks, func(name string) (string, error) { return input.Name(name, "input", "name") }},
}

// CheckNewReference says why a company that has so many of the kind cannot have one more of this
// name; empty where it can. Beyond what is refused by hand there are names that files read as
// something else: our ids, and the default project or desk (rule I14).
func CheckNewReference(of id.Kind, name string, has int) string {
	r := references[of]
	if checked, err := r.check(name); err != nil {
		if f := fault.Of(err); f != nil {
			return f.Message
		}
		return err.Error()
	} else if checked != name {
		return fmt.Sprintf("the name of a %s has no control characters", r.what)
	}
	switch _, notID := id.ParseAny(name); {
	case notID == nil:
		return fmt.Sprintf("the name of a %s does not have the form of an id", r.what)
	case of != id.Label && normalize.Key(name) == "default":
		return fmt.Sprintf("default names the default %s", r.what)
	case has >= r.most:
		return fmt.Sprintf("the company has %d %ss, and may have %d", has, r.what, r.most)
	}
	return ""
}

// HoldCompany makes whoever creates labels, projects or desks of the company wait until the
// transaction has ended.
func HoldCompany(ctx context.Context, tx *database.Tx, companyID id.ID) error {
	_, err := tx.LockRow(ctx, database.ForNoKeyUpdate, company.Table, companyID)
	return err
}

// CreateReferences makes those that files name, past ent and its policies: whoever calls it has
// checked the rights, holds the companies, and has checked each with [CheckNewReference]. It stands in
// the companies' logs as when they are made by hand.
func CreateReferences(ctx context.Context, tx *database.Tx, by viewer.Viewer, all []NewReference) error {
	if err := insertReferences(ctx, tx, all); err != nil {
		return err
	}
	return auditReferences(ctx, tx, by, all, "created", "the %s %q was made by an import")
}

func insertReferences(ctx context.Context, tx *database.Tx, all []NewReference) error {
	at, byKind := now(), map[id.Kind][]NewReference{}
	for _, r := range all {
		byKind[r.Kind] = append(byKind[r.Kind], r)
	}
	for of, list := range byKind {
		columns := referenceColumns(at)
		if of != id.Label {
			columns = append(columns, database.Column[NewReference]{Name: project.FieldIsDefault, Of: func(NewReference) any { return false }})
		}
		if err := database.Insert(ctx, tx, references[of].table, columns, list); err != nil {
			return err
		}
	}
	return nil
}

// DeleteUnused deletes those to which nothing refers any more, and which nobody has changed, as when they are deleted by
// hand: past ent and its policies, so that whoever calls it has checked the rights. It returns them.
func DeleteUnused(ctx context.Context, tx *database.Tx, by viewer.Viewer, all []NewReference) (deleted []NewReference, err error) {
	for _, r := range all {
		of, known := references[r.Kind]
		if !known {
			continue
		}
		// Whoever is about to refer to it is waited for, and waits.
		if there, err := tx.LockRow(ctx, database.ForUpdate, of.table, r.ID); err != nil {
			return nil, err
		} else if !there {
			continue
		}
		to := referredBy[r.Kind]
		query := `UPDATE ` + of.table + ` SET deleted_at = $1 WHERE id = $2 AND company_id = $3 AND deleted_at IS NULL AND updated_at = created_at
			AND NOT EXISTS (SELECT 1 FROM ` + to.refers + ` WHERE ` + to.column + ` = $2)`
		if to.moves != "" {
			query += ` AND NOT is_default`
		}
		res, err := tx.ExecContext(ctx, query, now(), r.ID, r.Company)
		if err != nil {
			return nil, fmt.Errorf("deleting a %s that nothing refers to: %w", of.what, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return nil, err
		} else if n > 0 {
			deleted = append(deleted, r)
		}
	}
	return deleted, auditReferences(ctx, tx, by, deleted, "deleted", "the %s %q, which an import had made, was deleted with its undo")
}

// RestoreReferences makes those again that DeleteUnused has deleted, with their ids. As for [CreateReferences], whoever calls it
// has checked the rights, holds the companies, and knows that none has the name of another.
func RestoreReferences(ctx context.Context, tx *database.Tx, by viewer.Viewer, all []NewReference) error {
	var gone []NewReference
	for _, r := range all {
		res, err := tx.ExecContext(ctx, `UPDATE `+references[r.Kind].table+` SET deleted_at = NULL WHERE id = $1 AND company_id = $2`, r.ID, r.Company)
		if err != nil {
			return fmt.Errorf("restoring a %s: %w", references[r.Kind].what, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 { // purged since
			gone = append(gone, r)
		}
	}
	if err := insertReferences(ctx, tx, gone); err != nil {
		return err
	}
	return auditReferences(ctx, tx, by, all, "created", "the %s %q was made again by an undo")
}

// auditReferences tells the companies' logs what was done to them.
func auditReferences(ctx context.Context, tx *database.Tx, by viewer.Viewer, all []NewReference, done, summary string) error {
	if len(all) == 0 {
		return nil
	}
	events := make([]tenancy.Event, len(all))
	for i, r := range all {
		what := references[r.Kind].what
		events[i] = tenancy.Event{Company: r.Company, Action: what + "." + done, Summary: fmt.Sprintf(summary, what, r.Name)}
	}
	return tenancy.AuditAll(ctx, tx, by, events)
}

// referredBy are what refers to each of the kinds.
var referredBy = map[id.Kind]referred{id.Label: toLabel, id.Project: toProject, id.Desk: toDesk}

// referenceColumns are called the same in all three tables.
func referenceColumns(at time.Time) []database.Column[NewReference] {
	made := func(NewReference) any { return at }
	return []database.Column[NewReference]{
		{Name: label.FieldID, Of: func(r NewReference) any { return r.ID }},
		{Name: label.FieldCompanyID, Of: func(r NewReference) any { return r.Company }},
		{Name: label.FieldName, Of: func(r NewReference) any { return r.Name }},
		{Name: label.FieldCreatedAt, Of: made},
		{Name: label.FieldUpdatedAt, Of: made},
	}
}
