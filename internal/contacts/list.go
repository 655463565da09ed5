package contacts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
	"tenantry/internal/searchindex"
)

// Filter says which contacts; nil and empty parts do not matter.
type Filter struct {
	Search    *string // the beginning of the email, username, first or last name (rule K6)
	Active    *bool
	Type      *enum.ContactType
	LabelIDs  []id.ID // all of them
	ProjectID *id.ID
	DeskID    *id.ID
}

// maxFilterLabels bounds Filter.LabelIDs.
const maxFilterLabels = 20

// few is how many rows an index may give that are then put in order; where each index gives
// more, the list is gone through in its own order until a page is full. Either way a page
// costs some thousand rows at most, but for filters whose parts exclude each other.
const few = 5_000

// Predicates is, for each of the companies, what its contacts that pass the filter are found by;
// as far as the viewer sees them, as the policies decide. A page of them is to be cut in the
// order of email_key. Three statements at most, however many companies, and a fourth where a
// domain is being typed. LIMIT_EXCEEDED for too many labels.
//
// The databases cannot know how many rows a beginning matches: SQLite guesses the same for
// each, PostgreSQL knows of a table only what it was like at its last ANALYZE. So the
// indexes are asked first, at most few rows each, and the conditions are then written so
// that the choice is made: the narrowest one may use its index and no other.
func (s *Service) Predicates(ctx context.Context, companies []id.ID, f Filter) (map[id.ID][]predicate.Contact, error) {
	dead, err := s.dead(ctx, f)
	if err != nil {
		return nil, err
	}
	indexed := make([][]condition, len(companies))
	wanted, completing, err := s.wanted(ctx, companies, f.Search)
	if err != nil {
		return nil, fmt.Errorf("looking for domains that are being typed: %w", err)
	}
	for i, c := range companies {
		if indexed[i], err = f.indexed(c, s.bulk.keyColumns(), dead, wanted, completing[c]); err != nil {
			return nil, err
		}
	}
	narrowest, err := s.narrowest(ctx, companies, indexed)
	if err == nil {
		err = s.fetchIndexed(ctx, companies, indexed, narrowest)
	}
	if err != nil {
		return nil, fmt.Errorf("asking how many contacts a filter leaves: %w", err)
	}
	those := make(map[id.ID][]predicate.Contact, len(companies))
	for i, c := range companies {
		those[c] = f.where(c, indexed[i], narrowest[i])
	}
	return those, nil
}

func (f Filter) where(companyID id.ID, indexed []condition, narrowest int) []predicate.Contact {
	where := []predicate.Contact{contact.CompanyID(companyID)}
	if narrowest >= 0 {
		where[0] = func(q *sql.Selector) { q.Where(opaque(sql.EQ(q.C(contact.FieldCompanyID), companyID))) }
	}
	for i, c := range indexed {
		if i == narrowest {
			where = append(where, func(q *sql.Selector) { q.Where(c.driving(q)) })
		} else {
			where = append(where, func(q *sql.Selector) { q.Where(opaque(c.passing(q))) })
		}
	}
	return append(where, f.residual()...)
}

// Residual is the whole filter, for the contacts of any company, if it has no part that an index
// finds. ok is false where it has: then Predicates is to be asked.
func (f Filter) Residual() (where []predicate.Contact, ok bool) {
	return f.residual(), f.Search == nil && f.ProjectID == nil && f.DeskID == nil && len(f.LabelIDs) == 0
}

// residual is what the filter says besides what an index finds.
func (f Filter) residual() []predicate.Contact {
	var where []predicate.Contact
	if f.Active != nil {
		where = append(where, contact.Active(*f.Active))
	}
	if f.Type != nil {
		where = append(where, contact.TypeEQ(*f.Type))
	}
	return where
}

// condition is a part of a filter that has an index.
type condition struct {
	entries []entries                          // what is looked for there
	driving func(*sql.Selector) *sql.Predicate // so that the index is used
	passing func(*sql.Selector) *sql.Predicate // for a row at hand
	search  *search                            // of the part that search blocks help to find
}

// entries are a range of an index: what stands behind FROM, with arg in place of its values.
type entries func(arg func(value any) (placeholder string)) string

