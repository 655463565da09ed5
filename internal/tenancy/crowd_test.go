package tenancy_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/notification"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/tenancy"
)

// crowd makes so many active administrators of a company.
func (w *world) crowd(company id.ID, n int) {
	w.T.Helper()
	at := time.Now().UTC().Truncate(time.Microsecond)
	rows := make([][]any, n)
	for i := range rows {
		email := fmt.Sprintf("%d@%v.example", i, company)
		rows[i] = []any{id.New(id.User), company, email, email, "A", "a", "B", "b", "", true, string(enum.Admin), at, at}
	}
	w.Must(w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
		_, err := database.Load(ctx, tx, database.Batch{Table: user.Table, Rows: rows, Columns: []string{
			"id", "company_id", "email", "email_key", "first_name", "first_name_key", "last_name", "last_name_key",
			"password_hash", "active", "role", "created_at", "updated_at",
		}})
		return err
	}))
}

// C9: however many administrators there are, all of them are notified, and none of them keeps a
// customer from leaving: not by the number of a statement's parameters.
func TestThousandsOfAdministratorsKeepNobody(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const many = 12_000
		w.crowd(w.partner.ID, many)
		notified := func(kind enum.NotificationKind, want int) {
			t.Helper()
			n, err := w.DB.Ent().Notification.Query().Where(notification.KindEQ(kind)).Count(w.System)
			w.Must(err)
			if n != want {
				t.Errorf("%d were notified of %s, want %d", n, kind, want)
			}
		}
		_, own := w.alone("Solo", "solomon")
		solo, _, err := w.GenerateToken(own, nil)
		w.Must(err)
		_, err = w.SendToken(own, nil, w.partner.ID)
		w.Must(err)
		notified(enum.TransferTokenReceived, many+1)
		_, err = w.Claim(w.keller, nil, &solo.ID)
		w.Must(err)
		notified(enum.CustomerClaimed, many+1)
		_, err = w.EndPartnership(own, solo.CompanyID)
		w.Must(err)
		notified(enum.PartnershipEnded, many+1)

		// To another partner, away from the one with many.
		token, _, err := w.GenerateToken(own, nil)
		w.Must(err)
		_, err = w.SendToken(own, nil, w.partner.ID)
		w.Must(err)
		_, err = w.Claim(w.keller, nil, &token.ID)
		w.Must(err)
		rival, admin, err := w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Rival", Admin: person("rita", enum.Admin)})
		w.Must(err)
		_, err = w.SetPartnerStatus(w.operator, rival.ID, true)
		w.Must(err)
		_, secret, err := w.GenerateToken(own, nil)
		w.Must(err)
		_, err = w.Claim(w.As(admin), &secret, nil)
		w.Must(err)
		notified(enum.CustomerLost, many+1)
	})
}
