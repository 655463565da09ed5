package progress

import "tenantry/internal/id"

// ImportTopic is where the news of an import is told.
func ImportTopic(run id.ID) string { return "import/" + run.String() }

// UserTopic is where it is told that a user has a new notification.
func UserTopic(user id.ID) string { return "user/" + user.String() }
