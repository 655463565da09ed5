package progress

import "tenantry/internal/id"

// The topics. Processes of different versions share them, so they do not change.

// ImportTopic is published when the state of an import has changed.
func ImportTopic(run id.ID) string { return "import/" + run.String() }

// UserTopic is published when a user has a new notification.
func UserTopic(user id.ID) string { return "user/" + user.String() }

// QueueTopic is published when a task was queued.
const QueueTopic = "queue"
