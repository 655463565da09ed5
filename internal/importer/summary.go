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

// title says how an import ended and how much of it came in, since many read no further.
func title(r *ent.ImportRun) string {
	what, became := "Import of "+r.FileName, "imported"
	if r.DryRun {
		what, became = "Dry run of "+r.FileName, "would be imported"
	}
	switch r.Status {
	case enum.Failed:
		what += " stopped"
	case enum.Canceled:
		what += " was canceled"
	case enum.Queued, enum.Running, enum.Completed:
	}
	return what + ": " + share(imported(r), r.TotalRows) + " " + became
}

func imported(r *ent.ImportRun) int { return r.CreatedCount + r.UpdatedCount + r.UnchangedCount }

// share is so many rows of all, in words.
func share(n, of int) string {
	switch {
	case n == 0:
		return "none of " + sheet.Plural(of, "row")
	case n < of:
		return fmt.Sprintf("%d of %s", n, sheet.Plural(of, "row"))
	case of == 1:
		return "its one row"
	}
	return "all " + sheet.Plural(of, "row")
}

// summary says how many rows were imported, how many not, and the reasons by number.
func summary(ctx context.Context, client *ent.Client, r *ent.ImportRun) (string, error) {
	lines := []string{fmt.Sprintf("Into %s: %d created, %d updated, %d unchanged, %d skipped, %d failed.",
		r.Edges.Company.Name, r.CreatedCount, r.UpdatedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount)}
	if left := r.TotalRows - r.ProcessedRows; left > 0 {
		lines = append(lines, sheet.Plural(left, "row")+" not reached.")
	}
	if r.FailureMessage != nil {
		lines = append(lines, "It stopped: "+*r.FailureMessage+".")
	}
	var reasons []struct {
		Code  enum.IssueCode `json:"code"`
		Count int            `json:"count"`
	}
	err := client.ImportIssue.Query().Where(importissue.ImportRunID(r.ID)).
		Order(ent.Asc(importissue.FieldCode)).GroupBy(importissue.FieldCode).Aggregate(ent.Count()).Scan(ctx, &reasons)
	if err != nil {
		return "", fmt.Errorf("counting the reasons: %w", err)
	}
	for _, reason := range reasons {
		lines = append(lines, fmt.Sprintf("%s (%s): %d", reasonOf[reason.Code], reason.Code, reason.Count))
	}
	return strings.Join(lines, "\n"), nil
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
	enum.AlreadyExists:       "a company of the same name exists",
	enum.EmailTaken:          "the email belongs to somebody else",
	enum.DuplicateInFile:     "the same name as an earlier row",
	enum.Forbidden:           "not allowed to whoever started the import",
	enum.LastAdministrator:   "the company would have no administrator",
	enum.UnknownID:           "no record has this id",
	enum.UnknownPartnerAdmin: "no active user of the company has this email",
	enum.UnknownProject:      "no such project",
	enum.UnknownDesk:         "no such desk",
	enum.UnknownLabel:        "no such label",
	enum.UnknownField:        "no such custom field",
	enum.UnknownCompany:      "no company that one may manage has this id",
}
