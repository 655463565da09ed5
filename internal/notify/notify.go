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

// Note is one thing to tell.
type Note struct {
	Kind          enum.NotificationKind
	Title, Body   string // plain text
	ImportRun     *id.ID
	Company       *id.ID
	TransferToken *id.ID
}

// Store keeps the note for each of the users, within the transaction. They may be any number.
func Store(ctx context.Context, tx *database.Tx, n Note, users ...id.ID) error {
	at := time.Now().UTC().Truncate(time.Microsecond)
	rows := make([][]any, len(users))
	for i, user := range users {
		rows[i] = []any{id.New(id.Notification), user, string(n.Kind), n.Title, n.Body, n.ImportRun, n.Company, n.TransferToken, at}
	}
	_, err := database.Load(ctx, tx, database.Batch{Table: notification.Table, Rows: rows, About: true, Columns: []string{
		notification.FieldID, notification.FieldUserID, notification.FieldKind, notification.FieldTitle, notification.FieldBody,
		notification.FieldImportRunID, notification.FieldCompanyID, notification.FieldTransferTokenID, notification.FieldCreatedAt,
	}})
	if err != nil {
		return fmt.Errorf("storing notifications: %w", err)
	}
	return nil
}

// News tells that something is new under a topic.
type News interface {
	Publish(ctx context.Context, topic string) error
}
