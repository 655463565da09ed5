package importer

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// withValues gives the plain company contacts with so many long values each, of fields
// note0, note1 …, and a file that changes note0 of each.
func (w *world) withValues(contacts, values, bytes int) (file string) {
	w.T.Helper()
	e, from := w.engine(Options{}), strings.Builder{}
	from.WriteString("email,first_name")
	for v := range values {
		w.Must(w.DB.Ent().CustomField.Create().SetCompanyID(w.plain.ID).SetVariableName(fmt.Sprint("note", v)).
			SetVariableKey(fmt.Sprint("note", v)).SetName(fmt.Sprint("Note ", v)).SetType(enum.Text).Exec(w.System))
		fmt.Fprint(&from, ",note", v)
	}
	file = "email,note0\n"
	for c := range contacts {
		fmt.Fprintf(&from, "\nc%d@x.example,Ann%s", c, strings.Repeat(","+strings.Repeat("x", bytes), values))
		file += fmt.Sprintf("c%d@x.example,changed %d\n", c, c)
	}
	_, err := w.tryStart(e, w.outside, from.String(), contactsFile)
	w.Must(err)
	w.work(e)
	return file
}

func contactsFile(in *StartInput) { in.Kind = enum.Contacts }

// Of what is stored an import reads the fields that its file has, and no more of them at
// once than it may: in more transactions, where one would take too much.
func TestBatchesAreBoundedInWhatTheyRead(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const contacts, values, bytes = 40, 5, 1_000
		file := w.withValues(contacts, values, bytes)
		for _, dryRun := range []bool{true, false} {
			w.contacts.StoredBytes = 10 * bytes
			e := w.engine(Options{})
			run, err := w.tryStart(e, w.outside, file, contactsFile, func(in *StartInput) { in.DryRun = dryRun })
			w.Must(err)
			var parts []int
			tried := 0
			e.hook(hooked{
				inTx: func(ctx context.Context, tx *database.Tx, b hookedBatch) error {
					tried = len(b.rows)
					return nil
				},
				loaded: func(int) error { parts = append(parts, tried); return nil },
			})
			w.work(e)
			testenv.Equal(t, "rows of the transactions", parts, []int{10, 10, 10, 10})
			testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 0+40+0+0+0 of 40")
		}
		// The other fields' values are as they were.
		var n int
		w.Must(w.DB.SQL().QueryRow(`SELECT count(*) FROM custom_field_values WHERE octet_length(value) = $1`, bytes).Scan(&n))
		testenv.Equal(t, "values that were left alone", n, contacts*(values-1))
		w.contacts.StoredBytes = 1
		p, err := w.engine(Options{}).Preview(w.As(w.outside), Request{Kind: enum.Contacts, File: File{Body: strings.NewReader(file)}})
		w.Must(err)
		if len(p.Issues) > 0 {
			t.Errorf("the preview tells %+v", p.Issues)
		}
	})
}

// A row that alone is too much is validated alone, and one contact's labels count as well.
func TestABatchHasARowAtLeast(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.withValues(3, 1, 100)
		var names []string
		for i := range 20 {
			name := fmt.Sprint("L", i)
			names = append(names, name)
			w.Must(w.DB.Ent().Label.Create().SetID(id.New(id.Label)).SetCompanyID(w.plain.ID).SetName(name).Exec(w.System))
		}
		file := "email,labels\n"
		for i := range 3 {
			file += fmt.Sprintf("c%d@x.example,%s\n", i, strings.Join(names, ":"))
		}
		for _, want := range []string{"COMPLETED 0+3+0+0+0 of 3", "COMPLETED 0+0+3+0+0 of 3"} {
			w.contacts.StoredBytes = 1
			e := w.engine(Options{})
			run, err := w.tryStart(e, w.outside, file, contactsFile)
			w.Must(err)
			w.work(e)
			testenv.Equal(t, "counts", counts(w.state(run.ID)), want)
		}
	})
}
