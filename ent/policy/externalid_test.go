package policy_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
)

// C1: a customer's external id is set and cleared by the partner's side alone, its
// administrators and the customer's partner admins, one by one and all at once.
func TestC1OnlyThePartnersSideWritesExternalIDs(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		want := []string{
			"alpha beta: keller writes",
			"alpha: sato",
			"beta: ivanova",
			"gamma: rita",
			"nothing: nobody operator clerk okafor alma carl solomon faye fritz reads promotes",
		}
		rows, err := modelOf(w.DB.Ent(), "Company").rows(w.System)
		w.Must(err)
		compare(t, "setting external ids", table(func(who string) string {
			var set []string
			for i, row := range rows {
				switch result := w.set("Company", row.FieldByName("ID").Interface(), company.FieldExternalID, "x", who); result {
				case "done":
					set = append(set, labels(w, rows[i:i+1])...)
				case "denied", "not found":
				default:
					t.Errorf("as %s: %s", who, result)
				}
			}
			slices.Sort(set)
			return cmp.Or(strings.Join(set, " "), "nothing")
		}), strings.Join(want, "\n"))
		compare(t, "clearing external ids", table(func(who string) string {
			var cleared []string
			w.undone(func(c *ent.Client) {
				for _, of := range []string{"alpha", "beta", "gamma", "delta", "solo", "northwind"} {
					w.Must(c.Company.UpdateOneID(w.IDs[of]).SetExternalID("of " + of).Exec(w.System))
				}
				_ = c.Company.Update().ClearExternalID().Exec(w.By(who)) // refused to some
				for _, of := range []string{"alpha", "beta", "gamma", "delta", "solo", "northwind"} {
					if c.Company.GetX(w.System, w.IDs[of]).ExternalID == nil {
						cleared = append(cleared, of)
					}
				}
			})
			return cmp.Or(strings.Join(cleared, " "), "nothing")
		}), strings.Join(want, "\n"))
	})
}
