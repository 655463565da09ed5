package fault_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/internal/fault"
	"tenantry/schema"
)

// The table from kind to code is the schema's ErrorCode: each once, none more, none less.
func TestCodesAreTheSchemas(t *testing.T) {
	t.Parallel()
	var codes, want []string
	for _, k := range fault.Kinds() {
		codes = append(codes, k.Code())
	}
	for _, v := range gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()}).Types["ErrorCode"].EnumValues {
		want = append(want, v.Name)
	}
	slices.Sort(codes)
	slices.Sort(want)
	if !slices.Equal(codes, want) {
		t.Errorf("the kinds give %v, the schema has %v", codes, want)
	}
	if got := fault.Kind(200).Code(); got != "INTERNAL" {
		t.Errorf("a kind that there is not is %s", got)
	}
	var unclassified fault.Error
	if got := unclassified.Kind.Code(); got != "INTERNAL" {
		t.Errorf("a fault that nobody classified is %s", got)
	}
}

// At, With and Because copy: a fault kept in a variable is never changed by its users.
func TestFaultsAreCopied(t *testing.T) {
	t.Parallel()
	base := fault.New(fault.Invalid, "%d of %d", 1, 2)
	changed := base.At("input", "name").With("limit", 3).Because(io.EOF)
	again := changed.With("limit", 4)
	if base.Field != nil || base.Extra != nil || base.Cause != nil || base.Message != "1 of 2" {
		t.Errorf("the first became %+v", base)
	}
	if changed.Extra["limit"] != 3 || again.Extra["limit"] != 4 || !slices.Equal(changed.Field, []string{"input", "name"}) {
		t.Errorf("%+v, %+v", changed, again)
	}
}

// A fault is found wherever it stands in an error's chain; its cause is for the log, not
// for its message.
func TestOf(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.NotFound, "there is no such company").Because(fmt.Errorf("reading: %w", io.ErrUnexpectedEOF))
	for what, err := range map[string]error{
		"itself": f, "wrapped": fmt.Errorf("around it: %w", f), "joined": errors.Join(io.EOF, f),
	} {
		if fault.Of(err) != f || !fault.Is(err, fault.NotFound) || fault.Is(err, fault.Internal) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v is not found", what, err)
		}
	}
	if fault.Of(io.EOF) != nil || fault.Of(nil) != nil || fault.Is(nil, fault.Internal) || fault.Is(io.EOF, fault.Internal) {
		t.Error("what is no fault is taken for one")
	}
	if strings.Contains(f.Message, "reading") || !strings.Contains(f.Error(), "reading") {
		t.Errorf("%q, %q", f.Message, f.Error())
	}
}
