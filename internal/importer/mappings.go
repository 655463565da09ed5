package importer

import (
	"fmt"
	"unicode/utf8"

	"tenantry/internal/fault"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// checkMappings refuses mappings that no file has, whatever its columns.
func checkMappings(mappings []sheet.Mapping) error {
	if len(mappings) > sheet.MaxMappings {
		return fault.New(fault.LimitExceeded, "columns has %d entries; at most %d are accepted", len(mappings), sheet.MaxMappings).At("input", "columns")
	}
	bytes := 0
	for i, m := range mappings {
		at := []string{"input", "columns", fmt.Sprint(i), "values"}
		if len(m.Values) == 0 {
			continue
		}
		if m.Field == nil {
			return fault.New(fault.Invalid, "values are given for the column %q, which is left out: name its field", sheet.Cut(m.Header, 100)).At(at...)
		}
		if len(m.Values) > sheet.MaxValues {
			return fault.New(fault.LimitExceeded, "%d values are given for the column %q; at most %d are accepted", len(m.Values), sheet.Cut(m.Header, 100), sheet.MaxValues).At(at...)
		}
		seen := make(map[string]bool, len(m.Values))
		for _, v := range m.Values {
			if bytes += len(v.From) + len(v.To); bytes > sheet.MaxValueBytes {
				return fault.New(fault.LimitExceeded, "the values of all columns take more than %d bytes", sheet.MaxValueBytes).At("input", "columns")
			}
			for _, text := range []string{v.From, v.To} {
				if n := utf8.RuneCountInString(text); n > sheet.MaxValue {
					return fault.New(fault.Invalid, "a value of the column %q has %d characters; at most %d are accepted", sheet.Cut(m.Header, 100), n, sheet.MaxValue).At(at...)
				}
				if !normalize.Storable(text) {
					return fault.New(fault.Invalid, "a value of the column %q has a NUL or bytes that are not UTF-8", sheet.Cut(m.Header, 100)).At(at...)
				}
			}
			key := normalize.Key(v.From)
			if seen[key] {
				return fault.New(fault.Invalid, "two values of the column %q are translated from %q; give one", sheet.Cut(m.Header, 100), v.From).At(at...)
			}
			seen[key] = true
		}
	}
	return nil
}

// checkSecretValues refuses to translate passwords: they would be stored with the import.
func checkSecretValues(v sheet.Vocabulary, mappings []sheet.Mapping) error {
	for i, m := range mappings {
		if len(m.Values) == 0 {
			continue
		}
		if c, _ := v.Column(*m.Field); c.Secret || sheet.LooksSecret(m.Header) {
			return fault.New(fault.Invalid, "values are given for the column %q, which holds passwords: they are taken exactly as they are", sheet.Cut(m.Header, 100)).
				At("input", "columns", fmt.Sprint(i), "values")
		}
	}
	return nil
}
