package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/generated/ent/importbatch"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// storedContact is all of a contact as it is stored, and when it was written.
type storedContact struct {
	records.Record
	labels []id.ID
	values map[id.ID]string
	at     time.Time
}

func (w *world) stored(of id.ID) storedContact {
	w.T.Helper()
	c := w.DB.Ent().Contact.GetX(w.System, of)
	s := storedContact{values: map[id.ID]string{}, at: c.UpdatedAt, Record: records.Record{
		Email: c.Email, FirstName: c.FirstName, MiddleName: deref(c.MiddleName), LastName: deref(c.LastName), Username: c.Username, ExternalID: deref(c.ExternalID),
		Project: c.ProjectID, Desk: c.DeskID, Active: c.Active, Type: c.Type, Created: c.CreatedAt,
	}}
	for _, l := range w.DB.Ent().ContactLabel.Query().Where(contactlabel.ContactID(of)).AllX(w.System) {
		s.labels = append(s.labels, l.LabelID)
	}
	for _, v := range w.DB.Ent().CustomFieldValue.Query().Where(customfieldvalue.ContactID(of)).AllX(w.System) {
		s.values[v.CustomFieldID] = v.Value
	}
	return s
}

// imagesHold demands that each contact which nobody has written since a batch is in the state that the
// batch's image says, and that each which the batch made or changed has one image.
func (w *world) imagesHold(run id.ID) {
	w.T.Helper()
	fields := records.Fields()
	for _, b := range w.batches(run) {
		rows, err := journal.DecodeOutcomes(b.Outcomes, b.FirstRow, b.Rows)
		w.Must(err)
		left := map[id.ID]bool{}
		for _, r := range rows {
			if r.Result.Changes() && r.Record != (id.ID{}) {
				left[r.Record] = true
			}
		}
		if b.Images == nil {
			if len(left) > 0 && !w.state(run).DryRun {
				w.T.Errorf("the batch of row %d has no images", b.FirstRow)
			}
			continue
		}
		images, _, err := journal.DecodeImages(b.Images, b.Rows)
		w.Must(err)
		for _, m := range images {
			of := rows[m.Row].Record
			if !left[of] {
				w.T.Errorf("row %d: an image of %v more", rows[m.Row].Number, of)
			}
			delete(left, of)
			is := w.stored(of)
			if !is.at.Equal(b.WrittenAt) {
				continue // a later batch has changed it
			}
			if m.What == journal.Created && m.Hash != records.NewBulk(fields).States().Hash(&is.Record, is.labels, is.values) {
				w.T.Errorf("row %d: its contact is not in the state in which it was left", rows[m.Row].Number)
			}
			for _, c := range m.Fields {
				f := fields[slices.IndexFunc(fields, func(f records.Field) bool { return f.Name == c.Field })]
				before := is.Record
				w.Must(f.SetState(&before, c.Before))
				if now := string(f.AppendState(nil, &is.Record)); now != c.After || f.Same(&before, &is.Record) {
					w.T.Errorf("row %d: %s is %q, and was to become %q from %q", rows[m.Row].Number, c.Field, now, c.After, c.Before)
				}
			}
			for _, l := range m.Added {
				if !slices.Contains(is.labels, l) {
					w.T.Errorf("row %d: a label is not there", rows[m.Row].Number)
				}
			}
			for _, l := range m.Removed {
				if slices.Contains(is.labels, l) {
					w.T.Errorf("row %d: a label is there", rows[m.Row].Number)
				}
			}
			for _, v := range m.CustomValues {
				if is.values[v.Field] != v.After || v.Before == v.After {
					w.T.Errorf("row %d: a value is %q, and was to become %q from %q", rows[m.Row].Number, is.values[v.Field], v.After, v.Before)
				}
			}
		}
		if len(left) > 0 {
			w.T.Errorf("the batch of row %d has no image of %d records", b.FirstRow, len(left))
		}
	}
}

