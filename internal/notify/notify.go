// Package notify stores notifications and publishes that there are new ones.
//
// A notification is stored in the transaction of the operation that it is about, so it exists
// if and only if the operation took effect. The live message is published after the commit and
// may be lost: watchers read the stored notifications, in their order.
package notify

import (
	"context"
	"fmt"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/notification"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// Notification is the content of a notification.
type Notification struct {
	Kind          enum.NotificationKind
	Title, Body   string // plain text
	ImportRun     *id.ID
	Company       *id.ID
	TransferToken *id.ID
}

// Store stores the notification for each of the users, within the transaction. Their number is not limited.
func Store(ctx context.Context, tx *database.Tx, n Notification, users ...id.ID) error {
	if len(users) == 0 {
		return nil
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	of := func(name string, value any) database.Column[id.ID] {
		return database.Column[id.ID]{Name: name, Of: func(id.ID) any { return value }}
	}
	batch := database.BatchOf(notification.Table, []database.Column[id.ID]{
		{Name: notification.FieldID, Of: func(id.ID) any { return id.New(id.Notification) }},
		{Name: notification.FieldUserID, Of: func(user id.ID) any { return user }},
		of(notification.FieldKind, string(n.Kind)), of(notification.FieldTitle, n.Title), of(notification.FieldBody, n.Body),
		of(notification.FieldImportRunID, n.ImportRun), of(notification.FieldCompanyID, n.Company),
		of(notification.FieldTransferTokenID, n.TransferToken), of(notification.FieldCreatedAt, at),
	}, users)
	batch.About = true
	if _, err := database.Load(ctx, tx, batch); err != nil {
		return fmt.Errorf("storing notifications: %w", err)
	}
	return nil
}

// Publisher wakes the subscribers of a topic.
type Publisher interface {
	Publish(ctx context.Context, topic string) error
}
