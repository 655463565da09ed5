package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/database"
	"tenantry/internal/exporter"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/progress"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// labels is a kind of this test's own: each row is a label, which may get a new name. It is
// registered from outside, like any other, and shows what a kind has to say.
type labels struct {
	db        *database.DB
	companies kind.Administrators
}

func (labels) Name() enum.ImportKind { return "LABELS" }
func (labels) MaxRows() int          { return 9 }

func (labels) Columns() []sheet.Column {
	return []sheet.Column{
		{Name: "label", Aliases: []sheet.Alias{{Name: "tag"}}, Required: true, Description: "At most 20 characters.", Example: "VIP"},
		{Name: "new_label", Description: "What it is called from now on.", Example: ""},
	}
}

func (labels) CustomColumns(context.Context, id.ID) ([]sheet.Column, error) { return nil, nil }

func (labels) ColumnsElsewhere(context.Context, []string) ([]sheet.Column, error) { return nil, nil }

func (labels) Missing(l sheet.Layout) (field, why string) {
	if !l.Has("label") {
		return "label", "a file of labels has their names"
	}
	return "", ""
}

func (k labels) AuthoriseImport(ctx context.Context, v viewer.Viewer, company id.ID) error {
	return kind.ImportAsAdministrator(ctx, k.companies, v, company)
}

func (labels) RecordColumns() []string { return []string{"label"} }

func (k labels) Records(ctx context.Context, ids []id.ID) (map[id.ID][]string, error) {
	all, err := k.db.Ent().Label.Query().Where(database.Among(label.FieldID, ids)).All(ctx)
	seen := map[id.ID][]string{}
	for _, l := range all {
		seen[l.ID] = []string{l.Name}
	}
	return seen, err
}

func (k labels) AuthoriseExport(ctx context.Context, company id.ID) error {
	return kind.ExportAsAdministrator(ctx, k.companies, company)
}

func (labels) Undoer() kind.Undoer { return nil }

func (labels) Overlaps() bool { return false }

func (labels) Finish(context.Context, *database.Tx, *ent.ImportRun) ([]id.ID, error) { return nil, nil }

func (labels) Read(run *kind.Run, rows []sheet.Row) kind.Batch {
	for i := range rows {
		if f := rows[i].Field("label"); f.Require("the label") {
			f.Within(20)
		}
		rows[i].Field("new_label").Within(20)
	}
	return labelBatch{run}
}

func (labels) Emails(context.Context, *database.Tx, *kind.Run, []sheet.Row) ([]kind.RowEmail, error) {
	return nil, nil
}

func (k labels) Export(company id.ID) kind.Table { return &labelTable{db: k.db, company: company} }

type labelBatch struct{ run *kind.Run }

func (labelBatch) Keys([]sheet.Row) *kind.Keys { return nil }

func (b labelBatch) Cut(int) (head, rest kind.Batch) { return b, b }