// replaced is the images of an import, each as email:what:changes, and what it made. It demands that
// all were written when their batch says.
func (w *world) replaced(run id.ID) (images []string, previous map[string]time.Time) {
	w.T.Helper()
	w.imagesHold(run)
	names := map[id.ID]string{}
	for _, l := range w.DB.Ent().Label.Query().AllX(w.System) {
		names[l.ID] = l.Name
	}
	for _, f := range w.DB.Ent().CustomField.Query().AllX(w.System) {
		names[f.ID] = f.VariableName
	}
	images, previous = []string{}, map[string]time.Time{}
	for _, b := range w.batches(run) {
		if b.Images == nil {
			continue
		}
		rows, err := journal.DecodeOutcomes(b.Outcomes, b.FirstRow, b.Rows)
		w.Must(err)
		all, made, err := journal.DecodeImages(b.Images, b.Rows)
		w.Must(err)
		for _, m := range all {
			of := rows[m.Row].Record
			who, _, _ := strings.Cut(w.DB.Ent().Contact.GetX(w.System, of).Email, "@")
			if at := w.stored(of).at; !at.Equal(b.WrittenAt) {
				w.T.Errorf("%s was written at %v, its batch at %v", who, at, b.WrittenAt)
			}
			var changes []string
			for _, f := range m.Fields {
				changes = append(changes, f.Field+"="+f.Before+">"+f.After)
			}
			for _, l := range m.Added {
				changes = append(changes, "+"+names[l])
			}
			for _, l := range m.Removed {
				changes = append(changes, "-"+names[l])
			}
			for _, v := range m.CustomValues {
				changes = append(changes, names[v.Field]+"="+v.Before+">"+v.After)
			}
			slices.Sort(changes)
			if m.What == journal.Created {
				images = append(images, who+":C")
				continue
			}
			previous[who] = m.Previous
			images = append(images, strings.TrimSpace(who+":U "+strings.Join(changes, " ")))
		}
		for _, r := range made {
			images = append(images, "made "+r.Name)
		}
	}
	return images, previous
}

// J14: what an import replaces is kept, once for each contact and batch; of new ones, what they are.
func TestJ14ImagesOfContacts(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "p1", []string{"A", "B"}, "TEXT:plan", "NUMBER:seats")
		const head = "email,id,first_name,last_name,active,type,created,labels,plan,seats\n"
		w.contactsOf(w.outside, w.plain, head+"old@i.example,,Old,,,,,A,gold,\nsame@i.example,,Same,,,,,,,\n", Options{})
		known := w.DB.Ent().Contact.Query().Where(contact.CompanyID(w.plain.ID), contact.EmailKey("old@i.example")).OnlyX(w.System)
		e := w.engine(Options{})
		run := w.of(e, w.outside, enum.Contacts, w.plain, head+
			"new@i.example,7,New,N,no,business,2020-02-02T02:02:02.123456789Z,A:C,silver,1.50\n"+
			"same@i.example,,Same,,,,,,,\n"+
			"old@i.example,,Old,Older,no,,,B,,3\n"+
			"plain@i.example,,Plain,,,,,,,\n"+
			"OLD@i.example,,Old,Oldest,,,,,-,\n"+
			"new@i.example,7,Newer,,,,,,,\n"+
			"nobody,,X,,,,,,,\n", asked(sheet.Options{CreateMissing: everything, ClearWith: new("-")}))
		w.work(e)
		testenv.Equal(t, "the rows", w.became(run.ID), "2:C:new 3:=:same 4:U:OLD 5:C:plain 6:U:OLD 7:U:new 8:F:")
		images, previous := w.replaced(run.ID)
		testenv.Equal(t, "the images", images, []string{
			"plain:C", "OLD:U +B active=true>false email=old@i.example>OLD@i.example last_name=>Oldest plan=gold> seats=>3", "new:C", "made C",
		})
		if !previous["OLD"].Equal(known.UpdatedAt) {
			t.Errorf("it was written before at %v, and was at %v", previous["OLD"], known.UpdatedAt)
		}
		// What a row clears it had; what another row of the batch puts back is no change.
		run = w.of(e, w.outside, enum.Contacts, w.plain, "email,labels,plan,last_name\nold@i.example,-,x,Y\nold@i.example,B,-,Oldest\nsame@i.example,-,-,\n", asked(sheet.Options{ClearWith: new("-")}))
		w.work(e)
		images, _ = w.replaced(run.ID)
		testenv.Equal(t, "the images", images, []string{"old:U -A email=OLD@i.example>old@i.example"})
	})
}

