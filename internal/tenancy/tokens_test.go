package tenancy_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/notification"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/internal/fault"
	"tenantry/internal/input"
	"tenantry/internal/tenancy"
)

// alone is a company that stands alone, and its administrator.
func (w *world) alone(name, admin string) (*ent.Company, context.Context) {
	w.T.Helper()
	made, u, err := w.CreateCompany(w.operator, tenancy.CreateCompany{Name: name, Admin: person(admin, enum.Admin)})
	w.Must(err)
	return made, w.As(u)
}

// outstanding counts the company's tokens that nobody has used or revoked.
func (w *world) outstanding(c *ent.Company) int {
	w.T.Helper()
	n, err := w.DB.Ent().TransferToken.Query().
		Where(transfertoken.CompanyID(c.ID), transfertoken.UsedAtIsNil(), transfertoken.RevokedAtIsNil()).Count(w.System)
	w.Must(err)
	return n
}

// C9: a promotion revokes the company's token: it is not to be claimed after a demotion, and
// whoever revokes it themselves finds it revoked.
func TestAPromotionRevokesTheToken(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		solo, own := w.alone("Solo", "solomon")
		token, secret, err := w.GenerateToken(own, nil)
		w.Must(err)
		_, err = w.SetPartnerStatus(w.operator, solo.ID, true)
		w.Must(err)
		if n := w.outstanding(solo); n != 0 {
			t.Errorf("a partner has %d outstanding tokens", n)
		}
		revoked, err := w.RevokeToken(own, token.ID)
		w.Must(err)
		if revoked.RevokedAt == nil {
			t.Error("the token is not revoked")
		}
		_, _, err = w.GenerateToken(own, nil)
		w.Refused("a partner's token", err, fault.FailedPrecondition, "input.companyId")
		_, err = w.SetPartnerStatus(w.operator, solo.ID, false)
		w.Must(err)
		_, err = w.Claim(w.keller, &secret, nil)
		w.Refused("the token from before the promotion", err, fault.FailedPrecondition, "input")
		// And whichever of the two comes first, no partner is left with a token.
		for range 8 {
			var both sync.WaitGroup
			both.Go(func() { _, _, _ = w.GenerateToken(own, nil) })
			both.Go(func() {
				if _, err := w.SetPartnerStatus(w.operator, solo.ID, true); err != nil {
					t.Error(err)
				}
			})
			both.Wait()
			if n := w.outstanding(solo); n != 0 {
				t.Errorf("a partner has %d outstanding tokens", n)
			}
			_, err = w.SetPartnerStatus(w.operator, solo.ID, false)
			w.Must(err)
		}
	})
}

// C9: the end of a partnership, from either side, and a claim leave no outstanding token.
func TestTheEndOfAPartnershipRevokesTheToken(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i, ender := range []string{"the partner", "the company", "a claim"} {
			acme := w.add(fmt.Sprint("Acme ", i))
			_, own := w.administrator(acme, fmt.Sprint("anna", i))
			token, secret, err := w.GenerateToken(own, nil)
			w.Must(err)
			switch ender {
			case "the partner":
				_, err = w.EndPartnership(w.keller, acme.ID)
			case "the company":
				_, err = w.EndPartnership(own, acme.ID)
			default:
				_, rita := w.rival()
				_, err = w.Claim(rita, &secret, nil)
			}
			w.Must(err)
			if n := w.outstanding(acme); n != 0 {
				t.Errorf("%s: %d tokens are outstanding", ender, n)
			}
			_, err = w.Claim(w.keller, &secret, nil)
			w.Refused(ender, err, fault.FailedPrecondition, "input")
			if ender == "a claim" {
				_, err = w.RevokeToken(own, token.ID)
				w.Refused("a used token", err, fault.FailedPrecondition, "input.id")
			}
		}
	})
}

// C9: the partner that a company has is not sent its token.
func TestATokenIsNotSentToThePartnerOfNow(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		_, err := w.SendToken(w.keller, &acme.ID, w.partner.ID) // which has no administrator of its own
		w.Refused("by the partner itself", err, fault.FailedPrecondition, "input.partnerId")
		_, own := w.administrator(acme, "anna")
		_, err = w.SendToken(own, nil, w.partner.ID)
		w.Refused("by the company", err, fault.FailedPrecondition, "input.partnerId")
		if n := w.outstanding(acme); n != 0 {
			t.Errorf("%d tokens were made", n)
		}
	})
}

// C9: a secret is pasted with what stands around it.
func TestAPastedSecretIsTrimmed(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i, around := range [][2]string{{"", "\n"}, {" ", " "}, {"\t", "\r\n"}, {"\u00a0", "\u2028"}, {"\ufeff", "\u200b"}} {
			_, own := w.alone(fmt.Sprint("Solo ", i), fmt.Sprint("solomon", i))
			_, secret, err := w.GenerateToken(own, nil)
			w.Must(err)
			secret = around[0] + secret + around[1]
			if _, err = w.Claim(w.keller, &secret, nil); err != nil {
				t.Errorf("%+q around the secret: %v", around, err)
			}
		}
	})
}

