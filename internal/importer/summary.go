package importer

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/internal/importer/sheet"
)

// title says how an import ended and how much of it came in, since many read no further. One
// that brought nothing in does not read like a success.
func title(r *ent.ImportRun) string {
	if r.UndoesID != nil {
		return undoTitle(r)
	}
	what := "Import of " + r.FileName
	switch {
	case r.DryRun:
		what = "Dry run of " + r.FileName
	case r.RetriesID != nil:
		what = "Retry of rows of " + r.FileName
	}
	switch r.Status {
	case enum.Failed:
		what += " stopped"
	case enum.Canceled:
		what += " was canceled"
	case enum.Queued, enum.Running, enum.Completed:
	}
	return what + ": " + share(r)
}

func imported(r *ent.ImportRun) int { return r.CreatedCount + r.UpdatedCount + r.UnchangedCount }

func notImported(r *ent.ImportRun) int { return r.SkippedCount + r.FailedCount }

// became is what imported rows were, or in a dry run would have been.
func became(r *ent.ImportRun) string {
	if r.DryRun {
		return "would have been imported"
	}
	return "imported"
}

// without is what the other rows were not.
func without(r *ent.ImportRun) string {
	if r.DryRun {
		return "would not have been imported"
	}
	return "not imported"
}

// share is how many rows of all came in, in words, and where none did, what came of them.
func share(r *ent.ImportRun) string {
	n, of := imported(r), r.TotalRows
	switch {
	case n > 0 && n < of:
		return fmt.Sprintf("%d of %s %s", n, sheet.Plural(of, "row"), became(r))
	case n > 0:
		return all(of) + " " + became(r)
	}
	none := "nothing " + became(r)
	switch {
	case r.FailedCount == of:
		return none + ", " + all(of) + " failed"
	case r.SkippedCount == of:
		return none + ", " + all(of) + " skipped"
	case notImported(r) == 0:
		return none
	}
	return fmt.Sprintf("%s of %s, %d skipped and %d failed", none, sheet.Plural(of, "row"), r.SkippedCount, r.FailedCount)
}

// all are so many rows, and no others.
func all(rows int) string {
	if rows == 1 {
		return "its one row"
	}
	return fmt.Sprintf("all %d rows", rows)
}

// summary says how many rows were imported, how many not, which the first of them are, and the
// reasons by number.
func summary(ctx context.Context, client *ent.Client, r *ent.ImportRun) (string, error) {
	if r.UndoesID != nil {
		return undoSummary(ctx, client, r)
	}
	line := fmt.Sprintf("Into %s: %s %s (%d created, %d updated, %d unchanged), %d not (%d skipped, %d failed).",
		r.Edges.Company.Name, sheet.Plural(imported(r), "row"), became(r), r.CreatedCount, r.UpdatedCount, r.UnchangedCount,
		notImported(r), r.SkippedCount, r.FailedCount)
	if r.DryRun {
		line += " It was a dry run: nothing was written."
	}
	lines := []string{line}
	for _, part := range []struct {
		what, sort, noun string
		n                int
	}{
		{became(r), importedKey, nounOf(r.Kind), imported(r)},
		{without(r), rejectedKey, "row", notImported(r)},
	} {
		if part.n == 0 {
			continue
		}
		first, err := firstNames(ctx, client, r.ID, part.sort)
		if err != nil {
			return "", err
		}
		if len(first) > 0 {
			lines = append(lines, strings.ToUpper(part.what[:1])+part.what[1:]+": "+sheet.Listed(first, part.n, part.noun)+".")
		}
	}
	lines = append(lines, unreached(r)...)
	if notImported(r) == 0 {
		return strings.Join(lines, "\n"), nil
	}
	why, err := reasons(ctx, client, r)
	return strings.Join(append(lines, why...), "\n"), err
}

// unreached says how many rows were not reached, and why not.
func unreached(r *ent.ImportRun) (lines []string) {
	if left := r.TotalRows - r.ProcessedRows; left > 0 {
		lines = append(lines, sheet.Plural(left, "row")+" not reached.")
	}
	if r.FailureMessage != nil {
		lines = append(lines, "It stopped: "+*r.FailureMessage+".")
	}
	return lines
}

// reasons counts the issues by their codes.
func reasons(ctx context.Context, client *ent.Client, r *ent.ImportRun) (lines []string, err error) {
	var reasons []struct {
		Code  enum.IssueCode `json:"code"`
		Count int            `json:"count"`
	}
	err = client.ImportIssue.Query().Where(importissue.ImportRunID(r.ID)).
		Order(ent.Asc(importissue.FieldCode)).GroupBy(importissue.FieldCode).Aggregate(ent.Count()).Scan(ctx, &reasons)
	if err != nil {
		return nil, fmt.Errorf("counting the reasons: %w", err)
	}
	for _, reason := range reasons {
		lines = append(lines, fmt.Sprintf("%s (%s): %d", reasonOf[reason.Code], reason.Code, reason.Count))
	}
	return lines, nil
}

// reasonOf says each code to people who do not read codes.
var reasonOf = map[enum.IssueCode]string{
	enum.Required:            "a needed value is missing",
	enum.InvalidEmail:        "no email address",
	enum.InvalidValue:        "a value that its column does not take",
	enum.TooLong:             "too long",
	enum.TooShort:            "too short",
	enum.UnsafeContent:       "a formula or markup",
	enum.WrongFieldCount:     "cells too few or too many for the header",
	enum.AlreadyExists:       "exists already",
	enum.EmailTaken:          "the email belongs to somebody else",
	enum.DuplicateInFile:     "the same name as an earlier row",
	enum.Forbidden:           "not allowed to whoever started the import",
	enum.LastAdministrator:   "the company would have no administrator",
	enum.NoSuchRecord:        "does not exist, and nothing was to be created",
	enum.EditedSince:         "changed after the import, so kept as it is",
	enum.UnknownID:           "no record has this id",
	enum.UnknownPartnerAdmin: "no active user of the company has this email",
	enum.UnknownProject:      "no such project",
	enum.UnknownDesk:         "no such desk",
	enum.UnknownLabel:        "no such label",
	enum.UnknownField:        "no such custom field",
	enum.UnknownCompany:      "no company that one may manage has this id",
}