// J14: a batch is later than whatever its contacts were written before, by whose clock it may be.
func TestJ14ABatchIsLaterThanWhatItReplaces(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.contactsOf(w.outside, w.plain, "email,first_name\nold@i.example,Old\n", Options{})
		ahead := time.Now().UTC().Add(time.Hour).Truncate(time.Microsecond)
		w.DB.Ent().Contact.Update().SetUpdatedAt(ahead).ExecX(w.System)
		e := w.engine(Options{})
		run := w.of(e, w.outside, enum.Contacts, w.plain, "email,first_name\nold@i.example,New\n")
		w.work(e)
		_, previous := w.replaced(run.ID)
		if at := w.batches(run.ID)[0].WrittenAt; !previous["old"].Equal(ahead) || !at.After(ahead) {
			t.Errorf("written at %v, before at %v, want %v", at, previous["old"], ahead)
		}
	})
}

// J14: of new customers it is kept what they are, and who became their partner admin.
func TestJ14ImagesOfCustomers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, _ := w.imported("name,external_id,contact_email,partner_admin_email\nOne,x1,one@c.example,tom@partner.example\nPlain,x2,a@c.example,tom@partner.example\nTwo,x3,two@c.example,maria@partner.example\n")
		b := w.batches(run.ID)
		if len(b) != 1 {
			t.Fatalf("%d batches", len(b))
		}
		rows, err := journal.DecodeOutcomes(b[0].Outcomes, 1, 3)
		w.Must(err)
		images, made, err := journal.DecodeImages(b[0].Images, 3)
		w.Must(err)
		bulk := tenancy.NewCompanyBulk(tenancy.CompanyFields())
		for i, m := range images {
			of := rows[m.Row].Record
			c := w.DB.Ent().Company.GetX(w.System, of)
			var stored map[id.ID]*tenancy.CompanyRecord
			w.Must(w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) (err error) {
				stored, err = bulk.Read(ctx, tx, tx.Dialect(), []id.ID{of})
				return err
			}))
			if m.What != journal.Created || m.Hash != bulk.StateHash(stored[of]) || !c.UpdatedAt.Equal(b[0].WrittenAt) {
				t.Errorf("%s: %+v, written at %v and not %v", c.Name, m, c.UpdatedAt, b[0].WrittenAt)
			}
			stored[of].ContactEmail = "other@c.example"
			if m.Hash == bulk.StateHash(stored[of]) {
				t.Errorf("%s: its hash is the same with another email", c.Name)
			}
			if r := made[i]; r.Company != of || r.ID != []id.ID{w.tom.ID, w.maria.ID}[i] {
				t.Errorf("%s: %+v", c.Name, r)
			}
		}
		testenv.Equal(t, "images", fmt.Sprint(len(images), len(made)), "2 2")
	})
}

// J14: what was replaced goes once it cannot be undone any more; the rows' outcomes stay (J13).
func TestJ14ImagesAreKeptAsLongAsTheyCanBeUndone(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{UndoPeriod: time.Hour})
		run := w.of(e, w.outside, enum.Contacts, w.plain, "email,first_name\na@i.example,A\nb@i.example,B\n")
		w.work(e)
		kept := func() bool {
			t.Helper()
			w.Must(e.Clean(w.System))
			w.outcomes(run.ID)
			return w.DB.Ent().ImportBatch.Query().Where(importbatch.ImportRunID(run.ID), importbatch.ImagesNotNil()).ExistX(w.System)
		}
		if !kept() {
			t.Error("they are gone at once")
		}
		w.Exec(`UPDATE import_batches SET written_at = `+w.DB.Dialect().NowPlus("$1"), -3601)
		if !kept() {
			t.Error("they are gone before the import has been over for an hour")
		}
		w.Exec(`UPDATE import_runs SET finished_at = `+w.DB.Dialect().NowPlus("$1"), -3601)
		if kept() {
			t.Error("they are kept for longer than an hour")
		}
	})
}
