package policy

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/generated/ent/notification"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/session"
	"tenantry/ent/viewer"
)

// visibleRun: an import is its creator's, as long as that one is inside its company,
// and its company's administrators' (rule J11), unless its file has rows for other
// companies, of which those administrators know nothing (I13).
func visibleRun(v viewer.Viewer, c func(string) string) *sql.Predicate {
	return sql.Or(
		sql.And(sql.EQ(c(importrun.FieldCreatedByID), v.UserID), CanRead(v, c(importrun.FieldCompanyID))),
		sql.And(sql.IsFalse(c(importrun.FieldSpansCompanies)), CanAdminister(v, c(importrun.FieldCompanyID))),
	)
}

// ImportRun: seen as J11 has it; accepted for companies that the viewer administers;
// from then on the engine alone changes it.
func ImportRun() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.ImportRunQuery, predicate.ImportRun](func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			return visibleRun(v, s.C)
		}),
		Mutation: writes{
			refers: []string{importrun.EdgeCompany, importrun.EdgeCreatedBy},
			create: func(ctx context.Context, v viewer.Viewer, m mutation) error {
				if by, _ := m.Field(importrun.FieldCreatedByID); by != v.UserID {
					return deny("an import is its creator's own")
				}
				if key, set := m.Field(importrun.FieldAPIKeyID); set != v.ByKey() || set && key != v.KeyID {
					return deny("an import by an API key bears that key's id")
				}
				if status, _ := m.Field(importrun.FieldStatus); status != enum.Queued {
					return deny("an import begins in the queue")
				}
				if _, set := m.Field(importrun.FieldRejectsKey); set {
					return deny("an import begins without rejects")
				}
				return mustAdminister(ctx, v, m)
			},
		}.policy(),
	}
}

// ImportIssue: seen with its import; written by the engine alone.
func ImportIssue() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.ImportIssueQuery, predicate.ImportIssue](func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
			r := sql.Table("import_runs")
			visible := sql.Select(r.C(importrun.FieldID)).From(r).Where(visibleRun(v, r.C))
			return sql.In(s.C(importissue.FieldImportRunID), visible)
		}),
		Mutation: writes{}.policy(),
	}
}

// ImportBatch is the engine's own: it is shown as rows, to whoever sees the import.
func ImportBatch() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.ImportBatchQuery, predicate.ImportBatch](nil), Mutation: writes{}.policy(),
	}
}

// ContactEdit is what undoing needs: internal/contacts writes and reads it past the policies.
func ContactEdit() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.ContactEditQuery, predicate.ContactEdit](nil), Mutation: writes{}.policy(),
	}
}

// ImportTurn is the engine's own.
func ImportTurn() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.ImportTurnQuery, predicate.ImportTurn](nil), Mutation: writes{}.policy(),
	}
}

// ColumnMemory is the engine's own.
func ColumnMemory() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.ColumnMemoryQuery, predicate.ColumnMemory](nil), Mutation: writes{}.policy(),
	}
}

// ImportKey is the engine's own.
func ImportKey() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.ImportKeyQuery, predicate.ImportKey](nil), Mutation: writes{}.policy(),
	}
}

// ImportRecord is the engine's own.
func ImportRecord() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.ImportRecordQuery, predicate.ImportRecord](nil), Mutation: writes{}.policy(),
	}
}

// IdempotencyKey is the engine's own.
func IdempotencyKey() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.IdempotencyKeyQuery, predicate.IdempotencyKey](nil), Mutation: writes{}.policy(),
	}
}

// Setting is the platform's own.
func Setting() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.SettingQuery, predicate.Setting](nil), Mutation: writes{}.policy(),
	}
}

// Session: one's own, to be ended; no API key sees its creator's.
func Session() privacy.Policy {
	mine := func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
		if v.ByKey() {
			return nil
		}
		return sql.EQ(s.C(session.FieldUserID), v.UserID)
	}
	return privacy.Policy{
		Query: reads[*ent.SessionQuery, predicate.Session](mine), Mutation: writes{remove: mine, people: true}.policy(),
	}
}

// Notification: one's own, to be read.
func Notification(writable ...string) privacy.Policy {
	mine := func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
		return sql.EQ(s.C(notification.FieldUserID), v.UserID)
	}
	return privacy.Policy{
		Query:    reads[*ent.NotificationQuery, predicate.Notification](mine),
		Mutation: writes{update: mine, fields: writable}.policy(),
	}
}
