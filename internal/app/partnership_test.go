package app

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// company adds a company that stands alone, with an administrator of this email, and gives
// its id and that one's token.
func (s *server) company(name, email string) (companyID, admin string) {
	s.t.Helper()
	var made struct {
		CreateCompany struct{ Company struct{ ID string } }
	}
	s.must(s.operator(), `mutation($n:String!,$e:String!){createCompany(input:{name:$n,admin:{email:$e,firstName:"Own",lastName:"Admin",password:"own-password"}}){company{id}}}`,
		vars{"n": name, "e": email}, &made)
	return made.CreateCompany.Company.ID, s.signIn(email, "own-password")
}

// customer adds a customer by hand and gives its id.
func (s *server) customer(token, name string) string {
	s.t.Helper()
	var made struct {
		AddCustomer struct{ Customer struct{ ID string } }
	}
	s.must(token, `mutation($n:String!){addCustomer(input:{name:$n}){customer{id}}}`, vars{"n": name}, &made)
	return made.AddCustomer.Customer.ID
}

// user adds a user and gives their id and token.
func (s *server) user(token, companyID, email, role string) (userID, theirs string) {
	s.t.Helper()
	var made struct {
		CreateUser struct{ User struct{ ID string } }
	}
	s.must(token, `mutation($c:ID!,$e:String!,$r:UserRole!){createUser(input:{companyId:$c,email:$e,firstName:"F",lastName:"L",password:"user-password",role:$r}){user{id}}}`,
		vars{"c": companyID, "e": email, "r": role}, &made)
	return made.CreateUser.User.ID, s.signIn(email, "user-password")
}

// want posts an operation whose first error's code must be this; empty: none.
func (s *server) want(code, token, query string, variables vars) reply {
	s.t.Helper()
	r := s.gql(token, query, variables)
	if r.code() != code {
		s.t.Errorf("%s %v\nanswered %q %+v, want %q", query, variables, r.code(), r.Errors, code)
	}
	return r
}

// notes lists the kinds of what a user was told, the newest first.
func (s *server) notes(token string) []string {
	s.t.Helper()
	var out struct {
		Notifications struct{ Nodes []struct{ Kind string } }
	}
	s.must(token, `{notifications{nodes{kind}}}`, nil, &out)
	var kinds []string
	for _, n := range out.Notifications.Nodes {
		kinds = append(kinds, n.Kind)
	}
	return kinds
}

// log lists the actions of a company's log, the newest first.
func (s *server) log(token string) []string {
	s.t.Helper()
	var out struct {
		AuditEvents struct{ Nodes []struct{ Action string } }
	}
	s.must(token, `{auditEvents{nodes{action}}}`, nil, &out)
	var actions []string
	for _, n := range out.AuditEvents.Nodes {
		actions = append(actions, n.Action)
	}
	return actions
}

func (s *server) customerNames(token string) []string {
	s.t.Helper()
	var out struct {
		Customers struct{ Nodes []struct{ Name string } }
	}
	s.must(token, `{customers(first:100){nodes{name}}}`, nil, &out)
	var names []string
	for _, n := range out.Customers.Nodes {
		names = append(names, n.Name)
	}
	return names
}

const (
	updateCustomer = `mutation($id:ID!,$n:String){updateCustomer(input:{id:$id,name:$n}){customer{name slug}}}`
	addAdmin       = `mutation($c:ID!,$u:ID!){addPartnerAdmin(input:{customerId:$c,userId:$u}){customer{partnerAdmins{email}}}}`
	createAdmin    = `mutation($c:ID!,$e:String!){createUser(input:{companyId:$c,email:$e,firstName:"F",lastName:"L",password:"user-password",role:ADMIN}){user{id}}}`
	removeAdmin    = `mutation($c:ID!,$u:ID!){removePartnerAdmin(input:{customerId:$c,userId:$u}){customer{id}}}`
	deleteCustomer = `mutation($id:ID!){deleteCustomer(input:{id:$id}){customerId}}`
	endPartnership = `mutation($id:ID!){endPartnership(input:{companyId:$id}){company{name partner{name}}}}`
)

