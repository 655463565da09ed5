package importer

import (
	"context"
	"errors"
	"io"
	"strings"

	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/blob"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// OpenRejects opens an import's rejects file on behalf of the caller, whose rights are those
// of now. It gives a name for the file too. Rows that retries have imported since are left out
// (rule J15). NOT_FOUND where there is none for them.
func (e *Engine) OpenRejects(ctx context.Context, by viewer.Principal, runID id.ID) (file io.ReadCloser, name string, err error) {
	ctx, run, err := e.visibleTo(ctx, by, runID)
	if err != nil {
		return nil, "", err
	}
	none := fault.New(fault.NotFound, "there is no rejects file of this import, or it is kept no longer")
	if !RejectsLeft(run) {
		return nil, "", none
	}
	if run.ResolvedCount == 0 {
		file, err = e.blobs.OpenAt(ctx, *run.RejectsKey, 0)
	} else {
		file, err = e.openUnresolved(ctx, run)
	}
	if errors.Is(err, blob.ErrNotFound) {
		err = none.Because(err)
	}
	return file, nameFrom(run, "rejects"), err
}

// visibleTo reads the import as the caller sees it with the rights of now, and gives the context of that viewer.
func (e *Engine) visibleTo(ctx context.Context, by viewer.Principal, runID id.ID) (context.Context, *ent.ImportRun, error) {
	v, err := e.rights.ViewerOf(ctx, by)
	if err != nil {
		return ctx, nil, err
	}
	ctx = viewer.NewContext(ctx, v)
	run, err := e.visible(ctx, runID)
	return ctx, run, err
}

// RejectsLeft reports whether the import has a rejects file that is kept still, and in it a row that no
// retry has imported since.
func RejectsLeft(run *ent.ImportRun) bool {
	return run.RejectsKey != nil && run.ResolvedCount < run.FailedCount
}

// nameFrom is what a file is called that is made of an import's file: list.csv and rejects become list-rejects.csv.
func nameFrom(run *ent.ImportRun, what string) string {
	name := run.FileName
	if at := len(name) - len(".csv"); at > 0 && strings.EqualFold(name[at:], ".csv") {
		name = name[:at]
	}
	return name + "-" + what + ".csv"
}
