package policy_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/importrun"
)

// Who has a row in hand, however that came, sees across its edges only what a look by id
// would show: alma has Rival's and Northwind's records in hand, and each edge of theirs.
func TestEdgesAreFiltered(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		c, alma := w.DB.Ent(), w.By("alma")
		northwind := got(c.Company.Get(w.System, w.IDs["northwind"]))
		rival := got(c.Company.Get(w.System, w.IDs["rival"]))
		gus := got(c.User.Get(w.System, w.IDs["gus"]))
		run := got(c.ImportRun.Get(w.System, w.IDs["import of rita"]))
		received := got(c.Notification.Get(w.System, w.IDs["notification of rita"]))
		token := got(c.TransferToken.Get(w.System, w.IDs["token of alpha"]))
		for walk, n := range map[string]func() (int, error){
			"its partner's customers": func() (int, error) {
				return northwind.QueryCustomers().Where(company.IDNEQ(w.IDs["alpha"])).Count(alma)
			},
			"its partner's projects":        func() (int, error) { return northwind.QueryProjects().Count(alma) },
			"its partner's desks":           func() (int, error) { return northwind.QueryDesks().Count(alma) },
			"its partner's imports":         func() (int, error) { return northwind.QueryImportRuns().Count(alma) },
			"its partner's log":             func() (int, error) { return northwind.QueryAuditEvents().Count(alma) },
			"its partner's received tokens": func() (int, error) { return northwind.QueryReceivedTokens().Count(alma) },
			"another partner's users":       func() (int, error) { return rival.QueryUsers().Count(alma) },
			"another partner's customers":   func() (int, error) { return rival.QueryCustomers().Count(alma) },
			"another's company":             func() (int, error) { return gus.QueryCompany().Count(alma) },
			"another's sessions":            func() (int, error) { return gus.QuerySessions().Count(alma) },
			"another's notifications":       func() (int, error) { return gus.QueryNotifications().Count(alma) },
			"an import's company":           func() (int, error) { return run.QueryCompany().Count(alma) },
			"an import's creator":           func() (int, error) { return run.QueryCreatedBy().Count(alma) },
			"an import's issues":            func() (int, error) { return run.QueryIssues().Count(alma) },
			"an import's scratch":           func() (int, error) { return run.QueryKeys().Count(alma) },
			"a notification's user":         func() (int, error) { return received.QueryUser().Count(alma) },
			"a notification's import":       func() (int, error) { return received.QueryImportRun().Count(alma) },
			"a notification's company":      func() (int, error) { return received.QueryCompany().Count(alma) },
			"whom its token was sent to":    func() (int, error) { return token.QuerySentTo().Count(alma) },
			"companies, users, companies": func() (int, error) {
				return c.Company.Query().QueryUsers().QueryCompany().Where(company.ID(w.IDs["rival"])).Count(alma)
			},
			"all issues, by way of all imports": func() (int, error) {
				return c.ImportRun.Query().QueryIssues().QueryImportRun().Where(importrun.CreatedByID(w.IDs["rita"])).Count(alma)
			},
			"all sessions, by way of all users":  func() (int, error) { n, err := c.User.Query().QuerySessions().Count(alma); return n - 1, err }, // her own
			"all imports' keys, by way of users": func() (int, error) { return c.User.Query().QueryImportRuns().QueryIdempotencyKeys().Count(alma) },
		} {
			if n, err := n(); n != 0 || err != nil {
				t.Errorf("alma sees %d of %s (%v)", n, walk, err)
			}
		}
		if n := got(northwind.QueryUsers().FirstID(alma)); n != w.IDs["sato"] {
			t.Error("alma does not see her partner admin in the partner's directory")
		}
	})
}

// Eager loading is filtered like any other query: edges that lead to what the viewer may
// not know are empty.
func TestEagerLoadingIsFiltered(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		c, alma := w.DB.Ent(), w.By("alma")
		companies := got(c.Company.Query().WithUsers().WithCustomers().WithProjects().WithPartner().WithImportRuns(
			func(q *ent.ImportRunQuery) { q.WithCreatedBy().WithIssues() }).WithAuditEvents().WithReceivedTokens().WithPartnerAdmins().All(alma))
		for _, found := range companies {
			e := found.Edges
			switch found.ID {
			case w.IDs["alpha"]:
				if e.Partner == nil || len(e.Users) != 2 || len(e.ImportRuns) != 1 || len(e.ImportRuns[0].Edges.Issues) != 1 {
					t.Errorf("alma's own company came with %+v", e)
				}
			case w.IDs["northwind"]:
				if len(e.Projects)+len(e.ImportRuns)+len(e.AuditEvents)+len(e.ReceivedTokens)+len(e.PartnerAdmins) > 0 || len(e.Customers) != 1 || len(e.Users) != 1 {
					t.Errorf("alma's partner came with %+v", e)
				}
			default:
				t.Errorf("alma sees %s", found.Name)
			}
		}
		for _, n := range got(c.Notification.Query().WithUser().WithImportRun().WithCompany().WithTransferToken().All(w.By("fritz"))) {
			if n.Edges.Company != nil || n.Edges.ImportRun != nil {
				t.Error("fritz's rights rest, yet his notification leads into the customer")
			}
		}
	})
}

// Aggregates, groups and selections count nothing that a list would not show.
func TestAggregatesAreFiltered(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		c, alma := w.DB.Ent(), w.By("alma")
		names := got(c.Company.Query().GroupBy(company.FieldName).Strings(alma))
		slices.Sort(names)
		if !slices.Equal(names, []string{"alpha", "northwind"}) {
			t.Errorf("grouped by name: %v", names)
		}
		slugs := got(c.Company.Query().Select(company.FieldSlug).Strings(alma))
		slices.Sort(slugs)
		if !slices.Equal(slugs, names) {
			t.Errorf("selected: %v", slugs)
		}
		if n := got(c.ImportRun.Query().Aggregate(ent.Count()).Int(alma)); n != 1 {
			t.Errorf("%d imports are counted", n)
		}
		if n := got(c.ImportRun.Query().Aggregate(ent.Sum(importrun.FieldTotalRows)).Int(alma)); n != 1 {
			t.Errorf("%d rows are summed up", n)
		}
		if ids := got(c.User.Query().IDs(context.Background())); len(ids) != 0 {
			t.Errorf("nobody selects %v", ids)
		}
	})
}

// A predicate over an edge is not filtered by ent (hasXWith answers questions about
// anyone's rows): whoever answers requests uses none. So also a join by hand.
func TestRequestsAskNothingAcrossEdges(t *testing.T) {
	t.Parallel()
	for file, text := range sources(t, "../../graph", "../../internal/tenancy", "../../internal/notify") {
		for line := range strings.Lines(text) {
			if edgePredicate.MatchString(line) && !strings.Contains(line, "strings.Has") && !strings.Contains(line, ".HasPrefix(") && !strings.Contains(line, "graphql.HasFieldError(") {
				t.Errorf("%s: %s", file, strings.TrimSpace(line))
			}
		}
	}
}

func got[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