// C4, C6, C7: a member becomes partner admin, edits the new customer, and no longer once removed.
func TestPartnerAdminsWorkInsideWhileTheyAre(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		acme := s.customer(maria, "Acme")
		var who struct {
			Viewer struct{ User struct{ ID string } }
		}
		s.must(tom, `{viewer{user{id}}}`, nil, &who)
		tomID := who.Viewer.User.ID

		s.want("NOT_FOUND", tom, updateCustomer, vars{"id": acme, "n": "X"})
		s.want("NOT_FOUND", maria, addAdmin, vars{"c": acme, "u": acme})
		s.want("", maria, addAdmin, vars{"c": acme, "u": tomID})
		s.want("", maria, addAdmin, vars{"c": acme, "u": tomID}) // again: nothing changes
		if got := s.notes(tom); !slices.Equal(got, []string{"PARTNER_ADMIN_ADDED"}) {
			t.Errorf("tom was told %v", got)
		}
		s.want("", tom, updateCustomer, vars{"id": acme, "n": "Acme Ltd"})
		s.want("INVALID_ARGUMENT", tom, updateCustomer, vars{"id": acme, "n": nil})
		s.want("FORBIDDEN", tom, addAdmin, vars{"c": acme, "u": tomID})
		s.want("FORBIDDEN", tom, deleteCustomer, vars{"id": acme})
		s.want("FORBIDDEN", tom, createAdmin, vars{"c": acme, "e": "own@acme.example"}) // who could end the partnership
		_, inside := s.user(maria, acme, "own@acme.example", "ADMIN")
		var c struct{ Company struct{ Name, Slug string } }
		s.must(inside, `query($id:ID!){company(id:$id){name slug}}`, vars{"id": acme}, &c)
		if c.Company.Name != "Acme Ltd" || c.Company.Slug != "acme" {
			t.Errorf("%+v: the name changes, the slug stays", c.Company)
		}
		s.want("FORBIDDEN", inside, updateCustomer, vars{"id": acme, "n": "X"}) // its own company
		s.want("", inside, `mutation($n:String){updateCompany(input:{name:$n,contactEmail:"office@acme.example"}){company{name contactEmail}}}`, vars{"n": "Acme"})
		s.want("", inside, removeAdmin, vars{"c": acme, "u": tomID}) // the customer's own administrators may
		s.want("NOT_FOUND", maria, removeAdmin, vars{"c": acme, "u": tomID})
		s.want("NOT_FOUND", tom, updateCustomer, vars{"id": acme, "n": "X"})
		if got := s.notes(tom); !slices.Equal(got, []string{"PARTNER_ADMIN_REMOVED", "PARTNER_ADMIN_ADDED"}) {
			t.Errorf("tom was told %v", got)
		}
	})
}

// C8: what one created is deleted, with its emails, names and sessions; not what one
// claimed, not oneself, not by a member; the purge leaves nothing behind.
func TestDeletingCustomers(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		own, maria, tom := s.partner("Partner", "partner.example")
		acme := s.customer(maria, "Acme")
		userID, inside := s.user(maria, acme, "own@acme.example", "ADMIN")
		s.want("FORBIDDEN", maria, deleteCustomer, vars{"id": own})
		s.want("NOT_FOUND", tom, deleteCustomer, vars{"id": acme})
		s.want("FORBIDDEN", inside, deleteCustomer, vars{"id": acme})
		s.want("", maria, deleteCustomer, vars{"id": acme})
		s.want("NOT_FOUND", maria, deleteCustomer, vars{"id": acme})
		if got := s.customerNames(maria); !slices.Equal(got, []string{"Partner"}) {
			t.Errorf("the list has %v", got)
		}
		if r := s.gql(inside, `{viewer{user{id}}}`, nil); !strings.Contains(string(r.Data), `"viewer":null`) {
			t.Errorf("its session goes on: %s", r.Data)
		}
		for _, u := range []string{acme, userID} {
			if r := s.gql(maria, `query($id:ID!){node(id:$id){id}}`, vars{"id": u}); !strings.Contains(string(r.Data), `"node":null`) {
				t.Errorf("still to be found: %s", r.Data)
			}
		}
		// Name, slug and emails are free again at once.
		var again struct {
			AddCustomer struct{ Customer struct{ ID, Slug string } }
		}
		s.must(maria, `mutation{addCustomer(input:{name:"Acme"}){customer{id slug}}}`, nil, &again)
		if again.AddCustomer.Customer.Slug != "acme" {
			t.Errorf("the slug was not free: %q", again.AddCustomer.Customer.Slug)
		}
		s.user(maria, again.AddCustomer.Customer.ID, "own@acme.example", "MEMBER")
		if got := s.log(maria); !slices.Contains(got, "customer.deleted") {
			t.Errorf("the log has %v", got)
		}
	})
}

// C8: the partnership with a company that has an administrator of its own ends from
// either side; then it stands alone with all it has.
func TestEndingAPartnership(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		for i, side := range []string{"partner", "company"} {
			acme := s.customer(maria, "Acme "+side)
			s.want("FAILED_PRECONDITION", maria, endPartnership, vars{"id": acme})
			email := fmt.Sprintf("own%d@acme.example", i)
			_, inside := s.user(maria, acme, email, "ADMIN")
			s.want("NOT_FOUND", tom, endPartnership, vars{"id": acme})
			ender := maria
			if side == "company" {
				ender = inside
			}
			s.want("", ender, endPartnership, vars{"id": acme})
			s.want("NOT_FOUND", maria, updateCustomer, vars{"id": acme, "n": "X"})
			if got := s.customerNames(maria); slices.Contains(got, "Acme "+side) {
				t.Errorf("still among the customers: %v", got)
			}
			var c struct {
				Company struct {
					Name          string
					Partner       *struct{ Name string }
					PartnerAdmins []struct{ Email string }
					CanDelete     bool
				}
			}
			s.must(inside, `query($id:ID!){company(id:$id){name partner{name} partnerAdmins{email} canDelete}}`, vars{"id": acme}, &c)
			if c.Company.Partner != nil || len(c.Company.PartnerAdmins) != 0 || c.Company.CanDelete {
				t.Errorf("%+v", c.Company)
			}
			if got := s.log(inside); got[0] != "partnership.ended" {
				t.Errorf("its log has %v", got)
			}
		}
	})
}

