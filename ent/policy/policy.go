// Package policy enforces tenancy: it decides who may read and change which records.
//
// Every query and every mutation that goes through ent is checked here against the viewer
// in its context, so no caller can forget it. Reads are never refused: records that the
// viewer may not see are filtered out in SQL, from lists, counts, edges and look-ups by id,
// so that they look the same as records that do not exist. Writes are refused ([ErrDenied])
// or restricted to the rows that the viewer may change. The companies and users that a write
// refers to are checked as well. A context without viewer reads and changes nothing.
//
// [viewer.BypassTenancy] skips these checks, and so does SQL that does not go through ent: the
// bulk reads and writes of internal/contacts, internal/tenancy and internal/importer, whose
// callers have checked the rights. New companies are written that way too.
package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"

	generated "tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
)

// ErrDenied is wrapped by the error of every write that a policy refuses.
var ErrDenied = errors.New("the viewer may not do this")

func deny(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDenied, fmt.Sprintf(format, args...))
}

// visibility is the condition under which the viewer sees a row; nil: none is visible.
type visibility func(viewer.Viewer, *sql.Selector) *sql.Predicate

// reads filters an entity's queries. Q is its generated query, P its predicate. Whoever must enroll
// in a second factor first (rule U9) sees nothing of it but for unenrolled.
func reads[Q interface{ Where(...P) Q }, P ~func(*sql.Selector)](see visibility, unenrolled ...visibility) privacy.QueryPolicy {
	return privacy.QueryPolicy{queryRule(func(ctx context.Context, q ent.Query) error {
		v := viewer.FromContext(ctx)
		if _, ok := v.System(); ok {
			return privacy.Allow
		}
		query, ok := q.(Q)
		if !ok {
			return deny("a query of another type: %T", q)
		}
		seen := see
		if v.MustEnroll {
			seen = nil
			if len(unenrolled) > 0 {
				seen = unenrolled[0]
			}
		}
		query.Where(P(func(s *sql.Selector) { s.Where(orNothing(v, s, seen)) }))
		return privacy.Allow
	})}
}

func orNothing(v viewer.Viewer, s *sql.Selector, see visibility) *sql.Predicate {
	if v.Authenticated() && see != nil {
		if p := see(v, s); p != nil {
			return p
		}
	}
	return sql.False()
}

type queryRule func(context.Context, ent.Query) error

func (f queryRule) EvalQuery(ctx context.Context, q ent.Query) error { return f(ctx, q) }

type mutationRule func(context.Context, ent.Mutation) error

func (f mutationRule) EvalMutation(ctx context.Context, m ent.Mutation) error { return f(ctx, m) }

// mutation is what all generated mutations can do.
type mutation interface {
	ent.Mutation
	Client() *generated.Client
	WhereP(...func(*sql.Selector))
}

// writes says who may create, change and delete an entity's rows. A nil part: nobody.
type writes struct {
	create func(context.Context, viewer.Viewer, mutation) error
	refers []string // the edges that a create may set; create checks where they lead
	update func(viewer.Viewer, *sql.Selector) *sql.Predicate
	remove func(viewer.Viewer, *sql.Selector) *sql.Predicate
	fields []string // that an update may change: those that ent/schema marks as writable
	// narrower are fields that an update may change in fewer rows than the others, or, where there
	// is no predicate, in none.
	narrower map[string]func(viewer.Viewer, *sql.Selector) *sql.Predicate

	siblings []sibling // the edges to other records of the same company; a create may set them too

	people bool // no API key does any of this (rule U7)
}

// attaches reports whether the edge leads to a record of the same company, which is checked.
func (w writes) attaches(edge string) bool {
	return slices.ContainsFunc(w.siblings, func(s sibling) bool { return s.edge == edge })
}

func (w writes) policy() privacy.MutationPolicy {
	return privacy.MutationPolicy{mutationRule(func(ctx context.Context, m ent.Mutation) error {
		v := viewer.FromContext(ctx)
		if _, ok := v.System(); ok {
			return privacy.Allow
		}
		if !v.Authenticated() {
			return deny("nobody is signed in")
		}
		if v.MustEnroll {
			return deny("the viewer must enroll in a second factor first")
		}
		if v.OnlyReads() || w.people && v.ByKey() {
			return deny("an API key of this access does not change a %s", m.Type())
		}
		mut, ok := m.(mutation)
		if !ok {
			return deny("a mutation of another type: %T", m)
		}
		if err := w.check(ctx, v, mut); err != nil {
			return err
		}
		return privacy.Allow
	})}
}

func (w writes) check(ctx context.Context, v viewer.Viewer, m mutation) error {
	switch {
	case m.Op().Is(ent.OpCreate):
		if w.create == nil {
			return deny("%s is made by the platform alone", m.Type())
		}
		// Other edges would take rows of whoever's into the new record.
		for _, e := range m.AddedEdges() {
			if !slices.Contains(w.refers, e) && !w.attaches(e) {
				return deny("%s.%s cannot be set on creation", m.Type(), e)
			}
		}
		if err := w.create(ctx, v, m); err != nil {
			return err
		}
		return w.related(ctx, m)
	case m.Op().Is(ent.OpUpdate | ent.OpUpdateOne):
		if w.update == nil {
			return deny("%s is changed by the platform alone", m.Type())
		}
		for _, f := range slices.Concat(m.Fields(), m.AddedFields(), m.ClearedFields()) {
			if f != "updated_at" && !slices.Contains(w.fields, f) { // which every update sets
				return deny("%s.%s cannot be changed so", m.Type(), f)
			}
			if rows, ok := w.narrower[f]; ok {
				m.WhereP(func(s *sql.Selector) { s.Where(orNothing(v, s, rows)) })
			}
		}
		// An edge in a column that may be set is a column, and checked as one below.
		edges := slices.Concat(m.AddedEdges(), m.RemovedEdges(), m.ClearedEdges())
		edges = slices.DeleteFunc(edges, func(e string) bool { return w.attaches(e) && !m.EdgeCleared(e) })
		if len(edges) > 0 {
			return deny("%s's %v cannot be changed so", m.Type(), edges)
		}
		w.narrow(m)
		m.WhereP(func(s *sql.Selector) { s.Where(orNothing(v, s, w.update)) })
		return nil
	default:
		if w.remove == nil {
			return deny("%s is deleted by the platform alone", m.Type())
		}
		m.WhereP(func(s *sql.Selector) { s.Where(orNothing(v, s, w.remove)) })
		return nil
	}
}
