package app

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

const insides = `labels{name} customFields{name} projects{name} desks{name} users{totalCount} contacts{totalCount}`

// C7: a list of customers has no errors: what is inside those where the viewer does not work
// is null. Of a company that is asked for by its id it is refused, so that one learns why.
func TestListsOfCustomersHaveNoErrors(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		acme, beta := s.customer(maria, "Acme"), s.customer(maria, "Beta")
		mariaID := s.viewerID(maria)
		s.want("", maria, addAdmin, vars{"c": acme, "u": s.viewerID(tom)})
		s.want("", maria, removeAdmin, vars{"c": acme, "u": mariaID})

		for who, c := range map[string]struct {
			token  string
			inside map[string]bool
		}{
			"an administrator": {maria, map[string]bool{"Partner": true, "Acme": false, "Beta": true}},
			"a partner admin":  {tom, map[string]bool{"Partner": true, "Acme": true}},
		} {
			for _, query := range []string{
				`{customers{nodes{name viewerCanManage transferToken{id} partnerAdmins{email} ` + insides + `}}}`,
				`{customers{edges{node{name viewerCanManage transferToken{id} partnerAdmins{email} ` + insides + `}}}}`,
			} {
				var out struct {
					Customers map[string][]map[string]json.RawMessage
				}
				s.must(c.token, query, nil, &out)
				seen := map[string]bool{}
				for _, entry := range slices.Concat(out.Customers["nodes"], out.Customers["edges"]) {
					if node, ok := entry["node"]; ok {
						entry = nil
						if err := json.Unmarshal(node, &entry); err != nil {
							t.Fatal(err)
						}
					}
					name := strings.Trim(string(entry["name"]), `"`)
					may, known := c.inside[name]
					seen[name] = true
					if !known || string(entry["viewerCanManage"]) != map[bool]string{true: "true", false: "false"}[may] {
						t.Errorf("%s: viewerCanManage of %s is %s", who, name, entry["viewerCanManage"])
					}
					for _, field := range []string{"labels", "customFields", "projects", "desks", "users", "contacts"} {
						if null := string(entry[field]) == "null"; null == may {
							t.Errorf("%s: %s of %s is %s", who, field, name, entry[field])
						}
					}
				}
				if len(seen) != len(c.inside) {
					t.Errorf("%s sees %v", who, slices.Collect(maps.Keys(seen)))
				}
			}
			// What the filter says is what the field says.
			for _, may := range []bool{true, false} {
				var want []string
				for name, inside := range c.inside {
					if inside == may {
						want = append(want, name)
					}
				}
				slices.Sort(want)
				var out struct {
					Customers struct {
						Nodes      []struct{ Name string }
						TotalCount int
					}
				}
				s.must(c.token, `query($m:Boolean!){customers(filter:{viewerCanManage:$m}){nodes{name} totalCount}}`, vars{"m": may}, &out)
				var got []string
				for _, n := range out.Customers.Nodes {
					got = append(got, n.Name)
				}
				slices.Sort(got)
				if !slices.Equal(got, want) || out.Customers.TotalCount != len(want) {
					t.Errorf("%s: viewerCanManage: %v gives %v of %d, want %v", who, may, got, out.Customers.TotalCount, want)
				}
			}
		}

		for _, field := range strings.Fields(insides) {
			for _, query := range []string{
				`query($id:ID!){company(id:$id){` + field + `}}`,
				`query($id:ID!){node(id:$id){...on Company{` + field + `}}}`,
				`query($id:ID!){nodes(ids:[$id]){...on Company{` + field + `}}}`,
				`query($id:ID!){company(id:$id){...{` + field + `}}}`,
			} {
				if r := s.want("FORBIDDEN", maria, query, vars{"id": acme}); len(r.Errors) != 1 {
					t.Errorf("%s: %+v", query, r.Errors)
				}
				s.want("", maria, query, vars{"id": beta})
			}
		}
		s.want("FORBIDDEN", tom, `query($id:ID!){company(id:$id){transferToken{id}}}`, vars{"id": acme})
		// Beside another record, too: there one has asked for that.
		s.want("", maria, `query($id:ID!){company(id:$id){partner{name labels{name}}}}`, vars{"id": acme})
		s.want("", maria, `mutation($id:ID!){updateCustomer(input:{id:$id,name:"Acme Ltd"}){customer{labels{name}}}}`, vars{"id": acme})
	})
}
