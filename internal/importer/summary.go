package importer

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/generated/ent/importkey"
	"tenantry/internal/id"
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
	}
	return what + ": " + share(imported(r), r.TotalRows) + " " + became
}

func imported(r *ent.ImportRun) int { return r.CreatedCount + r.UpdatedCount + r.UnchangedCount }

// share is so many rows of all, in words.
func share(n, of int) string {
	switch {
	case n == 0:
		return "none of " + several(of, "row")
	case n < of:
		return fmt.Sprintf("%d of %s", n, several(of, "row"))
	case of == 1:
		return "its one row"
	}
	return "all " + several(of, "row")
}

// summary says how many rows were imported, how many not, and the reasons by number.
func summary(ctx context.Context, client *ent.Client, r *ent.ImportRun) (string, error) {
	lines := []string{fmt.Sprintf("Into %s: %d created, %d updated, %d unchanged, %d skipped, %d failed.",
		r.Edges.Company.Name, r.CreatedCount, r.UpdatedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount)}
	if left := r.TotalRows - r.ProcessedRows; left > 0 {
		lines = append(lines, several(left, "row")+" not reached.")
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

// firstCustomers names the first customers that the person became partner admin of, as far as
// they are still there.
func firstCustomers(ctx context.Context, client *ent.Client, run, person id.ID) ([]string, error) {
	prefix := namedKey + person.String()
	keys, err := client.ImportKey.Query().Where(importkey.ImportRunID(run), importkey.KeyHasPrefix(prefix)).
		Order(ent.Asc(importkey.FieldRow)).All(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, k := range keys {
		customer, err := id.Parse(strings.TrimPrefix(k.Key, prefix), id.Company)
		if err != nil {
			return nil, err
		}
		c, err := client.Company.Query().Where(company.ID(customer), company.DeletedAtIsNil()).Select(company.FieldName).Only(ctx)
		if ent.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		names = append(names, c.Name)
	}
	return names, nil
}

// listed names the first of so many, and says how many more there are (rule J7).
func listed(names []string, n int, what string) string {
	switch more := n - len(names); {
	case len(names) == 0:
		return several(n, what)
	case more > 0:
		return strings.Join(names, ", ") + " and " + several(more, "more "+what)
	case n == 1:
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
