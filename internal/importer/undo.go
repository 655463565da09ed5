package importer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// UndoInput is what undoImport was given.
type UndoInput struct {
	Import         id.ID   `json:"import"`
	DryRun         bool    `json:"dryRun"`
	IdempotencyKey *string `json:"-"`
}

// Undo takes an import of contacts or customers back (rule J14), as an import of its own: what it created
// is deleted, what it changed is put back, and what somebody has changed since is kept.
//
// Errors: UNAUTHENTICATED; NOT_FOUND where the viewer may not know of the import; FORBIDDEN without the
// right to such an import now; INVALID_ARGUMENT for a key that stands for something else;
// FAILED_PRECONDITION where it cannot be undone, with the reason.
func (e *Engine) Undo(ctx context.Context, in UndoInput) (*ent.ImportRun, error) {
	if !viewer.FromContext(ctx).Authenticated() {
		return nil, fault.New(fault.Unauthenticated, "sign in first")
	}
	of, err := e.visible(ctx, in.Import)
	if err != nil {
		return nil, err
	}
	v, _, err := e.importer(ctx, of.Kind, &of.CompanyID)
	if err != nil {
		if f := fault.Of(err); f != nil {
			err = f.At("input", "id")
		}
		return nil, err
	}
	if k, err := e.kinds.Named(of.Kind); err == nil && k.Undoer() != nil {
		if err := k.Undoer().AuthoriseUndo(v); err != nil {
			return nil, err
		}
	}
	if err := checkIdempotencyKey(in.IdempotencyKey); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(append([]byte("undoImport "), raw...))
	if in.IdempotencyKey != nil {
		if earlier, err := e.earlierImport(ctx, v.UserID, *in.IdempotencyKey, digest[:]); earlier != nil || err != nil {
			return earlier, err
		}
	}
	if why := e.keptFromUndo(of, time.Now()); why != "" {
		return nil, fault.New(fault.FailedPrecondition, "%s", why).At("input", "id")
	}
	rows, complete, err := e.undoable(ctx, of.ID)
	if err != nil {
		return nil, err
	}
	if rows == 0 || !complete {
		return nil, fault.New(fault.FailedPrecondition, "it is not known any more what the import replaced, so that it cannot be undone").At("input", "id")
	}
	layout, err := e.LayoutOf(of)
	if err != nil {
		return nil, err
	}
	a := &accepted{layout: layout, rows: rows, bytes: int64(of.FileSize), spans: of.SpansCompanies, digest: digest[:], undoes: &of.ID}
	start := StartInput{Request: Request{File: File{Name: of.FileName}, Kind: of.Kind}, DryRun: in.DryRun, IdempotencyKey: in.IdempotencyKey}
	return e.accept(ctx, v, of.CompanyID, id.New(id.ImportRun), start, a)
}

// keptFromUndo says why the import cannot be undone at the time, whoever wants it; empty where it can.
func (e *Engine) keptFromUndo(r *ent.ImportRun, at time.Time) string {
	k, err := e.kinds.Named(r.Kind)
	switch {
	case err != nil || k.Undoer() == nil:
		return "imports of " + strings.ToLower(string(r.Kind)) + " cannot be undone"
	case r.DryRun:
		return "the import was a dry run, which has written nothing"
	case !r.Status.Final() || r.FinishedAt == nil:
		return "the import has not ended yet; wait for its end, or cancel it"
	case r.CreatedCount+r.UpdatedCount == 0:
		return "the import has changed nothing"
	case !e.endOfUndo(*r.FinishedAt).After(at):
		return "the import ended on " + r.FinishedAt.UTC().Format(time.DateOnly) + ", and what it replaced is kept for " + e.o.UndoPeriod.String() + " only"
	}
	return ""
}

// CanUndo reports whether the import can be undone now by whoever has the right to such an import.
func (e *Engine) CanUndo(r *ent.ImportRun) bool { return e.keptFromUndo(r, time.Now()) == "" }

// LastUndos are the newest undos of the imports that the context's viewer sees, by the imports: those that have
// changed something, or still may.
func (e *Engine) LastUndos(ctx context.Context, runs []id.ID) (map[id.ID]*ent.ImportRun, error) {
	undos, err := e.db.Ent().ImportRun.Query().Where(database.Among(importrun.FieldUndoesID, runs), importrun.DryRun(false),
		importrun.Or(importrun.StatusNotIn(enum.Failed, enum.Canceled), importrun.ProcessedRowsGT(0))).
		Order(ent.Asc(importrun.FieldCreatedAt, importrun.FieldID)).All(ctx)
	last := make(map[id.ID]*ent.ImportRun, len(undos))
	for _, u := range undos {
		last[*u.UndoesID] = u
	}
	return last, err
}

// MayUndo says of the imports, which the context's viewer sees, whether the viewer has the right to undo
// them: those that has who may start them.
func (e *Engine) MayUndo(ctx context.Context, runs []id.ID) (map[id.ID]bool, error) {
	seen, err := e.db.Ent().ImportRun.Query().Where(database.Among(importrun.FieldID, runs)).
		Select(importrun.FieldID, importrun.FieldKind, importrun.FieldCompanyID).All(ctx)
	if err != nil {
		return nil, err
	}
	v, may := viewer.FromContext(ctx), make(map[id.ID]bool, len(seen))
	if v.OnlyReads() {
		return may, nil
	}
	own := map[enum.ImportKind]bool{}
	var others []id.ID
	for _, r := range seen {
		if r.CompanyID != v.CompanyID {
			others = append(others, r.CompanyID)
			continue
		}
		if _, known := own[r.Kind]; !known {
			k, err := e.kinds.Named(r.Kind)
			if err == nil {
				err = k.AuthoriseImport(ctx, v, r.CompanyID)
			}
			if err == nil && k.Undoer() != nil {
				err = k.Undoer().AuthoriseUndo(v)
			}
			if err != nil && fault.Of(err) == nil {
				return nil, err
			}
			own[r.Kind] = err == nil
		}
		may[r.ID] = own[r.Kind]
	}
	if len(others) == 0 {
		return may, nil
	}
	// Into other companies than one's own go imports of what is in them, by whoever administers them.
	administered, err := e.db.Ent().Company.Query().Where(database.Among(company.FieldID, others), company.DeletedAtIsNil(), func(s *sql.Selector) {
		s.Where(policy.CanAdminister(v, s.C(company.FieldID)))
	}).IDs(ctx)
	for _, r := range seen {
		may[r.ID] = may[r.ID] || slices.Contains(administered, r.CompanyID)
	}
	return may, err
}
