package page_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/graph/page"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// fixture is ten companies, four of which have one name; own stands behind the others by it.
type fixture struct {
	t      *testing.T
	ctx    context.Context
	client *ent.Client
	own    id.ID
	names  []string // in order
}

func withCompanies(t *testing.T, test func(t *testing.T, s *fixture)) {
	t.Helper()
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		s := &fixture{t: t, ctx: viewer.BypassTenancy(t.Context(), "arranging a test"), client: db.Ent(), names: []string{"zulu 9"}}
		for i, name := range []string{"same", "same", "alpha", "same", "beta", "same", "gamma", "tango", "%_\\", "zulu"} {
			slug := fmt.Sprintf("%s-%d", name, i)
			c, err := s.client.Company.Create().SetName(fmt.Sprint(name, " ", i)).SetSlug(slug).SetNameSlug(slug).SetNameKey(name).Save(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			s.own = c.ID
		}
		s.names = append(s.names, "%_\\ 8", "alpha 2", "beta 4", "gamma 6", "same 0", "same 1", "same 3", "same 5", "tango 7")
		test(t, s)
	})
}

// order is by name, then by id: the API's order of companies.
func (s *fixture) order() page.Order[*ent.Company] {
	return page.Order[*ent.Company]{
		Terms: []page.Term{page.Text(company.FieldNameKey), page.UUID(company.FieldID)},
		Key:   func(c *ent.Company) []any { return []any{c.NameKey, c.ID} },
	}
}

func (s *fixture) page(order page.Order[*ent.Company], a page.Args) (*page.Connection[*ent.Company], error) {
	return page.Of(s.ctx, s.client.Company.Query(), order, a)
}

// ownFirst pages a list in parts.
func (s *fixture) ownFirst(a page.Args) (*page.Connection[*ent.Company], error) {
	own := company.ID(s.own)
	return page.Parts(s.ctx, []*ent.CompanyQuery{
		s.client.Company.Query().Where(own), s.client.Company.Query().Where(company.Not(own)),
	}, s.order(), a)
}

func names(c *page.Connection[*ent.Company]) []string {
	out := []string{}
	for _, n := range c.Nodes() {
		out = append(out, n.Name)
	}
	return out
}

// Pages of every size, forward and backward, give each row once, in the list's order, also
// where keys are equal; own comes first.
func TestPagesAreTheList(t *testing.T) {
	withCompanies(t, func(t *testing.T, s *fixture) {
		for size := 1; size <= len(s.names)+1; size++ {
			var forward, backward []string
			for after := (*string)(nil); ; {
				c, err := s.ownFirst(page.Args{First: &size, After: after})
				if err != nil {
					t.Fatal(err)
				}
				forward = append(forward, names(c)...)
				if c.PageInfo.HasPreviousPage != (after != nil) {
					t.Errorf("size %d: hasPreviousPage is %v behind %v", size, c.PageInfo.HasPreviousPage, after)
				}
				if !c.PageInfo.HasNextPage {
					break
				}
				after = c.PageInfo.EndCursor
			}
			for before := (*string)(nil); ; {
				c, err := s.ownFirst(page.Args{Last: &size, Before: before})
				if err != nil {
					t.Fatal(err)
				}
				backward = append(names(c), backward...)
				if !c.PageInfo.HasPreviousPage {
					break
				}
				before = c.PageInfo.StartCursor
			}
			if !slices.Equal(forward, s.names) || !slices.Equal(backward, s.names) {
				t.Errorf("size %d:\nforward  %v\nbackward %v\nwant     %v", size, forward, backward, s.names)
			}
		}
	})
}