// Plan looks at what earlier batches of a dry run have left as well.
func (b labelBatch) Plan(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*kind.Outcome, kind.Write, error) {
	ctx = viewer.NewContext(ctx, b.run.By)
	byName, names := map[string]id.ID{}, map[id.ID]string{}
	known, err := tx.Ent().Label.Query().Where(label.CompanyID(b.run.Company), label.DeletedAtIsNil()).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	var all []string
	for _, l := range known {
		names[l.ID] = l.Name
		all = append(all, l.ID.String())
	}
	asked := make([]string, len(rows))
	for i := range rows {
		asked[i] = rows[i].Field("label").Value
	}
	err = kind.ReadScratch(ctx, tx, b.run.ID, all, asked, nil, func(record id.ID, state []byte) error {
		var name string
		err := json.Unmarshal(state, &name)
		names[record] = name
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for of, name := range names {
		byName[name] = of
	}
	inDatabase := make(map[id.ID]bool, len(known))
	for _, l := range known {
		inDatabase[l.ID] = true
	}
	stored := func(of id.ID) id.ID {
		if b.run.DryRun && !inDatabase[of] {
			return id.ID{} // nothing else makes it
		}
		return of
	}
	o, made, renamed := kind.NewOutcome(len(rows)), map[id.ID]string{}, map[id.ID]string{}
	for i := range rows {
		r := &rows[i]
		if problems := r.Issues(); len(problems) > 0 {
			o.Fail(problems...)
			continue
		}
		name, next := r.Field("label").Value, r.Field("new_label").Value
		of, there := byName[name]
		switch {
		case !there:
			of = id.New(id.Label)
			made[of], byName[name] = name, of
			o.Add(journal.Created, stored(of))
		case next == "":
			o.Add(journal.Unchanged, stored(of))
		default:
			delete(byName, name)
			renamed[of], byName[next] = next, of
			o.Add(journal.Updated, stored(of))
		}
	}
	return o, func() error {
		if b.run.DryRun {
			var records []kind.Scratch
			for _, changes := range []map[id.ID]string{made, renamed} {
				for of, name := range changes {
					records = append(records, kind.Scratch{ID: of, EmailKey: name, State: name})
				}
			}
			return kind.KeepScratch(ctx, tx, b.run.ID, records)
		}
		for of, name := range made {
			if err := tx.Ent().Label.Create().SetID(of).SetCompanyID(b.run.Company).SetName(name).Exec(ctx); err != nil {
				return err
			}
		}
		for of, name := range renamed {
			if err := tx.Ent().Label.UpdateOneID(of).SetName(name).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

type labelTable struct {
	db      *database.DB
	company id.ID
	last    string
}

func (*labelTable) Header(context.Context) ([]string, error) { return []string{"label"}, nil }

func (t *labelTable) Next(ctx context.Context, most int) ([][]string, error) {
	page, err := t.db.Ent().Label.Query().Where(label.CompanyID(t.company), label.DeletedAtIsNil(), label.NameGT(t.last)).
		Order(ent.Asc(label.FieldName)).Limit(most).All(ctx)
	rows := make([][]string, len(page))
	for i, l := range page {
		t.last, rows[i] = l.Name, []string{l.Name}
	}
	return rows, err
}

// A kind that is registered is imported and exported from one end to the other by an engine and
// an exporter that know nothing of it: uploaded, previewed, tried, claimed, worked on in batches,
// with its issues, its rejects file, its template and its limit of rows.
func TestAKindIsAddedFromOutside(t *testing.T) {
	testenv.Worlds(t, func(t *testing.T, w *testenv.World) {
		db, system, must := w.DB, w.System, w.Must
		company := w.Company("Plain")
		admin := w.User(company, "ann@x.example", enum.Admin)
		db.Ent().Label.Create().SetCompanyID(company.ID).SetName("old").ExecX(system)
		blobs, err := blob.Open(blob.Options{Dir: t.TempDir()})
		must(err)
		t.Cleanup(func() { _ = blobs.Close() })
		client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		t.Cleanup(func() { _ = client.Close() })
		passwords, err := auth.NewPasswords(auth.PasswordOptions{Cost: auth.Cost{MemoryKiB: 64, Passes: 1}})
		must(err)
		log := slog.New(slog.DiscardHandler)
		rights, hub := auth.New(db, passwords, auth.Options{}), progress.New(client, log)
		service := tenancy.New(tenancy.Parts{DB: db, Passwords: passwords, Sessions: rights, Events: hub, Log: log})
		builtIn := kinds.New(db, passwords, service, contacts.Options{})
		all := append(kind.Set{labels{db, service}}, builtIn...)
		engineOf := func(known kind.Set) *importer.Engine {
			return importer.New(importer.Parts{
				DB: db, Blobs: blobs, Events: hub, Queue: testenv.NoQueue{}, Rights: rights, Fingerprints: passwords, Kinds: known, Log: log,
			}, importer.Options{BatchRows: 2})
		}
		engine, out := engineOf(all), exporter.New(db.Ent(), rights, service, all)
		ann := w.As(admin)
		start := func(file string, dryRun bool) (*ent.ImportRun, error) {
			return engine.Start(ann, importer.StartInput{Request: importer.Request{File: importer.File{Name: "labels.csv", Body: strings.NewReader(file)}, Kind: "LABELS"}, DryRun: dryRun})
		}
		work := func() {
			t.Helper()
			for worked := true; worked; {
				worked, err = engine.RunNext(t.Context())
				must(err)
			}
		}
		imported := func(file string, dryRun bool) *ent.ImportRun {
			t.Helper()
			run, err := start(file, dryRun)
			must(err)
			work()
			return db.Ent().ImportRun.GetX(system, run.ID)
		}
		expect := func(what string, run *ent.ImportRun, want [5]int) {
			t.Helper()
			got := [5]int{run.CreatedCount, run.UpdatedCount, run.UnchangedCount, run.SkippedCount, run.FailedCount}
			if run.Status != enum.Completed || got != want {
				t.Errorf("%s: %s %v, want %v", what, run.Status, got, want)
			}
		}
		stored := func() string {
			return strings.Join(db.Ent().Label.Query().Order(ent.Asc(label.FieldName)).Select(label.FieldName).StringsX(system), ",")
		}

		template, err := engine.Template(ann, "LABELS", nil)
		must(err)
		if template.MaxRows != 9 || template.FileName != "labels.csv" || !strings.Contains(template.Content, "label,new_label") {
			t.Errorf("the template is %+v", template)
		}

		// Rows 3 and 5 find what earlier rows, of other batches, have left.
		const file = "Tag,new label\nold,\nVIP,\nVIP,gold\na name of more than twenty letters,\ngold,\n"
		p, err := engine.Preview(ann, importer.Request{File: importer.File{Name: "labels.csv", Body: strings.NewReader(file)}, Kind: "LABELS"})
		must(err)
		if p.Problem != nil || len(p.Issues) != 1 || p.Issues[0].Code != enum.TooLong || p.Columns[0].Field != "label" {
			t.Errorf("the preview is %+v", p)
		}
		expect("the dry run", imported(file, true), [5]int{1, 1, 2, 0, 1})
		if got := stored(); got != "old" {
			t.Errorf("behind the dry run there are %s", got)
		}
		run := imported(file, false)
		expect("the import", run, [5]int{1, 1, 2, 0, 1})
		if got := stored(); got != "gold,old" {
			t.Errorf("there are %s", got)
		}
		issue := db.Ent().ImportIssue.Query().Where(importissue.ImportRunID(run.ID)).OnlyX(system)
		if issue.Row != 4 || issue.Line != 5 || *issue.Column != "Tag" || issue.Code != enum.TooLong {
			t.Errorf("the issue is %v", issue)
		}
		rejects, name, err := engine.OpenRejects(system, viewer.Principal{User: admin.ID}, run.ID)
		must(err)
		text, err := io.ReadAll(rejects)
		must(err)
		must(rejects.Close())
		if name != "labels-rejects.csv" || !strings.Contains(string(text), "a name of more than twenty letters,,4,TOO_LONG,") {
			t.Errorf("%s is %q", name, text)
		}
		expect("the mended rejects", imported(strings.ReplaceAll(string(text), "more than twenty letters", "few"), false), [5]int{1, 0, 0, 0, 0})

		if _, err := start("label\n"+strings.Repeat("x\n", 10), false); fault.Of(err) == nil || fault.Of(err).Kind != fault.InvalidFile {
			t.Errorf("a file of more rows than the kind takes: %v", err)
		}
		_, err = engine.Start(ann, importer.StartInput{Request: importer.Request{File: importer.File{Name: "x.csv", Body: strings.NewReader("tag,new label\nx,y\n")}, Kind: enum.Contacts}})
		if f := fault.Of(err); f == nil || !strings.Contains(f.Message, "LABELS") {
			t.Errorf("the file as another kind: %v", err)
		}

		of, err := out.Begin(ann, "LABELS", nil)
		must(err)
		sent, err := out.Open(system, "LABELS", viewer.Principal{User: admin.ID}, of)
		must(err)
		var exported bytes.Buffer
		must(sent.Send(system, &exported))
		expect("what was exported", imported(exported.String(), false), [5]int{0, 0, 3, 0, 0})

		// Where nobody registered it there is no such kind, and no other takes its place.
		if _, err := engineOf(builtIn).Template(ann, "LABELS", nil); fault.Of(err) == nil || fault.Of(err).Kind != fault.Invalid {
			t.Errorf("a kind that is not registered has a template: %v", err)
		}
		without := exporter.New(db.Ent(), rights, service, builtIn)
		if _, err := without.Begin(ann, "LABELS", nil); fault.Of(err) == nil || fault.Of(err).Kind != fault.Invalid {
			t.Errorf("a kind that is not registered is exported: %v", err)
		}
		if _, err := without.Open(system, "LABELS", viewer.Principal{User: admin.ID}, of); fault.Of(err) == nil || fault.Of(err).Kind != fault.NotFound {
			t.Errorf("a kind that is not registered is sent: %v", err)
		}
	})
}
