package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/notify"
	"tenantry/internal/progress"
)

// unitOfWork is an operation in one transaction,
// with its audit events and the users to notify. After the commit they are woken.
type unitOfWork struct {
	*database.Tx
	who      viewer.Viewer
	notified []id.ID
}

// do runs a unit of work. Errors of the database become errors for clients.
func (s *Service) do(ctx context.Context, fn func(ctx context.Context, a *unitOfWork) error) error {
	if err := mayChange(ctx); err != nil {
		return err
	}
	var a *unitOfWork
	err := s.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		a = &unitOfWork{Tx: tx, who: viewer.FromContext(ctx)}
		return fn(ctx, a)
	})
	if err != nil {
		return Answer(err)
	}
	slices.SortFunc(a.notified, func(x, y id.ID) int { return slices.Compare(x[:], y[:]) })
	for _, u := range slices.Compact(a.notified) {
		if err := s.publisher.Publish(ctx, progress.UserTopic(u)); err != nil {
			s.log.DebugContext(ctx, "event not published", "error", err)
		}
	}
	return nil
}

// notify stores the notification for the users, except for the one who acts.
func (a *unitOfWork) notify(ctx context.Context, n notify.Notification, users ...id.ID) error {
	users = slices.DeleteFunc(slices.Clone(users), func(u id.ID) bool { return u == a.who.UserID })
	if len(users) == 0 {
		return nil
	}
	a.notified = append(a.notified, users...)
	return notify.Store(ctx, a.Tx, n, users...)
}

// Actions of the audit log.
const (
	companyCreated    = "company.created"
	companyUpdated    = "company.updated"
	partnerPromoted   = "partner.promoted"
	partnerDemoted    = "partner.demoted"
	customerAdded     = "customer.added"
	customerUpdated   = "customer.updated"
	customerDeleted   = "customer.deleted"
	customerClaimed   = "customer.claimed"
	customerLost      = "customer.lost"
	partnershipEnded  = "partnership.ended"
	adminAdded        = "partner_admin.added"
	adminRemoved      = "partner_admin.removed"
	tokenGenerated    = "transfer_token.generated"
	tokenSent         = "transfer_token.sent"
	tokenRevoked      = "transfer_token.revoked"
	userCreated       = "user.created"
	userUpdated       = "user.updated"
	userDeleted       = "user.deleted"
	userCredentials   = "user.credentials_changed"
	userSignedIn      = "user.signed_in"
	userSignInFailed  = "user.sign_in_failed"
	sessionsEnded     = "sessions.ended"
	twoFactorEnabled  = "two_factor.enabled"
	twoFactorDisabled = "two_factor.disabled"
	twoFactorReset    = "two_factor.reset"
	recoveryCodeUsed  = "two_factor.recovery_code_used"
	keyCreated        = "api_key.created"
	keyRevoked        = "api_key.revoked"
	recordsExported   = "records.exported"
)

// Actions of the audit log that imports write (rule J11).
const (
	ImportStarted  = "import.started"
	ImportCanceled = "import.canceled"
	ImportFinished = "import.finished"
)

// audit writes into the log of each company that the operation concerns.
func (a *unitOfWork) audit(ctx context.Context, action, summary string, companies ...id.ID) error {
	return Audit(ctx, a.Tx, action, summary, companies...)
}

// Audit writes what the viewer does into the log of each company that it concerns, in the
// operation's transaction.
func Audit(ctx context.Context, tx *database.Tx, action, summary string, companies ...id.ID) error {
	events := make([]auditEvent, len(companies))
	for i, c := range companies {
		events[i] = auditEvent{c, action, summary}
	}
	return record(ctx, tx, viewer.FromContext(ctx), events)
}

// Event is what stands in a company's log.
type Event struct {
	Company         id.ID
	Action, Summary string
}

// AuditAll is [Audit] for many events at once, of this viewer.
func AuditAll(ctx context.Context, tx *database.Tx, by viewer.Viewer, all []Event) error {
	events := make([]auditEvent, len(all))
	for i, e := range all {
		events[i] = auditEvent{e.Company, e.Action, e.Summary}
	}
	return record(ctx, tx, by, events)
}

// administrators are the company's own active ones.
func (a *unitOfWork) administrators(ctx context.Context, companyID id.ID) ([]id.ID, error) {
	return a.Ent().User.Query().
		Where(user.CompanyID(companyID), user.Active(true), user.RoleEQ(enum.Admin)).
		IDs(viewer.BypassTenancy(ctx, "the companies that an operation concerns"))
}

// lock makes other operations that lock the company wait until this one has ended, so that what
// is decided about its administrators, its partner or its token still holds when it is
// committed. Inserts below the company do not wait. It gives the partner of now; nil where
// there is none. NOT_FOUND where the company was deleted meanwhile.
func (a *unitOfWork) lock(ctx context.Context, companyID id.ID) (partner *id.ID, err error) {
	query := `SELECT partner_id FROM companies WHERE id = $1 AND deleted_at IS NULL` + a.Dialect().Lock(database.ForNoKeyUpdate)
	var of sql.Null[id.ID]
	err = a.QueryRowContext(ctx, query, companyID).Scan(&of)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noCompany().Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("locking company %v: %w", companyID, err)
	}
	if of.Valid {
		partner = &of.V
	}
	return partner, nil
}