// A descending order pages as well; a row that comes or goes in between shifts nothing.
func TestPagesDescendAndBearChanges(t *testing.T) {
	withCompanies(t, func(t *testing.T, s *fixture) {
		newest := page.Order[*ent.Company]{
			Terms: []page.Term{page.Time(company.FieldCreatedAt), page.UUID(company.FieldID)}, Desc: true,
			Key: func(c *ent.Company) []any { return []any{c.CreatedAt, c.ID} },
		}
		three := 3
		first, err := s.page(newest, page.Args{First: &three})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(first); !slices.Equal(got, []string{"zulu 9", "%_\\ 8", "tango 7"}) {
			t.Fatalf("the newest are %v", got)
		}
		// The cursor's own row goes, and a newer one comes.
		if err := s.client.Company.DeleteOneID(first.Edges[2].Node.ID).Exec(s.ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.client.Company.Create().SetName("new").SetSlug("new").SetNameSlug("new").SetNameKey("new").Exec(s.ctx); err != nil {
			t.Fatal(err)
		}
		next, err := s.page(newest, page.Args{First: &three, After: first.PageInfo.EndCursor})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(next); !slices.Equal(got, []string{"gamma 6", "same 5", "beta 4"}) {
			t.Errorf("behind them come %v", got)
		}
	})
}

// Between two cursors lies what lies between them.
func TestPagesBetweenCursors(t *testing.T) {
	withCompanies(t, func(t *testing.T, s *fixture) {
		all, err := s.ownFirst(page.Args{})
		if err != nil {
			t.Fatal(err)
		}
		between := func(after, before int) []string {
			c, err := s.ownFirst(page.Args{After: &all.Edges[after].Cursor, Before: &all.Edges[before].Cursor})
			if err != nil {
				t.Fatal(err)
			}
			return names(c)
		}
		for after := range all.Edges {
			for before := range all.Edges {
				want := []string{}
				if after < before {
					want = s.names[after+1 : before]
				}
				if got := between(after, before); !slices.Equal(got, want) {
					t.Errorf("between %d and %d: %v, want %v", after, before, got, want)
				}
			}
		}
		if none, err := s.ownFirst(page.Args{After: &all.Edges[9].Cursor}); err != nil || len(none.Edges) != 0 || none.PageInfo.EndCursor != nil {
			t.Errorf("behind the last comes %v (%v)", none, err)
		}
	})
}

// Sizes: 50 where none is given, 0 to 100; more is LIMIT_EXCEEDED, less and both are
// INVALID_ARGUMENT, each naming its argument.
func TestPageSizes(t *testing.T) {
	withCompanies(t, func(t *testing.T, s *fixture) {
		n := func(i int) *int { return &i }
		for name, c := range map[string]struct {
			args  page.Args
			kind  fault.Kind
			field string
		}{
			"first 101":      {page.Args{First: n(101)}, fault.LimitExceeded, "first"},
			"last 101":       {page.Args{Last: n(101)}, fault.LimitExceeded, "last"},
			"first -1":       {page.Args{First: n(-1)}, fault.Invalid, "first"},
			"last -1":        {page.Args{Last: n(-1)}, fault.Invalid, "last"},
			"first and last": {page.Args{First: n(1), Last: n(1)}, fault.Invalid, "last"},
			"first maximal":  {page.Args{First: n(int(^uint(0) >> 1))}, fault.LimitExceeded, "first"},
		} {
			_, err := s.page(s.order(), c.args)
			f := fault.Of(err)
			if f == nil || f.Kind != c.kind || !slices.Equal(f.Field, []string{c.field}) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if c, err := s.page(s.order(), page.Args{First: n(100)}); err != nil || len(c.Edges) != 10 {
			t.Errorf("first 100: %v", err)
		}
		if c, err := s.page(s.order(), page.Args{First: n(0)}); err != nil || len(c.Edges) != 0 || !c.PageInfo.HasNextPage {
			t.Errorf("first 0: %v", err)
		}
	})
}

// A cursor that this list did not give out is INVALID_ARGUMENT or a place in the list:
// never an error of the database, on either.
func TestTamperedCursors(t *testing.T) {
	withCompanies(t, func(t *testing.T, s *fixture) {
		everything := page.Order[*ent.Company]{
			Terms: []page.Term{page.Time(company.FieldCreatedAt), page.Text(company.FieldNameKey), page.UUID(company.FieldID)},
			Key:   func(c *ent.Company) []any { return []any{c.CreatedAt, c.NameKey, c.ID} },
		}
		good := []string{time.Now().UTC().Format(time.RFC3339Nano), "same", s.own.String()}
		for i, values := range [][]string{
			{"", "x", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "2026-02-30T00:00:00Z", "99999-01-01T00:00:00Z"},
			{"", "\x00", "a\x00b", "'; DROP TABLE companies; --", "\ufffd", "🙂", string(make([]byte, 10_000))},
			{"", "x", "00000000-0000-0000-0000-000000000000", "{" + s.own.String() + "}", "urn:uuid:" + s.own.String()},
		} {
			for _, v := range values {
				key := slices.Clone(good)
				key[i] = v
				s.answers(s.by(everything), cursor(key))
			}
		}
		for _, part := range []string{"", "x", "-1", "2", "2147483648", "9223372036854775807", "99999999999999999999", "1.5", "NaN"} {
			if _, err := s.ownFirst(page.Args{After: ptr(cursor([]string{part, "same", s.own.String()}))}); !fault.Is(err, fault.Invalid) {
				t.Errorf("a cursor of part %q: %v", part, err)
			}
		}
		for _, part := range []string{"0", "1"} {
			s.answers(s.ownFirst, cursor([]string{part, "same", s.own.String()}))
		}
		for _, c := range []string{
			"", "x", "====", cursor(good[:2]), cursor(append(slices.Clone(good), "x")), cursor(nil), cursor(4), cursor(map[string]int{"a": 1}),
			cursor([]any{1, nil, []int{}, true}), base64.RawURLEncoding.EncodeToString([]byte("{")), base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe")),
		} {
			s.answers(s.by(everything), c)
			s.answers(s.ownFirst, c)
		}
	})
}

type list func(page.Args) (*page.Connection[*ent.Company], error)

func (s *fixture) by(order page.Order[*ent.Company]) list {
	return func(a page.Args) (*page.Connection[*ent.Company], error) { return s.page(order, a) }
}

// answers asks behind and before the cursor.
func (s *fixture) answers(ask list, cursor string) {
	s.t.Helper()
	for _, a := range []page.Args{{After: &cursor}, {Before: &cursor}} {
		if _, err := ask(a); err != nil && !fault.Is(err, fault.Invalid) {
			s.t.Errorf("cursor %.60q: %v", cursor, err)
		}
	}
}

func cursor(key any) string {
	raw, _ := json.Marshal(key)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// totalCount counts the whole list whatever page was cut, and asks only when it is called.
func TestTotalCount(t *testing.T) {
	withCompanies(t, func(t *testing.T, s *fixture) {
		asked := 0
		counted := s.client.Company.Query().Where(func(sel *sql.Selector) { asked++ })
		two := 2
		c, err := page.Of(s.ctx, counted, s.order(), page.Args{First: &two, After: ptr(cursor([]string{"beta", s.own.String()}))})
		if err != nil {
			t.Fatal(err)
		}
		if asked != 1 {
			t.Errorf("%d queries for a page", asked)
		}
		if n, err := c.TotalCount(s.ctx); err != nil || n != 10 || asked != 2 {
			t.Errorf("%d in total, %v, by %d queries", n, err, asked)
		}
		parts, err := s.ownFirst(page.Args{First: &two})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := parts.TotalCount(s.ctx); err != nil || n != 10 {
			t.Errorf("%d in total of both parts, %v", n, err)
		}
	})
}

func ptr(s string) *string { return &s }
