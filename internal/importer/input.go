package importer

import (
	"io"
	"path"
	"strings"
	"unicode"

	"tenantry/ent/enum"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// File is an upload being read.
type File struct {
	Name string // as the client named it
	Body io.Reader
}

// StartInput is what importCsv was given.
type StartInput struct {
	File           File
	Kind           enum.ImportKind
	Company        *id.ID // nil: the viewer's own
	Mappings       []sheet.Mapping
	DryRun         bool
	IdempotencyKey *string
}

// check refuses arguments that no import has.
func (in StartInput) check() error {
	if len(in.Mappings) > sheet.MaxMappings {
		return fault.New(fault.LimitExceeded, "columns has %d entries; at most %d are accepted", len(in.Mappings), sheet.MaxMappings).At("input", "columns")
	}
	if k := in.IdempotencyKey; k != nil && (len(*k) == 0 || len(*k) > 255) {
		return fault.New(fault.Invalid, "idempotencyKey has %d bytes; 1 to 255 are accepted", len(*k)).At("input", "idempotencyKey")
	}
	if k := in.IdempotencyKey; k != nil && !normalize.Storable(*k) {
		return fault.New(fault.Invalid, "idempotencyKey has a NUL or bytes that are not UTF-8").At("input", "idempotencyKey")
	}
	return nil
}

// fileName is a client's name for a file without folders and control characters, at most
// 255 characters.
func fileName(raw string) string {
	name := path.Base(strings.ReplaceAll(raw, `\`, "/"))
	name = normalize.Line(strings.ReplaceAll(strings.ToValidUTF8(name, ""), string(unicode.ReplacementChar), ""))
	if name == "" || name == "." || name == "/" {
		return "upload.csv"
	}
	return sheet.Cut(name, 255)
}
