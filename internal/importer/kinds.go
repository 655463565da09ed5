package importer

import (
	"context"
	"fmt"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// kindOf finds the kind that was registered under the name. INVALID_ARGUMENT where none was.
func (e *Engine) kindOf(name enum.ImportKind) (kind.Kind, error) {
	k, err := e.kinds.Named(name)
	if err != nil {
		err = fault.New(fault.Invalid, "files of %s cannot be imported yet", name).At("input", "kind").Because(err)
	}
	return k, err
}

// LayoutOf is what the import's file looks like, and how it was asked for.
func (e *Engine) LayoutOf(run *ent.ImportRun) (sheet.Layout, error) {
	var columns []sheet.Column
	if k, err := e.kinds.Named(run.Kind); err == nil { // else a newer version's
		columns = k.Columns()
	}
	return sheet.DecodeLayout(run.Format, columns)
}

// vocabulary is the kind's in the company.
func (e *Engine) vocabulary(ctx context.Context, name enum.ImportKind, company id.ID) (sheet.Vocabulary, error) {
	memory, err := columnMemory(ctx, e.db.SQL(), company, name)
	if err != nil {
		return sheet.Vocabulary{}, err
	}
	var own sheet.Vocabulary
	var others []sheet.Vocabulary
	for _, k := range e.kinds {
		custom, err := k.CustomColumns(ctx, company)
		if err != nil {
			return sheet.Vocabulary{}, fmt.Errorf("reading the company's own columns: %w", err)
		}
		v := sheet.NewVocabulary(k.Name(), k.Columns(), custom, k.Missing)
		if k.Name() != name {
			others = append(others, v)
			continue
		}
		own = v
		own.Elsewhere = func(keys []string) ([]sheet.Column, error) {
			ctx, cancel := context.WithTimeout(ctx, e.o.AnswerWithin)
			defer cancel()
			return k.ColumnsElsewhere(ctx, keys)
		}
	}
	own.Others, own.Remembered = others, memory
	return own, nil
}
