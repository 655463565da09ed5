package contacts

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// Projects are the projects in which contacts are that refer to these ids, by these: where
// one was deleted its contacts are in the default one, although they are not moved yet.
func (s *Service) Projects(ctx context.Context, ids []id.ID) (map[id.ID]*ent.Project, error) {
	return resolved(ctx, s, toProject, ids, func(ids []id.ID) ([]*ent.Project, error) {
		return s.db.Ent().Project.Query().Where(database.Among(project.FieldID, ids)).All(ctx)
	}, func(p *ent.Project) id.ID { return p.ID })
}

// Desks are as Projects.
func (s *Service) Desks(ctx context.Context, ids []id.ID) (map[id.ID]*ent.Desk, error) {
	return resolved(ctx, s, toDesk, ids, func(ids []id.ID) ([]*ent.Desk, error) {
		return s.db.Ent().Desk.Query().Where(database.Among(desk.FieldID, ids)).All(ctx)
	}, func(d *ent.Desk) id.ID { return d.ID })
}

func resolved[T any](ctx context.Context, s *Service, r referred, ids []id.ID, find func([]id.ID) ([]*T, error), key func(*T) id.ID) (map[id.ID]*T, error) {
	found, err := find(ids)
	if err != nil {
		return nil, err
	}
	by := make(map[id.ID]*T, len(ids))
	for _, f := range found {
		by[key(f)] = f
	}
	var missing []id.ID
	for _, of := range ids {
		if by[of] == nil {
			missing = append(missing, of)
		}
	}
	if len(missing) == 0 {
		return by, nil
	}
	standard, err := s.standards(ctx, r, missing)
	if err != nil || len(standard) == 0 {
		return by, err
	}
	defaults := make([]id.ID, 0, len(standard))
	for _, of := range standard {
		defaults = append(defaults, of)
	}
	if found, err = find(defaults); err != nil { // as far as the viewer sees them
		return nil, err
	}
	for _, f := range found {
		by[key(f)] = f
	}
	for dead, of := range standard {
		if stands := by[of]; stands != nil {
			by[dead] = stands
		}
	}
	return by, nil
}

// standards are the default ones of the tombstones' companies, by the tombstones among the ids.
func (s *Service) standards(ctx context.Context, r referred, ids []id.ID) (map[id.ID]id.ID, error) {
	d := s.db.Dialect()
	return s.pairs(ctx, `SELECT t.id, d.id FROM `+r.table+` t JOIN `+r.table+` d ON d.company_id = t.company_id AND d.is_default
		WHERE t.deleted_at IS NOT NULL AND t.id`+d.AmongIDs("$1"), d.IDs(ids))
}

// tombstones are what a filter has to know of: which of its ids are such, and which are the
// contacts of its default project or desk.
type tombstones struct {
	of      map[id.ID]bool
	instead map[id.ID][]id.ID // by the default one
}

// standFor are the project or desk, and those whose contacts are there until they are moved.
func (t tombstones) standFor(assignment id.ID) []id.ID {
	if t.of[assignment] {
		return nil
	}
	return append([]id.ID{assignment}, t.instead[assignment]...)
}

// dead finds the filter's tombstones, in one statement.
func (s *Service) dead(ctx context.Context, f Filter) (tombstones, error) {
	found := tombstones{of: map[id.ID]bool{}, instead: map[id.ID][]id.ID{}}
	d := s.db.Dialect()
	var parts []string
	var args []any
	ask := func(r referred, ids ...id.ID) {
		args = append(args, d.IDs(ids))
		at := d.AmongIDs(fmt.Sprintf("$%d", len(args)))
		parts = append(parts, `SELECT id, id FROM `+r.table+` WHERE deleted_at IS NOT NULL AND id`+at)
		if r.moves != "" {
			parts = append(parts, `SELECT t.id, d.id FROM `+r.table+` d JOIN `+r.table+` t ON t.company_id = d.company_id AND t.deleted_at IS NOT NULL
				WHERE d.is_default AND d.id`+at)
		}
	}
	if f.ProjectID != nil {
		ask(toProject, *f.ProjectID)
	}
	if f.DeskID != nil {
		ask(toDesk, *f.DeskID)
	}
	if len(f.LabelIDs) > 0 {
		ask(toLabel, f.LabelIDs...)
	}
	if len(parts) == 0 {
		return found, nil
	}
	of, err := s.pairs(ctx, strings.Join(parts, " UNION ALL "), args...)
	for dead, standard := range of {
		if dead == standard {
			found.of[dead] = true
		} else {
			found.instead[standard] = append(found.instead[standard], dead)
		}
	}
	return found, err
}

func (s *Service) pairs(ctx context.Context, query string, args ...any) (map[id.ID]id.ID, error) {
	rows, err := s.db.SQL().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("looking for tombstones: %w", err)
	}
	defer rows.Close()
	of := map[id.ID]id.ID{}
	for rows.Next() {
		var a, b id.ID
		if err := rows.Scan(&a, &b); err != nil {
			return nil, fmt.Errorf("looking for tombstones: %w", err)
		}
		of[a] = b
	}
	return of, rows.Err()
}
