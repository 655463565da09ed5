// Package notify is what is told to whom: the record of it, and the live news.
//
// A notification is stored in the transaction of the act that it tells of, so it is
// there if and only if the act is. The news that there is a new one goes out after the
// commit and may be lost: whoever watches reads the records, in their order.
package notify

import (
	"context"
	"fmt"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/id"
)

// Note is one thing to tell.
type Note struct {
	Kind          enum.NotificationKind
	Title, Body   string // plain text
	ImportRun     *id.ID
	Company       *id.ID
	TransferToken *id.ID
}

// Store keeps the note for each of the users, within the client's transaction.
func Store(ctx context.Context, client *ent.Client, n Note, users ...id.ID) error {
	ctx = viewer.BypassTenancy(ctx, "an act tells those whom it concerns")
	creates := make([]*ent.NotificationCreate, len(users))
	for i, user := range users {
		creates[i] = client.Notification.Create().SetUserID(user).SetKind(n.Kind).SetTitle(n.Title).SetBody(n.Body).
			SetNillableImportRunID(n.ImportRun).SetNillableCompanyID(n.Company).SetNillableTransferTokenID(n.TransferToken)
	}
	if err := client.Notification.CreateBulk(creates...).Exec(ctx); err != nil {
		return fmt.Errorf("storing notifications: %w", err)
	}
	return nil
}

// News tells that something is new under a topic.
type News interface {
	Publish(ctx context.Context, topic string) error
}
