package importer

import (
	"encoding/json"
	"io"
	"path"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
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

// Request is a file and how it is to be read: what previewImport is given.
type Request struct {
	File     File
	Kind     enum.ImportKind
	Company  *id.ID // nil: the viewer's own
	Mappings []sheet.Mapping
	Format   Format
	Options  sheet.Options
}

// Format is what the caller says of the file; the zero value of each: it is found out.
type Format struct {
	Encoding   string `json:"encoding,omitempty"`   // a label of the WHATWG Encoding Standard
	Delimiter  string `json:"delimiter,omitempty"`  // comma, semicolon, tab or pipe
	HeaderLine int    `json:"headerLine,omitempty"` // 1-based
}

// StartInput is what importCsv was given.
type StartInput struct {
	Request
	DryRun         bool
	IdempotencyKey *string
}

// check refuses arguments that no import has.
func (in StartInput) check() error {
	if err := in.Request.check(); err != nil {
		return err
	}
	return checkIdempotencyKey(in.IdempotencyKey)
}

func (in Request) check() error {
	if err := checkMappings(in.Mappings); err != nil {
		return err
	}
	if c := in.Options.ClearWith; c != nil {
		switch n := utf8.RuneCountInString(*c); {
		case strings.TrimSpace(*c) == "":
			return fault.New(fault.Invalid, "clearWith is blank; blank cells leave values as they are, so it must be a text such as NULL").At("input", "clearWith")
		case !normalize.Storable(*c):
			return fault.New(fault.Invalid, "clearWith has a NUL or bytes that are not UTF-8").At("input", "clearWith")
		case n > sheet.MaxClearWith:
			return fault.New(fault.Invalid, "clearWith has %d characters; at most %d are accepted", n, sheet.MaxClearWith).At("input", "clearWith")
		}
	}
	if d := in.Format.Delimiter; d != "" {
		if _, err := csvfile.ParseDelimiter(d); err != nil {
			return fault.New(fault.Invalid, "delimiter: %v; give a comma, a semicolon, a tab or a pipe (|)", err).At("input", "format", "delimiter").
				With("accepted", csvfile.AcceptedDelimiters())
		}
	}
	if in.Format.HeaderLine < 0 {
		return fault.New(fault.Invalid, "headerLine is %d; 1 is the first line", in.Format.HeaderLine).At("input", "format", "headerLine")
	}
	return nil
}

// arguments are what was asked for, without the file: for the fingerprint of idempotency keys.
// What is not said does not show, so that a newer version, which knows more of it, makes the same of it.
func (in StartInput) arguments() ([]byte, error) {
	said := []any{in.Kind, in.Company, in.Mappings, in.DryRun}
	if more := struct {
		Format  Format        `json:"format,omitzero"`
		Options sheet.Options `json:"options,omitzero"`
	}{in.Format, in.Options.Said()}; !reflect.ValueOf(more).IsZero() {
		said = append(said, more)
	}
	return json.Marshal(said)
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
