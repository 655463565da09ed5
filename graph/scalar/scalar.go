// Package scalar defines the Go representation of the API's scalars and list types.
package scalar

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"tenantry/ent/generated/ent"
	"tenantry/graph/page"
	"tenantry/internal/id"
	"tenantry/internal/importer"
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
	ImportRowConnection    = page.Connection[*importer.Row]
	ImportRowEdge          = page.Edge[*importer.Row]
	ImportIssueConnection  = page.Connection[*ent.ImportIssue]
	ImportIssueEdge        = page.Edge[*ent.ImportIssue]
	NotificationConnection = page.Connection[*ent.Notification]
	NotificationEdge       = page.Edge[*ent.Notification]
	APIKeyConnection       = page.Connection[*ent.APIKey]
	APIKeyEdge             = page.Edge[*ent.APIKey]
	AuditEventConnection   = page.Connection[*ent.AuditEvent]
	AuditEventEdge         = page.Edge[*ent.AuditEvent]
)

// MarshalID writes an id.
func MarshalID(u uuid.UUID) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendID(nil, u)) })
}

// AppendID appends what MarshalID writes.
func AppendID(dst []byte, u uuid.UUID) []byte {
	var text [36]byte
	dst = append(dst, '"')
	hex.Encode(text[:8], u[:4])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	hex.Encode(text[9:13], u[4:6])
	hex.Encode(text[14:18], u[6:8])
	hex.Encode(text[19:23], u[8:10])
	hex.Encode(text[24:], u[10:])
	return append(append(dst, text[:]...), '"')
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
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendTime(nil, t)) })
}

// AppendTime appends what MarshalTime writes.
func AppendTime(dst []byte, t time.Time) []byte {
	dst = t.UTC().Truncate(time.Microsecond).AppendFormat(append(dst, '"'), time.RFC3339Nano)
	return append(dst, '"')
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
