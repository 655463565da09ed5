package app

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tenantry/internal/database"
)

// C4, C5: a name that is there already may be added by hand, under the next free slug;
// whoever adds it works inside at once.
func TestStoryOfATakenName(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		var slugs []string
		for range 3 {
			var made struct {
				AddCustomer struct {
					Customer struct {
						ID, Slug        string
						ViewerCanManage bool
						PartnerAdmins   []struct{ Email string }
						Projects, Desks []struct {
							Name      string
							IsDefault bool
						}
					}
				}
			}
			s.must(maria, `mutation{addCustomer(input:{name:" TEST  CUSTOMER ",contactEmail:"office@test.example"}){customer{id slug viewerCanManage
				partnerAdmins{email} projects{name isDefault} desks{name isDefault}}}}`, nil, &made)
			c := made.AddCustomer.Customer
			slugs = append(slugs, c.Slug)
			if !c.ViewerCanManage || len(c.PartnerAdmins) != 1 || c.PartnerAdmins[0].Email != "maria.keller@partner.example" ||
				len(c.Projects) != 1 || len(c.Desks) != 1 || c.Projects[0].Name != "default" || !c.Desks[0].IsDefault {
				t.Errorf("%+v", c)
			}
			s.user(maria, c.ID, c.Slug+"@test.example", "MEMBER")
		}
		if want := []string{"test-customer", "test-customer-2", "test-customer-3"}; !slices.Equal(slugs, want) {
			t.Errorf("%v, want %v", slugs, want)
		}
	})
}

// C5, I5, I7, J7: a list of names is imported, and whoever imported it works inside; with
// partner admins in the list, it is they who do, and the importer who does not.
func TestStoryOfAnImportedList(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		if got := s.finished(maria, s.accepted(maria, "name\nAlpha\nBeta\n", nil)); got.CreatedCount != 2 {
			t.Fatal(got.counts())
		}
		list := "name,contact_email,partner_admin_email\nGamma,office@gamma.example,tom.okafor@partner.example\n" +
			"Delta,office@delta.example,tom.okafor@partner.example\n"
		if got := s.finished(maria, s.accepted(maria, list, nil)); got.CreatedCount != 2 {
			t.Fatal(got.counts(), got.codes())
		}
		var customers struct {
			Customers struct{ Nodes []struct{ ID, Name string } }
		}
		s.must(maria, `{customers(filter:{isOwn:false}){nodes{id name}}}`, nil, &customers)
		ids := map[string]string{}
		for _, c := range customers.Customers.Nodes {
			ids[c.Name] = c.ID
		}
		s.want("", maria, updateCustomer, vars{"id": ids["Alpha"], "n": "Alpha Ltd"})
		s.user(maria, ids["Beta"], "bert@beta.example", "ADMIN")
		s.want("", tom, updateCustomer, vars{"id": ids["Gamma"], "n": "Gamma Ltd"})
		s.user(tom, ids["Gamma"], "gus@gamma.example", "MEMBER")
		s.want("FORBIDDEN", maria, `query($id:ID!){company(id:$id){users{totalCount}}}`, vars{"id": ids["Gamma"]})
		s.want("NOT_FOUND", tom, updateCustomer, vars{"id": ids["Alpha"], "n": "X"})
		if got := s.notes(tom); !slices.Equal(got, []string{"PARTNER_ADMIN_ADDED"}) {
			t.Errorf("tom was told %v", got)
		}
		if got := s.customerNames(tom); !slices.Equal(got, []string{"Partner", "Delta", "Gamma Ltd"}) {
			t.Errorf("tom's list has %v", got)
		}
		added := 0
		for _, action := range s.log(maria) {
			if action == "customer.added" {
				added++
			}
		}
		if added != 4 {
			t.Errorf("the partner's log has %d customers added, want 4", added)
		}
		_, bert := s.user(maria, ids["Beta"], "boss@beta.example", "ADMIN")
		if got := s.log(bert); !slices.Contains(got, "customer.added") {
			t.Errorf("the customer's own log has %v", got)
		}
	})
}

// C9: a token is good for 24 hours by the database's clock, whoever asks and however: then
// it can be redeemed no more, nor is it received any longer, and sending makes a new one.
func TestStoryOfAnExpiredToken(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		partnerID, maria, _ := s.partner("Partner", "partner.example")
		acme, own := s.company("Acme", "own@acme.example")
		const send = `mutation($p:ID!){sendTransferToken(input:{partnerId:$p}){transferToken{id}}}`
		const received = `{receivedTransferTokens{id}}`
		tokenID, secret := s.generated(own, acme)
		s.want("", own, send, vars{"p": partnerID})
		if r := s.want("", maria, received, nil); !strings.Contains(string(r.Data), tokenID) {
			t.Errorf("received: %s", r.Data)
		}
		err := s.database().InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			at, err := tx.Clock(ctx)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `UPDATE transfer_tokens SET expires_at = $1`, at)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		expired := s.want("FAILED_PRECONDITION", maria, claimBySecret, vars{"s": secret})
		byID := s.want("FAILED_PRECONDITION", maria, claimByID, vars{"i": tokenID})
		unknown := s.want("FAILED_PRECONDITION", maria, claimBySecret, vars{"s": "tnt_t_unknown"})
		if expired.Errors[0].Message != unknown.Errors[0].Message || byID.Errors[0].Message != unknown.Errors[0].Message {
			t.Errorf("told apart: %q, %q, %q", expired.Errors[0].Message, byID.Errors[0].Message, unknown.Errors[0].Message)
		}
		if r := s.want("", maria, received, nil); strings.Contains(string(r.Data), tokenID) {
			t.Errorf("still received: %s", r.Data)
		}
		if r := s.want("", own, `{viewer{company{transferToken{id}}}}`, nil); !strings.Contains(string(r.Data), `"transferToken":null`) {
			t.Errorf("still outstanding: %s", r.Data)
		}
		s.want("", own, send, vars{"p": partnerID})
		var again struct {
			ReceivedTransferTokens []struct{ ID string }
		}
		s.must(maria, received, nil, &again)
		if len(again.ReceivedTransferTokens) != 1 || again.ReceivedTransferTokens[0].ID == tokenID {
			t.Fatalf("received %v", again.ReceivedTransferTokens)
		}
		s.want("", maria, claimByID, vars{"i": again.ReceivedTransferTokens[0].ID})
		for token, kind := range map[string]string{own: "CUSTOMER_CLAIMED", maria: "TRANSFER_TOKEN_RECEIVED"} {
			if got := s.notes(token); !slices.Contains(got, kind) {
				t.Errorf("told %v, want %s among them", got, kind)
			}
		}
	})
}
