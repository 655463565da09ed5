package app

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// decode reads an answer that has to have no errors.
func (c *tenant) decode(r reply, out any) {
	c.t.Helper()
	if len(r.Errors) > 0 {
		c.t.Fatalf("%+v", r.Errors)
	}
	if err := json.Unmarshal(r.Data, out); err != nil {
		c.t.Fatal(err)
	}
}

// I9, I14: an export restores what was deleted, and moves people to another company.
func TestCaseOfAnArchive(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		tenants := map[string]*tenant{}
		for _, name := range []string{"first", "second"} {
			_, token := s.company(name, "own@"+name+".example")
			s.want("", token, createLabel, vars{"n": "VIP"})
			s.want("", token, createField, vars{"v": "notes", "t": "TEXT"})
			tenants[name] = &tenant{server: s, t: t, token: token}
		}
		c := tenants["first"]
		c.came(c.imported("people.csv", nil), "COMPLETED 3+0+0+0+0 of 3")
		_, export := c.exported(c.token, "CONTACTS", "")
		for _, p := range c.people() {
			c.want("", c.token, `mutation($id:ID!){deleteContact(input:{id:$id}){contactId}}`, vars{"id": p.ID})
		}
		for _, name := range []string{"first", "second"} {
			c := tenants[name]
			c.came(c.content("export.csv", []byte(export), nil), "COMPLETED 3+0+0+0+0 of 3")
			c.hasNames("ann@archive.example=Ann Archer, bob@archive.example=Bob Breuer, cem@archive.example=Cem Caglar")
			people := c.people()
			for who, want := range map[string]string{"ann": "VIP notes=met in May", "bob": "", "cem": "VIP notes=two\nlines"} {
				if got := people[who].belongings(); got != want {
					t.Errorf("%s: %s has %q, want %q", name, who, got, want)
				}
			}
		}
	})
}

// F5, I5, F1, F3: cases of files of customers.
func TestCasesOfCustomers(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		c := &tenant{server: s, t: t, token: maria}
		customers := vars{"kind": "CUSTOMERS"}
		c.came(c.imported("company-email.csv", customers), "COMPLETED 2+0+0+0+0 of 2")
		c.came(c.imported("end-mark.csv", customers), "COMPLETED 1+0+0+0+0 of 1")
		var out struct {
			Customers struct {
				Nodes []struct {
					Name          string
					ContactEmail  *string
					PartnerAdmins []struct{ Email string }
				}
			}
		}
		s.must(maria, `{customers(filter:{isOwn:false}){nodes{name contactEmail partnerAdmins{email}}}}`, nil, &out)
		want := map[string]string{"Aurora Dental": "office@aurora-dental.example", "Delta Freight": "ops@delta-freight.example", "Northwind": ""}
		for _, n := range out.Customers.Nodes {
			email := ""
			if n.ContactEmail != nil {
				email = *n.ContactEmail
			}
			if address, there := want[n.Name]; !there || email != address || len(n.PartnerAdmins) != 1 || n.PartnerAdmins[0].Email != "maria.keller@partner.example" {
				t.Errorf("%+v", n)
			}
			delete(want, n.Name)
		}
		if len(want) > 0 {
			t.Errorf("not there: %v", want)
		}
		if r := c.refused("no-header.csv", customers); !strings.Contains(r.Message, "first row") || !strings.Contains(r.Message, "column names") || !strings.Contains(r.Message, "Name") || strings.Contains(r.Message, "testcustomer") {
			t.Errorf("no-header: %+v", r)
		}
		// Names with an address can be companies too (rule I5), so nothing speaks of another kind.
		c.came(c.imported("email-name.csv", vars{"kind": "CUSTOMERS", "dryRun": true}), "COMPLETED 2+0+0+0+0 of 2")
		c.came(c.imported("email-name.csv", nil), "COMPLETED 2+0+0+0+0 of 2")
		c.hasNames("ann@list.example=Ann Archer, bob@list.example=Bob Breuer")
	})
}

// F5, F9: cases of files of users.
func TestCasesOfUsers(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, token := s.company("Acme", "own@acme.example")
		c := &tenant{server: s, t: t, token: token}
		if r := c.refused("users-with-username.csv", vars{"kind": "USERS"}); r.Reason != "UNKNOWN_COLUMN" || !strings.Contains(r.Message, "username") ||
			strings.Contains(r.Message, "CONTACTS") || strings.Contains(r.Message, "CUSTOMERS") {
			t.Errorf("users-with-username: %+v", r)
		}
		first := "email,first_name,last_name,password\nkim@goog.example,Kim,Parker,first-password\nlee@goog.example,Lee,Ngo,first-password\nmax@goog.example,Max,Mora,first-password\n"
		c.came(c.content("first.csv", []byte(first), vars{"kind": "USERS"}), "COMPLETED 3+0+0+0+0 of 3")
		c.came(c.imported("directory-users.csv", vars{"kind": "USERS", "unknownColumns": "LEAVE_OUT"}), "COMPLETED 0+1+2+0+0 of 3")
		s.signIn("kim@goog.example", "first-password")
		s.signIn("lee@goog.example", "first-password")
		s.signIn("max@goog.example", "a-new-password-9")
	})
}