// C9: notifications name both companies, and a token's true end.
func TestNotificationsOfPartnershipsNameBothCompanies(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		rival, rita := w.rival()
		acme := w.add("Acme")
		_, own := w.administrator(acme, "anna")
		notified := func(kind enum.NotificationKind, names ...string) {
			t.Helper()
			notes, err := w.DB.Ent().Notification.Query().Where(notification.KindEQ(kind)).All(w.System)
			w.Must(err)
			if len(notes) == 0 {
				t.Errorf("nobody was notified %s", kind)
			}
			for _, n := range notes {
				for _, name := range names {
					if !strings.Contains(n.Title, name) && len(names) == 2 || !strings.Contains(n.Body, name) {
						t.Errorf("%s does not name %q: %q, %q", kind, name, n.Title, n.Body)
					}
				}
				if strings.Contains(n.Body, "24 hours") {
					t.Errorf("%s promises what need not be so: %q", kind, n.Body)
				}
			}
		}
		token, _, err := w.GenerateToken(own, nil)
		w.Must(err)
		end := time.Now().UTC().Add(time.Hour).Truncate(time.Second)
		_, err = w.DB.SQL().ExecContext(t.Context(), `UPDATE transfer_tokens SET expires_at = $1 WHERE id = $2`, end, token.ID)
		w.Must(err)
		sent, err := w.SendToken(own, nil, rival.ID)
		w.Must(err)
		if !sent.ExpiresAt.Equal(end) {
			t.Errorf("the token that was sent ends %v, the outstanding one %v", sent.ExpiresAt, end)
		}
		notified(enum.TransferTokenReceived, "Acme", "Rival")
		notified(enum.TransferTokenReceived, "Acme", "Rival", end.Format("2006-01-02 15:04 UTC"))
		_, err = w.Claim(rita, nil, &sent.ID)
		w.Must(err)
		notified(enum.CustomerClaimed, "Acme", "Rival")
		notified(enum.CustomerLost, "Acme", "Northwind")
		_, err = w.EndPartnership(own, acme.ID)
		w.Must(err)
		notified(enum.PartnershipEnded, "Acme", "Rival")
	})
}

// C5: the secret of a transfer token is nobody's name, whole or in good part, and is stored
// nowhere.
func TestASecretIsNoName(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		solo, own := w.alone("Solo", "solomon")
		_, secret, err := w.GenerateToken(own, nil)
		w.Must(err)
		acme := w.add("Acme")
		cut := secret[:len(secret)-8]
		for what, name := range map[string]string{
			"itself": secret, "with blanks": " " + secret + "\n", "in a sentence": "Token: " + secret + ".", "in part": cut,
			"in capitals": strings.ToUpper(secret), "broken by a line": secret[:20] + "\r\n" + secret[20:], "with invisible ones": secret[:9] + "\u200b" + secret[9:],
		} {
			set := input.Field[string]{Set: true, Value: &name}
			for by, try := range map[string]func() error{
				"addCustomer":    func() error { _, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: name}); return err },
				"updateCustomer": func() error { _, err := w.UpdateCustomer(w.keller, acme.ID, tenancy.Details{Name: set}); return err },
				"updateCompany":  func() error { _, err := w.UpdateCompany(w.keller, tenancy.Details{Name: set}); return err },
				"createCompany": func() error {
					_, _, err := w.CreateCompany(w.operator, tenancy.CreateCompany{Name: name, Admin: person("other", enum.Admin)})
					return err
				},
			} {
				err := try()
				w.Refused(by+" "+what, err, fault.Invalid, "input.name")
				if err != nil && (!strings.Contains(err.Error(), "claimCustomer") || strings.Contains(err.Error(), secret[6:18])) {
					t.Errorf("%s %s says %q", by, what, err)
				}
			}
		}
		for table, columns := range map[string]string{"companies": "name || slug || name_slug || name_key", "audit_events": "summary", "notifications": "title || body"} {
			var found sql.Null[string]
			w.Must(w.DB.SQL().QueryRowContext(t.Context(), `SELECT max(`+columns+`) FROM `+table+` WHERE lower(`+columns+`) LIKE '%tnt_t_%'`).Scan(&found))
			if found.Valid {
				t.Errorf("%s has %q", table, found.V)
			}
		}
		// It is still good.
		claimed, err := w.Claim(w.keller, &secret, nil)
		w.Must(err)
		if claimed.ID != solo.ID {
			t.Errorf("claimed %s", claimed.Name)
		}
		for _, name := range []string{"tnt_t_", "TNT_T Shirts", "tnt_t_shirts", "tnt t " + secret[6:]} {
			if _, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: name}); err != nil {
				t.Errorf("%q is a name: %v", name, err)
			}
		}
	})
}
