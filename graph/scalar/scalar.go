// Package scalar defines the Go representation of the API's scalars and list types.
package scalar

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"tenantry/ent/generated/ent"
	"tenantry/graph/page"
	"tenantry/internal/id"
)

// Node is any record that has an id; which ones there are the schema says.
type Node any

// The lists of the API.
type (
	PageInfo               = page.Info
	CompanyConnection      = page.Connection[*ent.Company]
	CompanyEdge            = page.Edge[*ent.Company]
	UserConnection         = page.Connection[*ent.User]
	UserEdge               = page.Edge[*ent.User]
	ContactConnection      = page.Connection[*ent.Contact]
	ContactEdge            = page.Edge[*ent.Contact]
	ImportRunConnection    = page.Connection[*ent.ImportRun]
	ImportRunEdge          = page.Edge[*ent.ImportRun]
	ImportIssueConnection  = page.Connection[*ent.ImportIssue]
	ImportIssueEdge        = page.Edge[*ent.ImportIssue]
	NotificationConnection = page.Connection[*ent.Notification]
	NotificationEdge       = page.Edge[*ent.Notification]
	AuditEventConnection   = page.Connection[*ent.AuditEvent]
	AuditEventEdge         = page.Edge[*ent.AuditEvent]
)

// MarshalID writes an id.
func MarshalID(u uuid.UUID) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(u.String())) })
}

// UnmarshalID reads an id. A malformed one becomes the nil UUID, which no record has:
// queries answer it with null and mutations with NOT_FOUND, like any unknown id.
func UnmarshalID(v any) (uuid.UUID, error) {
	switch v := v.(type) {
	case string:
		u, err := id.ParseAny(v)
		if err != nil {
			return uuid.Nil, nil //nolint:nilerr // see above
		}
		return u, nil
	case int, int64, json.Number: // the specification lets clients write an ID as a number
		return uuid.Nil, nil
	}
	return uuid.Nil, fmt.Errorf("an id is a string, not a %T", v)
}

// MarshalTime writes an instant in UTC with up to six fractional digits.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, strconv.Quote(t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)))
	})
}

// UnmarshalTime reads an instant with its offset.
func UnmarshalTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, fmt.Errorf("a time is a string such as 2026-11-22T09:30:00Z, not a %T", v)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no RFC 3339 time such as 2026-11-22T09:30:00Z", s)
	}
	return t.UTC().Truncate(time.Microsecond), nil
}