// C9: generate, copy, claim, claim again; choose a partner, send, the wrong partner tries,
// the right one takes it; once, however many try at the same time.
func TestTransferTokens(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		firstID, first, _ := s.partner("First", "first.example")
		secondID, second, _ := s.partner("Second", "second.example")
		acme, own := s.company("Acme", "own@acme.example")
		type token struct {
			TransferToken struct{ ID string }
			Secret        string
		}
		generate := func() token {
			t.Helper()
			var out struct{ GenerateTransferToken token }
			s.must(own, `mutation{generateTransferToken(input:{}){transferToken{id expiresAt sentTo{name} company{name}} secret}}`, nil, &out)
			return out.GenerateTransferToken
		}
		const claim = `mutation($s:String,$i:ID){claimCustomer(input:{transferToken:$s,transferTokenId:$i}){customer{name canDelete partnerAdmins{email} viewerCanManage}}}`

		old := generate()
		token1 := generate()
		for name, secret := range map[string]string{"revoked by the next one": old.Secret, "unknown": "tnt_t_nothing", "malformed": "x"} {
			if r := s.want("FAILED_PRECONDITION", first, claim, vars{"s": secret}); r.Errors[0].Message != "this transfer token cannot be redeemed: it is unknown, expired, used, revoked or not for your company" {
				t.Errorf("%s: %q", name, r.Errors[0].Message)
			}
		}
		s.want("FAILED_PRECONDITION", first, claim, vars{"i": token1.TransferToken.ID}) // not sent to it
		s.want("FORBIDDEN", own, claim, vars{"s": token1.Secret})
		s.want("INVALID_ARGUMENT", first, claim, vars{})
		r := s.want("", first, claim, vars{"s": token1.Secret})
		if !strings.Contains(string(r.Data), `"canDelete":false`) || !strings.Contains(string(r.Data), `"partnerAdmins":[]`) {
			t.Errorf("%s", r.Data)
		}
		s.want("FAILED_PRECONDITION", first, claim, vars{"s": token1.Secret})
		s.want("FAILED_PRECONDITION", first, deleteCustomer, vars{"id": acme})
		if got := s.notes(own); !slices.Contains(got, "CUSTOMER_CLAIMED") {
			t.Errorf("the company was told %v", got)
		}

		// Sent: bound to that partner, whose copied secret works for it alone.
		token2 := generate()
		const send = `mutation($p:ID!){sendTransferToken(input:{partnerId:$p}){transferToken{id sentTo{name}}}}`
		s.want("NOT_FOUND", own, send, vars{"p": acme})
		s.want("", own, send, vars{"p": secondID})
		var received struct {
			ReceivedTransferTokens []struct {
				ID      string
				Company struct{ Name, Slug string }
			}
		}
		s.must(second, `{receivedTransferTokens{id company{name slug}}}`, nil, &received)
		if len(received.ReceivedTransferTokens) != 1 || received.ReceivedTransferTokens[0].ID != token2.TransferToken.ID || received.ReceivedTransferTokens[0].Company.Name != "Acme" {
			t.Errorf("%+v", received)
		}
		s.want("FAILED_PRECONDITION", first, claim, vars{"s": token2.Secret})
		s.want("FAILED_PRECONDITION", first, claim, vars{"i": token2.TransferToken.ID})
		if got := s.notes(second); !slices.Contains(got, "TRANSFER_TOKEN_RECEIVED") {
			t.Errorf("the second partner was told %v", got)
		}
		won := 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if r := s.gql(second, claim, vars{"i": token2.TransferToken.ID}); r.code() == "" {
					mu.Lock()
					won++
					mu.Unlock()
				} else if r.code() != "FAILED_PRECONDITION" {
					t.Errorf("%+v", r.Errors)
				}
			})
		}
		all.Wait()
		if won != 1 {
			t.Errorf("%d of 50 redeemed it", won)
		}
		if got := s.notes(first); !slices.Contains(got, "CUSTOMER_LOST") {
			t.Errorf("the old partner was told %v", got)
		}
		if a, b := s.customerNames(first), s.customerNames(second); slices.Contains(a, "Acme") || !slices.Contains(b, "Acme") {
			t.Errorf("first has %v, second has %v", a, b)
		}
		s.want("FORBIDDEN", second, `mutation($c:ID){generateTransferToken(input:{companyId:$c}){secret}}`, vars{"c": acme}) // it has an administrator of its own
		s.want("FAILED_PRECONDITION", first, `mutation{generateTransferToken(input:{}){secret}}`, nil)                       // a partner is nobody's customer
		_ = firstID
	})
}
