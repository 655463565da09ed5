package importer

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// An import stands in its company's log with its options and counts (rule J11). Of one whose rows
// name other companies there is no more than that it ran: the company's administrators do not see
// it (rule I13), and its file's name and counts are about those companies too.

// auditStart writes that the import was accepted, by the context's viewer.
func auditStart(ctx context.Context, tx *database.Tx, r *ent.ImportRun, l *sheet.Layout) error {
	summary := "started " + described(r)
	switch {
	case r.SpansCompanies:
	case r.UndoesID != nil:
		summary += ": " + sheet.Plural(r.TotalRows, "row")
	default:
		summary += ": " + strings.Join(optionsOf(r, l), ", ")
	}
	return tenancy.Audit(ctx, tx, tenancy.ImportStarted, summary, r.CompanyID)
}

// auditCancel writes that the context's viewer wanted the import to stop.
func auditCancel(ctx context.Context, tx *database.Tx, r *ent.ImportRun) error {
	return tenancy.Audit(ctx, tx, tenancy.ImportCanceled, "canceled "+described(r), r.CompanyID)
}

// auditEnd writes how the import ended, in its creator's name.
func auditEnd(ctx context.Context, tx *database.Tx, r *ent.ImportRun) error {
	by := viewer.Viewer{Name: r.CreatedByName}
	if r.CreatedByID != nil {
		by.UserID = *r.CreatedByID
	}
	summary := fmt.Sprintf("%s ended %s", described(r), r.Status)
	if !r.SpansCompanies {
		deleted := ""
		if r.UndoesID != nil {
			deleted = fmt.Sprintf("%d deleted, ", r.DeletedCount)
		}
		summary += fmt.Sprintf(": %s%d created, %d updated, %d unchanged, %d skipped, %d failed of %s", deleted,
			r.CreatedCount, r.UpdatedCount-r.DeletedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount, sheet.Plural(r.TotalRows, "row"))
		if r.FailureCode != nil {
			summary += "; " + *r.FailureCode
		}
	}
	return tenancy.Audit(viewer.NewContext(ctx, by), tx, tenancy.ImportFinished, summary, r.CompanyID)
}

// described says which import it is.
func described(r *ent.ImportRun) string {
	what := "an import of "
	switch {
	case r.UndoesID != nil && r.DryRun:
		what = "a dry run of the undo of an import of "
	case r.UndoesID != nil:
		what = "the undo of an import of "
	case r.DryRun:
		what = "a dry run of an import of "
	case r.RetriesID != nil:
		what = "a retry of rows of an import of "
	}
	what += strings.ToLower(string(r.Kind))
	if r.SpansCompanies {
		return what + " whose rows name other companies"
	}
	return fmt.Sprintf("%s from %q", what, r.FileName)
}

// optionsOf are how the import was asked for, where that is not the default, and how its file is
// read, in words. Cells of the file are none of them.
func optionsOf(r *ent.ImportRun, l *sheet.Layout) []string {
	said := []string{sheet.Plural(r.TotalRows, "row"), fmt.Sprintf("%s with %q", l.File.Encoding, l.Delimiter())}
	add := func(name, value string) {
		if value != "" {
			said = append(said, name+" "+value)
		}
	}
	o := l.Options.Said()
	add("unknownColumns", string(o.UnknownColumns))
	add("dateOrder", string(o.DateOrder))
	add("decimalSeparator", string(o.DecimalSeparator))
	add("existing", string(o.Existing))
	add("missing", string(o.Missing))
	var made []string
	for _, reference := range o.CreateMissing {
		made = append(made, string(reference))
	}
	add("createMissing", strings.Join(made, "+"))
	if o.ClearWith != nil {
		add("clearWith", fmt.Sprintf("%q", *o.ClearWith))
	}
	if o.ReplaceExternalIDs {
		said = append(said, "replaceExternalIds")
	}
	columns := map[enum.ColumnSource]int{}
	for _, source := range l.Sources {
		columns[source]++
	}
	if n := columns[enum.Explicit]; n > 0 {
		said = append(said, sheet.Plural(n, "column")+" mapped")
	}
	if n := columns[enum.LeftOut]; n > 0 {
		said = append(said, sheet.Plural(n, "column")+" left out")
	}
	return said
}