func (f Filter) indexed(companyID id.ID, keys []string, dead tombstones, wanted *normalize.Search, completing []string) ([]condition, error) {
	var all []condition
	switch {
	case f.Search == nil:
	case wanted == nil:
		all = append(all, none())
	case wanted.Key != "":
		all = append(all, begins(companyID, keys, *wanted, completing))
	}
	if f.ProjectID != nil {
		all = append(all, stands(companyID, contact.FieldProjectID, dead.standFor(*f.ProjectID)))
	}
	if f.DeskID != nil {
		all = append(all, stands(companyID, contact.FieldDeskID, dead.standFor(*f.DeskID)))
	}
	labels := slices.Clone(f.LabelIDs)
	slices.SortFunc(labels, func(x, y id.ID) int { return slices.Compare(x[:], y[:]) })
	labels = slices.Compact(labels)
	if len(labels) > maxFilterLabels {
		return nil, fault.New(fault.LimitExceeded, "labelIds has %d entries; a filter may have %d", len(labels), maxFilterLabels).
			At("filter", "labelIds").With("limit", maxFilterLabels)
	}
	for _, l := range labels {
		if dead.of[l] {
			all = append(all, none())
			continue
		}
		all = append(all, labelled(companyID, l))
	}
	return all, nil
}

// none is what no contact passes.
func none() condition {
	no := func(*sql.Selector) *sql.Predicate { return sql.False() }
	return condition{driving: no, passing: no, entries: []entries{func(func(any) string) string { return "contacts WHERE FALSE" }}}
}

// stands: the contact stands in that project, or at that desk, which is one of these.
func stands(companyID id.ID, column string, assignments []id.ID) condition {
	if len(assignments) == 0 {
		return none()
	}
	there := func(q *sql.Selector) *sql.Predicate {
		if len(assignments) == 1 {
			return sql.EQ(q.C(column), assignments[0])
		}
		return database.AmongIDs(q, column, assignments)
	}
	c := condition{driving: there, passing: there}
	for _, assignmentID := range assignments {
		c.entries = append(c.entries, func(arg func(any) string) string {
			return "contacts WHERE company_id = " + arg(companyID) + " AND " + column + " = " + arg(assignmentID)
		})
	}
	return c
}

// labelled: the contact has the label, which is of the same company.
func labelled(companyID, labelID id.ID) condition {
	given := func() (*sql.SelectTable, *sql.Selector) {
		t := sql.Table("contact_labels")
		return t, sql.Select(t.C("contact_id")).From(t).
			Where(sql.And(sql.EQ(t.C("label_id"), labelID), sql.EQ(t.C("company_id"), companyID)))
	}
	return condition{
		entries: []entries{func(arg func(any) string) string {
			return "contact_labels WHERE company_id = " + arg(companyID) + " AND label_id = " + arg(labelID)
		}},
		driving: func(q *sql.Selector) *sql.Predicate {
			_, ids := given()
			return sql.In(q.C(contact.FieldID), ids)
		},
		passing: func(q *sql.Selector) *sql.Predicate {
			t, ids := given()
			return sql.Exists(ids.Where(sql.ColumnsEQ(t.C("contact_id"), q.C(contact.FieldID))))
		},
	}
}

// opaque is a condition that no index is used for.
func opaque(p *sql.Predicate) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.WriteString("COALESCE(").Join(p).WriteString(", FALSE)")
	})
}

// narrowest is, of each list of conditions, the index of the one that the fewest rows pass;
// -1 where each has more than few, or there is none. The lists are equally long.
func (s *Service) narrowest(ctx context.Context, companies []id.ID, lists [][]condition) ([]int, error) {
	narrowest := slices.Repeat([]int{-1}, len(lists))
	if len(lists) == 0 || len(lists[0]) == 0 {
		return narrowest, nil
	}
	var args []any
	arg := func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	}
	asked := make([]string, len(lists))
	for n, conditions := range lists {
		asked[n] = fmt.Sprintf("SELECT %d", n)
		for _, c := range conditions {
			asked[n] += ", 0"
			if c.search != nil {
				asked[n] += " + (" + searchindex.Count(companies[n], c.search.prefix, arg) + ")"
			}
			for _, e := range c.entries {
				asked[n] += fmt.Sprintf(" + (SELECT COUNT(*) FROM (SELECT 1 FROM %s LIMIT %d) AS entries)", e(arg), few+1)
			}
		}
	}
	rows, err := s.db.SQL().QueryContext(ctx, strings.Join(asked, " UNION ALL "), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make([]int, 1+len(lists[0]))
	into := make([]any, len(found))
	for i := range found {
		into[i] = &found[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		best, counts := &narrowest[found[0]], found[1:]
		for i, n := range counts {
			if n <= few && (*best < 0 || n < counts[*best]) {
				*best = i
			}
		}
	}
	return narrowest, rows.Err()
}
