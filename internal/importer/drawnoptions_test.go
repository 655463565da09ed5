package importer

import (
	"strings"

	"pgregory.net/rapid"

	"tenantry/ent/enum"
	"tenantry/internal/importer/oracle"
	"tenantry/internal/importer/sheet"
)

// drawRowOptions draws what is to become of rows; in half of the files nothing but the defaults.
func drawRowOptions(t *rapid.T, o *sheet.Options) {
	if rapid.Bool().Draw(t, "default options") {
		return
	}
	o.Existing = rapid.SampledFrom([]enum.ExistingRecords{"", "", enum.UpdateExisting, enum.FillBlanks, enum.FillBlanks, enum.SkipExisting}).Draw(t, "existing")
	o.Missing = rapid.SampledFrom([]enum.MissingRecords{"", "", enum.CreateMissing, enum.SkipMissing}).Draw(t, "missing")
	for _, what := range []enum.ImportReference{enum.LabelReferences, enum.ProjectReferences, enum.DeskReferences} {
		if rapid.Bool().Draw(t, "create "+string(what)) {
			o.CreateMissing = append(o.CreateMissing, what)
		}
	}
	if clears := rapid.SampledFrom([]string{"", "NULL", "#N/A", " - "}).Draw(t, "clear with"); clears != "" {
		o.ClearWith = &clears
	}
	o.ReplaceExternalIDs = rapid.Bool().Draw(t, "replace external ids")
}

// clearSome lets some cells clear what is there, and others hold that text as a value.
func (c *trial) clearSome(t *rapid.T) {
	if c.options.ClearWith == nil {
		return
	}
	text := *c.options.ClearWith
	for _, row := range c.rows {
		for i := range row {
			if rapid.IntRange(0, 6).Draw(t, "clears") == 0 {
				row[i] = rapid.SampledFrom([]string{text, text, text, " " + text, "'" + text}).Draw(t, "clearing cell")
			}
		}
	}
}

// rowOptions are the trial's, as the oracle has them.
func (c *trial) rowOptions() oracle.Options {
	o := c.options
	return oracle.Options{
		SkipExisting: o.Existing == enum.SkipExisting, FillBlanks: o.Existing == enum.FillBlanks, SkipMissing: o.Missing == enum.SkipMissing,
		Create: map[string]bool{
			"labels": o.Creates(enum.LabelReferences), "projects": o.Creates(enum.ProjectReferences), "desks": o.Creates(enum.DeskReferences),
		},
		ClearWith: trimmed(o.ClearWith), ReplaceExternalIDs: o.ReplaceExternalIDs,
	}
}

func trimmed(text *string) string { return strings.TrimSpace(deref(text)) }
