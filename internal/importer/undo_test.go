package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql/schema"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/importbatch"
	"tenantry/ent/generated/ent/migrate"
	"tenantry/ent/generated/ent/notification"
	"tenantry/ent/generated/ent/project"
	"tenantry/ent/viewer"
	"tenantry/internal/contacts"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/input"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

// byHand is what people change contacts with.
func (w *world) byHand() *contacts.Service {
	return contacts.New(contacts.Parts{DB: w.DB, Companies: w.companies(progress.New(w.redis, quiet)), BuiltIn: contactkind.BuiltIn, Journals: Journals{}})
}

// change changes the contact with the email, by hand.
func (w *world) change(u *ent.User, email string, change contacts.ContactChange) {
	w.T.Helper()
	of := w.DB.Ent().Contact.Query().Where(contact.Email(email)).OnlyX(w.System)
	_, err := w.byHand().UpdateContact(w.As(u), of.ID, change)
	w.Must(err)
}

// whole is a company's contacts as they are stored, but for updated_at.
func (w *world) whole(c *ent.Company) []string {
	w.T.Helper()
	shown := w.listed(c.ID)
	for i, of := range w.DB.Ent().Contact.Query().Where(contact.CompanyID(c.ID)).Order(ent.Asc(contact.FieldEmailKey)).AllX(w.System) {
		shown[i] += fmt.Sprintf("|%v|%v", of.ID, of.CreatedAt.UTC())
	}
	return shown
}

// undone takes the import back, dry first, and demands that the dry run says what the real one does (rule J10)
// and writes nothing. It gives the real one, in short, and its messages.
func (w *world) undone(o Options, u *ent.User, of *ent.ImportRun, into *ent.Company) (*ent.ImportRun, string) {
	w.T.Helper()
	e, before := w.engine(o), w.whole(into)
	dryRun, err := e.Undo(w.As(u), UndoInput{Import: of.ID, DryRun: true})
	w.Must(err)
	w.work(e)
	testenv.Equal(w.T, "after the dry run", w.whole(into), before)
	run, err := e.Undo(w.As(u), UndoInput{Import: of.ID})
	w.Must(err)
	w.work(e)
	testenv.Equal(w.T, "the dry run", w.undoneAs(dryRun), w.undoneAs(run))
	testenv.Equal(w.T, "what the dry run says", w.said(dryRun.ID), w.said(run.ID))
	testenv.Equal(w.T, "scratch", w.DB.Ent().ImportRecord.Query().CountX(w.System)+w.scratch(dryRun.ID)+w.scratch(run.ID), 0)
	return w.state(run.ID), w.undoneAs(run)
}

// undoneAs is an undo in short, with its issues.
func (w *world) undoneAs(run *ent.ImportRun) string {
	r := w.state(run.ID)
	return strings.TrimSpace(fmt.Sprintf("%s %d deleted, %d put back, %d made, %d unchanged, %d skipped, %d failed of %d %s", r.Status, r.DeletedCount, r.UpdatedCount-r.DeletedCount,
		r.CreatedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount, r.TotalRows, strings.Join(w.issues(run.ID), " ")))
}

// J14: what an import made is deleted, what it changed is put back; nothing of it is left, whatever the batches of
// both; and undoing that makes it again, with its ids.
func TestJ14AnImportIsUndoneAndDoneAgain(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "P Q", []string{"VIP", "old", "new"}, "TEXT:plan", "NUMBER:size")
		for _, rows := range []int{1, 2, 3, 1000} {
			for _, undoing := range []int{1, 1000} {
				t.Run(fmt.Sprint(rows, undoing), func(t *testing.T) {
					w.T = t
					w.Exec(`DELETE FROM import_runs`)
					w.Exec(`DELETE FROM contacts`)
					o := Options{BatchRows: rows}
					w.contactsOf(w.outside, w.plain, "email,id,first_name,middle_name,last_name,project,desk,labels,plan,size\n"+
						"ann@x.example,A,Ann,M,Archer,P,,VIP:old,gold,1\nbob@x.example,B,Bob,,Breuer,,,,,\ncid@x.example,,Cid,,,,,old,,\n", Options{})
					before := w.whole(w.plain)
					run, _ := w.contactsOf(w.outside, w.plain, "email,id,first_name,middle_name,last_name,project,desk,labels,plan,size,active,type,created\n"+
						"new@x.example,N,New,,One,Q,P,VIP:new,silver,7,no,business,2020-01-01\n"+ // 1
						"anne@x.example,A,Anne,NULL,Archer-Lee,Q,Q,new,NULL,2,,,\n"+ // 2
						"bob@x.example,B,Bob,,Breuer,,,,,,,,\n"+ // 3: unchanged
						"new@x.example,N,Newer,,,,,,,,,,\n"+ // 4: updates what row 1 made
						"ann@x.example,,Second,,,,,,,,,,\n"+ // 5: takes the email that row 2 has left
						"cid@x.example,,,,,,,VIP,bronze,,,,\n"+ // 6
						"bad,,Bad,,,,,,,,,,\n", // 7
						o, asked(sheet.Options{ClearWith: new("NULL")}))
					testenv.Equal(t, "counts", counts(run), "COMPLETED 2+3+1+0+1 of 7")
					after := w.whole(w.plain)
					undo, said := w.undone(Options{BatchRows: undoing}, w.outside, run, w.plain)
					testenv.Equal(t, "the undo", said, "COMPLETED 2 deleted, 2 put back, 0 made, 1 unchanged, 0 skipped, 0 failed of 5")
					testenv.Equal(t, "the contacts", w.whole(w.plain), before)
					_, said = w.undone(Options{}, w.outside, run, w.plain)
					testenv.Equal(t, "undone twice", said, "COMPLETED 0 deleted, 0 put back, 0 made, 5 unchanged, 0 skipped, 0 failed of 5")
					redo, said := w.undone(Options{}, w.outside, undo, w.plain)
					testenv.Equal(t, "undone again", said, "COMPLETED 0 deleted, 2 put back, 2 made, 0 unchanged, 0 skipped, 0 failed of 4")
					testenv.Equal(t, "the contacts", w.whole(w.plain), after)
					_, said = w.undone(Options{}, w.outside, redo, w.plain)
					testenv.Equal(t, "that undone", said, "COMPLETED 2 deleted, 2 put back, 0 made, 0 unchanged, 0 skipped, 0 failed of 4")
					testenv.Equal(t, "the contacts", w.whole(w.plain), before)
				})
			}
		}
	})
}

// J14: what people have changed since stays, and is told with both values; the rest is taken back.
func TestJ14WhatWasEditedSinceStays(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		if w.DB.Ent().Label.Query().CountX(w.System) == 0 {
			w.furnish(w.plain, "P Q", []string{"VIP", "old", "mine"}, "TEXT:plan")
		}
		label := map[string][]*ent.Label{}
		for _, l := range w.DB.Ent().Label.Query().AllX(w.System) {
			label[l.Name] = append(label[l.Name], l)
		}
		w.contactsOf(w.outside, w.plain, "email,first_name,last_name,labels,plan\nann@x.example,Ann,Archer,old,gold\nbob@x.example,Bob,Breuer,,\ncid@x.example,Cid,,,\n", Options{})
		run, _ := w.contactsOf(w.outside, w.plain, "E-Mail,first_name,last_name,labels,plan\n"+
			"ann@x.example,Anna,Archer-Lee,VIP,silver\nbob@x.example,Robert,,VIP,\ncid@x.example,Cyd,,,\n"+ // changed
			"new@x.example,New,,VIP,\nnext@x.example,Next,,,iron\nlast@x.example,Last,,,\n", o) // made
		testenv.Equal(t, "counts", counts(run), "COMPLETED 3+3+0+0+0 of 6")
		w.change(w.outside, "ann@x.example", contacts.ContactChange{FirstName: input.Given(new("Annabel")), Values: input.Given(&[]contacts.FieldValue{{VariableName: "plan", Value: new("steel")}})})
		w.change(w.outside, "bob@x.example", contacts.ContactChange{LastName: input.Given(new("Brewer"))}) // nothing that the import has changed
		w.change(w.outside, "cid@x.example", contacts.ContactChange{FirstName: input.Given(new("Sid"))})
		w.change(w.outside, "new@x.example", contacts.ContactChange{LastName: input.Given(new("Newman")), Email: input.Given(new("newest@x.example"))})
		w.change(w.outside, "newest@x.example", contacts.ContactChange{LastName: input.Given(new("Newton")), LabelIDs: input.Given(&[]id.ID{label["mine"][0].ID})})
		w.change(w.outside, "last@x.example", contacts.ContactChange{LastName: input.Given(new("Lasting"))})
		w.change(w.outside, "last@x.example", contacts.ContactChange{LastName: input.Field[string]{Set: true}}) // as it was
		run, said := w.undone(Options{}, w.outside, run, w.plain)
		testenv.Equal(t, "the undo", said, "COMPLETED 2 deleted, 2 put back, 0 made, 0 unchanged, 2 skipped, 0 failed of 6 "+
			"1:first_name:EDITED_SINCE 1:plan:EDITED_SINCE 3:first_name:EDITED_SINCE 4:E-Mail:EDITED_SINCE 4:last_name:EDITED_SINCE 4:labels:EDITED_SINCE 4:labels:EDITED_SINCE")
		testenv.Equal(t, "what is told", w.said(run.ID), []string{
			`1 the import left "Anna" here, and it was changed to "Annabel" since, which stays`,
			`1 the import left "silver" here, and it was changed to "steel" since, which stays`,
			`3 the import left "Cyd" here, and it was changed to "Sid" since, which stays`,
			`4 the import left "new@x.example" here, and it was changed to "newest@x.example" since, which stays`,
			`4 the import left nothing here, and it was changed to "Newton" since, which stays`,
			w.said(run.ID)[5], w.said(run.ID)[6],
		})
		testenv.Equal(t, "the contacts", w.shortly(), "ann@x.example|Annabel||Archer||old|plan=steel;bob@x.example|Bob||Brewer|||;"+
			"cid@x.example|Sid|||||;newest@x.example|New||Newton||mine|")
	})
}

// J14: there is nothing to take back, nor to keep, where a later row has put back what an earlier one had changed, also
// where that was in another batch.
func TestJ14WhatTheImportItselfPutBackIsNotTold(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		if w.DB.Ent().CustomField.Query().CountX(w.System) == 0 {
			w.furnish(w.plain, "", nil, "TEXT:plan")
		}
		w.contactsOf(w.outside, w.plain, "email,first_name,last_name,plan\nann@x.example,Ann,Archer,gold\nbob@x.example,Bob,Breuer,\n", Options{})
		run, _ := w.contactsOf(w.outside, w.plain, "email,first_name,last_name,plan\nann@x.example,Ann,Lee,silver\nbob@x.example,Robert,,\nann@x.example,Ann,Archer,gold\n", o)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 0+3+0+0+0 of 3")
		w.change(w.outside, "ann@x.example", contacts.ContactChange{LastName: input.Given(new("Arch")), Values: input.Given(&[]contacts.FieldValue{{VariableName: "plan", Value: new("steel")}})})
		_, said := w.undone(Options{}, w.outside, run, w.plain)
		testenv.Equal(t, "the undo", said, "COMPLETED 0 deleted, 1 put back, 0 made, 2 unchanged, 0 skipped, 0 failed of 3")
	})
}

// J14: what is unique and somebody else's by now is told, and the rest is put back; what was deleted is not
// made again.
func TestJ14WhatIsTakenOrGoneIsTold(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		w.contactsOf(w.outside, w.plain, "email,id,first_name\nann@x.example,A,Ann\nbob@x.example,,Bob\ncid@x.example,,Cid\n", Options{})
		run, _ := w.contactsOf(w.outside, w.plain, "email,id,first_name\nanne@x.example,A,Anne\nbob@x.example,B,Bobby\ncid@x.example,,Cyd\nnew@x.example,,New\nold@x.example,,Old\n", o)
		hand := w.byHand()
		_, err := hand.CreateContact(w.As(w.outside), contacts.NewContact{Email: "ann@x.example", FirstName: "Other", Active: true, Type: enum.Personal})
		w.Must(err)
		for _, email := range []string{"cid@x.example", "old@x.example"} {
			w.Must(hand.DeleteContact(w.As(w.outside), w.DB.Ent().Contact.Query().Where(contact.Email(email)).OnlyIDX(w.System)))
		}
		undo, said := w.undone(Options{}, w.outside, run, w.plain)
		testenv.Equal(t, "the undo", said, "COMPLETED 1 deleted, 2 put back, 0 made, 1 unchanged, 1 skipped, 0 failed of 5 1:email:EMAIL_TAKEN 3::EDITED_SINCE")
		testenv.Equal(t, "the contacts", w.shortly(), "ann@x.example|Other|||||;anne@x.example|Ann|||A||;bob@x.example|Bob|||||")
		w.change(w.outside, "ann@x.example", contacts.ContactChange{Email: input.Given(new("new@x.example")), ExternalID: input.Given(new("B"))})
		_, said = w.undone(Options{}, w.outside, undo, w.plain)
		testenv.Equal(t, "undone again", said, "COMPLETED 0 deleted, 2 put back, 0 made, 0 unchanged, 1 skipped, 0 failed of 3 2:id:ALREADY_EXISTS 4:email:EMAIL_TAKEN")
	})
}

// J14: a contact that was deleted by hand is told of at one of its rows, wherever batches end.
func TestJ14ADeletedContactIsToldOnce(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,Ann\n", Options{})
		run, _ := w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,Anne\nbob@x.example,Bob\nann@x.example,Anna\nbob@x.example,Bobby\nann@x.example,Annabel\n", o)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+4+0+0+0 of 5")
		w.Must(w.byHand().DeleteContact(w.As(w.outside), w.DB.Ent().Contact.Query().Where(contact.Email("ann@x.example")).OnlyIDX(w.System)))
		_, said := w.undone(Options{}, w.outside, run, w.plain)
		testenv.Equal(t, "the undo", said, "COMPLETED 1 deleted, 0 put back, 0 made, 3 unchanged, 1 skipped, 0 failed of 5 5::EDITED_SINCE")
	})
}

// images are those that journals have of the contact, with the field's value before.
func (w *world) imagesOf(record id.ID, field string) (all []string) {
	w.T.Helper()
	for _, b := range w.DB.Ent().ImportBatch.Query().Where(importbatch.ImagesNotNil()).Order(ent.Asc(importbatch.FieldID)).AllX(w.System) {
		if len(b.Images) == 0 {
			continue
		}
		rows, err := journal.DecodeOutcomes(b.Outcomes, b.FirstRow, b.Rows)
		w.Must(err)
		images, _, err := journal.DecodeImages(b.Images, b.Rows)
		w.Must(err)
		for _, i := range images {
			if rows[i.Row].Record != record {
				continue
			}
			said := fmt.Sprint(i.What)
			for _, f := range i.Fields {
				if f.Field == field {
					said += " " + f.Before
				}
			}
			all = append(all, said)
		}
	}
	return all
}

// J14: nothing of a contact that somebody deletes stays in the journals, however often imports and people have changed
// it; of the other contacts of the same batches all stays.
func TestJ14JournalsForgetADeletedContact(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, name := range []string{"One", "Two", "Three"} {
			w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,"+name+"\nbob@x.example,"+name+"\n", Options{})
			w.change(w.outside, "ann@x.example", contacts.ContactChange{LastName: input.Given(&name)})
		}
		ids := w.DB.Ent().Contact.Query().Order(ent.Asc(contact.FieldEmailKey)).IDsX(w.System)
		testenv.Equal(t, "before", w.imagesOf(ids[0], "first_name"), []string{"1", "2 One", "2 Two"})
		w.Must(w.byHand().DeleteContact(w.As(w.outside), ids[0]))
		testenv.Equal(t, "of the deleted one", w.imagesOf(ids[0], "first_name"), []string{"1", "2", "2"}) // that there was something
		testenv.Equal(t, "of the other one", w.imagesOf(ids[1], "first_name"), []string{"1", "2 One", "2 Two"})
	})
}

// J14: nothing of a customer that somebody deletes stays in the journal of the import that has made it, once the
// customer is purged; of the others all stays.
func TestJ14JournalsForgetADeletedCustomer(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, _ := w.imported("name,contact_email,partner_admin_email\nOne,one@c.example,tom@partner.example\nTwo,two@c.example,tom@partner.example\n")
		kept := func() (names []string) {
			b := w.batches(run.ID)[0]
			images, _, err := journal.DecodeImages(b.Images, b.Rows)
			w.Must(err)
			for _, i := range images {
				for _, f := range i.Fields {
					if f.Field == "name" {
						names = append(names, f.After)
					}
				}
			}
			return names
		}
		testenv.Equal(t, "before", kept(), []string{"One", "Two"})
		service := w.companies(progress.New(w.redis, quiet))
		w.Must(service.DeleteCustomer(w.As(w.maria), w.DB.Ent().Company.Query().Where(company.Name("One")).OnlyIDX(w.System)))
		w.Must(service.Purge(t.Context()))
		testenv.Equal(t, "after", kept(), []string{"Two"})
	})
}

// J14: what another import has changed since stays, and is told; undone in the opposite order both leave nothing.
func TestJ14WhatAnotherImportHasChangedStays(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		if w.DB.Ent().Label.Query().CountX(w.System) == 0 {
			w.furnish(w.plain, "", []string{"VIP", "new"}, "TEXT:plan")
		}
		w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,Ann\n", Options{})
		before := w.whole(w.plain)
		first, _ := w.contactsOf(w.outside, w.plain, "email,first_name,labels,plan\nann@x.example,Anne,VIP,gold\nnew@x.example,New,,\nnext@x.example,Next,VIP,gold\n", o)
		second, _ := w.contactsOf(w.outside, w.plain, "email,first_name,last_name,labels,plan\nann@x.example,Anna,Archer,,\nnext@x.example,,,new,iron\n", o)
		_, said := w.undone(Options{}, w.outside, first, w.plain)
		testenv.Equal(t, "the first", said, "COMPLETED 1 deleted, 1 put back, 0 made, 0 unchanged, 1 skipped, 0 failed of 3 1:first_name:EDITED_SINCE 3:labels:EDITED_SINCE 3:plan:EDITED_SINCE")
		testenv.Equal(t, "the contacts", w.shortly(), "ann@x.example|Anna||Archer|||;next@x.example|Next||||VIP+new|plan=iron")
		_, said = w.undone(Options{}, w.outside, second, w.plain)
		testenv.Equal(t, "the second", said, "COMPLETED 0 deleted, 2 put back, 0 made, 0 unchanged, 0 skipped, 0 failed of 2")
		_, said = w.undone(Options{}, w.outside, first, w.plain)
		testenv.Equal(t, "the first again", said, "COMPLETED 1 deleted, 1 put back, 0 made, 1 unchanged, 0 skipped, 0 failed of 3")
		testenv.Equal(t, "the contacts", w.whole(w.plain), before)
	})
}

// uses are ways to use a customer, by what it then has.
func (w *world) uses(of id.ID) map[string]func() {
	e, now := w.DB.Ent(), time.Now().UTC()
	customer := e.Company.GetX(w.System, of)
	return map[string]func(){
		"users":  func() { w.User(customer, "user@used.example", enum.Member) },
		"labels": func() { e.Label.Create().SetCompanyID(of).SetName("VIP").ExecX(w.System) },
		"custom fields": func() {
			e.CustomField.Create().SetCompanyID(of).SetVariableName("x").SetVariableKey("x").SetName("x").SetType(enum.Text).ExecX(w.System)
		},
		"projects": func() { e.Project.Create().SetCompanyID(of).SetName("other").ExecX(w.System) },
		"desks": func() {
			e.Desk.Update().Where(desk.CompanyID(of)).SetName("renamed").SetUpdatedAt(now.Add(time.Second)).ExecX(w.System)
		},
		"partner admins": func() { w.PartnerAdmin(customer, w.tom) },
		"transfer tokens": func() {
			e.TransferToken.Create().SetCompanyID(of).SetSecretHash([]byte("x")).SetExpiresAt(now).ExecX(w.System)
		},
		"imports": func() { w.of(w.engine(Options{}), w.maria, enum.Contacts, customer, "email,first_name\nnobody,X\n") },
		"contacts": func() {
			standard := project.CompanyID(of)
			e.Contact.Create().SetCompanyID(of).SetEmail("a@x.example").SetEmailKey("a@x.example").SetFirstName("A").SetUsername("a").SetProjectID(e.Project.Query().Where(standard).OnlyIDX(w.System)).SetDeskID(e.Desk.Query().Where(desk.CompanyID(of)).OnlyIDX(w.System)).ExecX(w.System)
		},
	}
}

// J14: a customer that an import has made is deleted with all that it was made with, and made again by another undo; one that
// somebody has used or changed since is kept, whatever it was used for.
func TestJ14CustomersAreDeletedUnlessTheyAreUsed(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		tables := w.companies(progress.New(w.redis, quiet)).Tables()
		file := "name,external_id,contact_email\nAlpha,A,a@x.example\nBeta,B,b@x.example\n"
		before := w.customers(w.partner.ID)
		run, issues := w.imported(file)
		testenv.Equal(t, "the import", counts(run)+strings.Join(issues, " "), "COMPLETED 2+0+0+0+0 of 2")
		after := w.customers(w.partner.ID)
		undo, said := w.undone(Options{}, w.maria, run, w.plain)
		testenv.Equal(t, "the undo", said, "COMPLETED 2 deleted, 0 put back, 0 made, 0 unchanged, 0 skipped, 0 failed of 2")
		testenv.Equal(t, "customers", w.customers(w.partner.ID), before)
		_, said = w.undone(Options{}, w.maria, run, w.plain)
		testenv.Equal(t, "undone twice", said, "COMPLETED 0 deleted, 0 put back, 0 made, 2 unchanged, 0 skipped, 0 failed of 2")
		redo, said := w.undone(Options{}, w.maria, undo, w.plain)
		testenv.Equal(t, "undone again", said, "COMPLETED 0 deleted, 0 put back, 2 made, 0 unchanged, 0 skipped, 0 failed of 2")
		testenv.Equal(t, "customers", w.customers(w.partner.ID), after)
		_, said = w.undone(Options{}, w.maria, redo, w.plain)
		testenv.Equal(t, "that undone", said, "COMPLETED 2 deleted, 0 put back, 0 made, 0 unchanged, 0 skipped, 0 failed of 2")
		tried := map[string]bool{}
		for _, table := range tables {
			if table.What == "" {
				continue
			}
			tried[table.What] = true
			w.T = t
			run, _ := w.imported(file)
			alpha := w.DB.Ent().Company.Query().Where(company.Name("Alpha"), company.DeletedAtIsNil()).OnlyIDX(w.System)
			use := w.uses(alpha)[table.What]
			if use == nil {
				t.Errorf("how are %s made? say it in uses", table.What)
				continue
			}
			use()
			_, said := w.undone(Options{}, w.maria, run, w.plain)
			testenv.Equal(t, table.What, said, "COMPLETED 1 deleted, 0 put back, 0 made, 0 unchanged, 1 skipped, 0 failed of 2 1::EDITED_SINCE")
			w.Must(w.companies(progress.New(w.redis, quiet)).DeleteCustomer(w.As(w.maria), alpha))
		}
		run, _ = w.imported(file)
		w.DB.Ent().Company.Update().Where(company.Name("Beta"), company.DeletedAtIsNil()).SetContactEmail("other@x.example").ExecX(w.System)
		undo, said = w.undone(Options{}, w.maria, run, w.plain)
		testenv.Equal(t, "changed", said, "COMPLETED 1 deleted, 0 put back, 0 made, 0 unchanged, 1 skipped, 0 failed of 2 2:contact_email:EDITED_SINCE")
		testenv.Equal(t, "what is told", w.said(undo.ID), []string{`2 the import left "b@x.example" here, and it was changed to "other@x.example" since, which stays`})
	})
}

// Each table whose rows belong to companies is somebody's, who says whether its rows are use of the company.
func TestJ14EachTableOfCompaniesIsNamedOnce(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		named := map[string]int{}
		for _, table := range w.companies(progress.New(w.redis, quiet)).Tables() {
			named[table.Name]++
		}
		for _, table := range migrate.Tables {
			below := slices.ContainsFunc(table.Columns, func(c *schema.Column) bool { return c.Name == "company_id" && !c.Nullable })
			if want := map[bool]int{true: 1}[below]; named[table.Name] != want {
				t.Errorf("%s is named %d times as a table of companies, want %d", table.Name, named[table.Name], want)
			}
		}
	})
}

// J14, J2: an undo whose workers die goes on after its last batch, wherever that is, and comes to the same.
func TestJ14AnUndoSurvivesItsWorkers(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,Ann\nbob@x.example,Bob\n", Options{})
		before := w.whole(w.plain)
		for crash := range 6 {
			run, _ := w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,Anne\nnew@x.example,New\nnew@x.example,Newer\nbob@x.example,Bobby\nlast@x.example,Last\n", o)
			undo, err := w.engine(Options{}).Undo(w.As(w.outside), UndoInput{Import: run.ID})
			w.Must(err)
			for n := 0; !w.state(undo.ID).Status.Final(); n++ {
				e := w.engine(Options{})
				e.hook(hooked{loaded: func(turn int) error {
					if n == 0 && turn == crash {
						return errCrashed
					}
					return nil
				}})
				if _, err := e.RunNext(w.System); err != nil && !errors.Is(err, errCrashed) {
					t.Fatal(err)
				}
				if n == 0 {
					w.Exec(`UPDATE import_runs SET lease_until = `+w.DB.Dialect().NowPlus("$1")+` WHERE id = $2 AND status = 'RUNNING'`, -1, undo.ID)
				}
			}
			testenv.Equal(t, "the undo", w.undoneAs(undo), "COMPLETED 2 deleted, 2 put back, 0 made, 1 unchanged, 0 skipped, 0 failed of 5")
			testenv.Equal(t, "the contacts", w.whole(w.plain), before)
		}
	})
}

// J14: an import that was canceled in the middle is undone as far as it came, and an undo that is canceled in the middle leaves the
// rest, which another one takes back.
func TestJ14CanceledImportsAndUndosAreUndone(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		stopped := func(run *ent.ImportRun) {
			e := w.engine(Options{BatchRows: 1})
			e.hook(hooked{between: func(turn int) {
				if turn == 3 {
					_, err := e.Cancel(w.As(w.outside), run.ID)
					w.Must(err)
				}
			}})
			w.work(e)
			if s := w.state(run.ID); s.Status != enum.Canceled || s.ProcessedRows == 0 || s.ProcessedRows == s.TotalRows {
				t.Fatalf("the cancel came at the wrong time: %s", counts(s))
			}
		}
		e := w.engine(Options{InFlight: 1})
		run := w.of(e, w.outside, enum.Contacts, w.plain, "email,first_name\na@x.example,A\nb@x.example,B\nc@x.example,C\nd@x.example,D\ne@x.example,E\n")
		stopped(run)
		undo, err := e.Undo(w.As(w.outside), UndoInput{Import: run.ID})
		w.Must(err)
		left := len(w.whole(w.plain))
		if left != undo.TotalRows {
			t.Errorf("%d rows of %d contacts are to be undone", undo.TotalRows, left)
		}
		w.work(e)
		testenv.Equal(t, "contacts", len(w.whole(w.plain)), 0)

		run = w.of(w.engine(Options{}), w.outside, enum.Contacts, w.plain, "email,first_name\na@x.example,A\nb@x.example,B\nc@x.example,C\nd@x.example,D\ne@x.example,E\n")
		w.work(w.engine(Options{BatchRows: 1}))
		undo, err = e.Undo(w.As(w.outside), UndoInput{Import: run.ID})
		w.Must(err)
		stopped(undo)
		_, said := w.undone(Options{}, w.outside, undo, w.plain) // what it deleted is made again
		testenv.Equal(t, "contacts", len(w.whole(w.plain)), 5)
		testenv.Equal(t, "the undo's undo", strings.HasPrefix(said, fmt.Sprintf("COMPLETED 0 deleted, 0 put back, %d made", w.state(undo.ID).DeletedCount)), true)
		w.undone(Options{}, w.outside, run, w.plain)
		testenv.Equal(t, "contacts", len(w.whole(w.plain)), 0)
	})
}

// J14: what cannot be undone, or not by this person, is refused with the reason; canUndo says the same.
func TestJ14WhatCannotBeUndone(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{UndoPeriod: time.Hour})
		file := "email,first_name\nann@x.example,Ann\n"
		refused := func(what string, u *ent.User, run *ent.ImportRun, kind fault.Kind) {
			t.Helper()
			_, err := e.Undo(w.As(u), UndoInput{Import: run.ID})
			w.Refused(what, err, kind, "input.id")
			if may, err := e.MayUndo(w.As(u), []id.ID{run.ID}); err != nil || may[run.ID] && e.CanUndo(w.state(run.ID)) {
				t.Errorf("%s: canUndo is true, error %v", what, err)
			}
		}
		dryRun := w.of(e, w.outside, enum.Contacts, w.plain, file, dry)
		refused("a dry run that waits", w.outside, dryRun, fault.FailedPrecondition)
		w.work(e)
		refused("a dry run", w.outside, dryRun, fault.FailedPrecondition)
		run := w.of(e, w.outside, enum.Contacts, w.plain, file)
		refused("one that waits", w.outside, run, fault.FailedPrecondition)
		w.work(e)
		same := w.of(e, w.outside, enum.Contacts, w.plain, file)
		people := w.of(e, w.outside, enum.Users, w.plain, "email,first_name,last_name,password\nu@plain.example,U,U,password\n")
		w.work(e)
		refused("one that changed nothing", w.outside, same, fault.FailedPrecondition)
		refused("users", w.outside, people, fault.FailedPrecondition)
		refused("another company's", w.maria, run, fault.NotFound)
		if may, err := e.MayUndo(w.As(w.outside), []id.ID{run.ID}); err != nil || !may[run.ID] || !e.CanUndo(w.state(run.ID)) {
			t.Errorf("canUndo is false of one that can be undone: %v", err)
		}
		// Twice under one key is once.
		first, err := e.Undo(w.As(w.outside), UndoInput{Import: run.ID, DryRun: true, IdempotencyKey: new("k")})
		w.Must(err)
		again, err := e.Undo(w.As(w.outside), UndoInput{Import: run.ID, DryRun: true, IdempotencyKey: new("k")})
		w.Must(err)
		testenv.Equal(t, "the same key", again.ID, first.ID)
		_, err = e.Undo(w.As(w.outside), UndoInput{Import: run.ID, IdempotencyKey: new("k")})
		w.Refused("the same key for something else", err, fault.Invalid, "input.idempotencyKey")
		w.work(e)
		// J6: whoever has lost the right meanwhile undoes nothing.
		undo, err := e.Undo(w.As(w.outside), UndoInput{Import: run.ID})
		w.Must(err)
		w.DB.Ent().User.UpdateOneID(w.outside.ID).SetRole(enum.Member).ExecX(w.System)
		w.work(e)
		if s := w.state(undo.ID); s.Status != enum.Failed || deref(s.FailureCode) != fault.Forbidden.Code() || len(w.listed(w.plain.ID)) != 1 {
			t.Errorf("without rights it is %s %s, and there are %d contacts", s.Status, deref(s.FailureCode), len(w.listed(w.plain.ID)))
		}
		refused("without rights", w.outside, run, fault.Forbidden)
		w.DB.Ent().User.UpdateOneID(w.outside.ID).SetRole(enum.Admin).ExecX(w.System)
		w.Exec(`UPDATE import_runs SET finished_at = `+w.DB.Dialect().NowPlus("$1"), -3601)
		refused("one that is too old", w.outside, run, fault.FailedPrecondition)
	})
}

// U7: an undo of an import of customers ends partnerships, which no API key does, whatever its access; one of contacts
// may be a key's.
func TestU7NoKeyUndoesAnImportOfCustomers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		customers := w.of(e, w.maria, enum.Customers, w.partner, "name\nAcme\n")
		people := w.of(e, w.outside, enum.Contacts, w.plain, "email,first_name\nann@x.example,Ann\n")
		w.work(e)
		key := func(u *ent.User) context.Context {
			v := w.Viewer(u.ID)
			v.KeyID, v.KeyWrites = id.New(id.APIKey), true
			return viewer.NewContext(t.Context(), v)
		}
		_, err := e.Undo(key(w.maria), UndoInput{Import: customers.ID})
		w.Refused("customers", err, fault.Forbidden, "")
		for of, u := range map[*ent.ImportRun]*ent.User{customers: w.maria, people: w.outside} {
			may, err := e.MayUndo(key(u), []id.ID{of.ID})
			w.Must(err)
			testenv.Equal(t, "may "+of.FileName, may[of.ID], of == people)
		}
		_, err = e.Undo(w.As(w.maria), UndoInput{Import: customers.ID})
		w.Must(err)
	})
}

// J7, J11: the notification and the log say what an undo has done, and to whom.
func TestJ14AnUndoIsTold(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,Ann\nbob@x.example,Bob\n", Options{})
		run, _ := w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,Anne\nbob@x.example,Bobby\nnew@x.example,New\n", Options{})
		w.change(w.outside, "bob@x.example", contacts.ContactChange{FirstName: input.Given(new("Robert"))})
		w.Exec(`DELETE FROM notifications`)
		w.undone(Options{}, w.outside, run, w.plain)
		notes := w.DB.Ent().Notification.Query().Order(ent.Asc(notification.FieldCreatedAt)).AllX(w.System)
		testenv.Equal(t, "titles", []string{notes[0].Title, notes[1].Title}, []string{
			"Dry run of the undo of contacts.csv: 2 of 3 rows would be taken back, 1 kept", "Undo of contacts.csv: 2 of 3 rows taken back, 1 kept",
		})
		testenv.Equal(t, "body", notes[1].Body, "In Plain: 1 contact deleted, 1 put back, 0 made again, 1 kept.\n"+
			"Deleted: new@x.example.\nPut back: ann@x.example.\nKept: bob@x.example (row 2).\nchanged after the import, so kept as it is (EDITED_SINCE): 1")
		log := w.importLog(w.plain.ID)
		testenv.Equal(t, "the log", log[len(log)-2:], []string{
			`import.started by Ada Lovelace: started the undo of an import of contacts from "contacts.csv": 3 rows`,
			`import.finished by Ada Lovelace: the undo of an import of contacts from "contacts.csv" ended COMPLETED: 1 deleted, 0 created, 1 updated, 0 unchanged, 1 skipped, 0 failed of 3 rows`,
		})
	})
}

// J14: a contact that somebody has deleted is made again by nothing, also where an undo had deleted it before and another
// one had made it again; and one that an import has made is nothing to tell of then, whichever of its rows was the last.
func TestJ14WhatSomebodyHasDeletedIsNotMadeAgain(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		w.Exec(`DELETE FROM contacts`)
		run, _ := w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,Ann\nbob@x.example,Bob\nann@x.example,Anna\n", o)
		undo, _ := w.undone(o, w.outside, run, w.plain)
		w.undone(o, w.outside, undo, w.plain)
		w.Must(w.byHand().DeleteContact(w.As(w.outside), w.DB.Ent().Contact.Query().Where(contact.Email("ann@x.example")).OnlyIDX(w.System)))
		_, said := w.undone(o, w.outside, undo, w.plain)
		testenv.Equal(t, "the undo undone once more", said, "COMPLETED 0 deleted, 0 put back, 0 made, 1 unchanged, 1 skipped, 0 failed of 2 3::EDITED_SINCE")
		_, said = w.undone(o, w.outside, run, w.plain)
		testenv.Equal(t, "the import undone once more", said, "COMPLETED 1 deleted, 0 put back, 0 made, 2 unchanged, 0 skipped, 0 failed of 3")
		testenv.Equal(t, "contacts", len(w.whole(w.plain)), 0)
	})
}

// J14: emails and external ids that a file has exchanged, by way of a third value or with new contacts, are put back, wherever
// batches end; one that somebody else keeps is told.
func TestJ14ContactsGetBackWhatOthersGiveUp(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		w.Exec(`DELETE FROM contacts`)
		w.contactsOf(w.outside, w.plain, "email,id,first_name\nann@x.example,A,Ann\nbob@x.example,B,Bob\ncid@x.example,C,Cid\ndan@x.example,D,Dan\n", Options{})
		before := w.whole(w.plain)
		run, _ := w.contactsOf(w.outside, w.plain, "id,email,first_name,last_name\n"+
			"A,third@x.example,,\nB,ann@x.example,Bobby,\nA,bob@x.example,,\n"+ // ann and bob swap
			"C,other@x.example,,\nN,cid@x.example,New,\nC,,,Last\n"+ // a new contact has cid's email
			"D,interim@x.example,,\n", o)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+6+0+0+0 of 7")
		after := w.whole(w.plain)
		undo, said := w.undone(o, w.outside, run, w.plain)
		testenv.Equal(t, "the undo", said, "COMPLETED 1 deleted, 4 put back, 0 made, 2 unchanged, 0 skipped, 0 failed of 7")
		testenv.Equal(t, "the contacts", w.whole(w.plain), before)
		redo, said := w.undone(o, w.outside, undo, w.plain)
		testenv.Equal(t, "undone again", said, "COMPLETED 0 deleted, 4 put back, 1 made, 0 unchanged, 0 skipped, 0 failed of 5")
		testenv.Equal(t, "the contacts", w.whole(w.plain), after)
		_, said = w.undone(o, w.outside, redo, w.plain)
		testenv.Equal(t, "that undone", said, "COMPLETED 1 deleted, 4 put back, 0 made, 0 unchanged, 0 skipped, 0 failed of 5")
		testenv.Equal(t, "the contacts", w.whole(w.plain), before)
		run, _ = w.contactsOf(w.outside, w.plain, "id,email\nA,third@x.example\nB,ann@x.example\nA,bob@x.example\n", o)
		w.change(w.outside, "ann@x.example", contacts.ContactChange{Email: input.Given(new("new@x.example"))})
		w.change(w.outside, "bob@x.example", contacts.ContactChange{Email: input.Given(new("ann@x.example"))})
		w.change(w.outside, "new@x.example", contacts.ContactChange{Email: input.Given(new("bob@x.example"))})
		_, said = w.undone(o, w.outside, run, w.plain)
		testenv.Equal(t, "exchanged back by hand", said, "COMPLETED 0 deleted, 0 put back, 0 made, 3 unchanged, 0 skipped, 0 failed of 3")
	})
}

// J14: a ring of contacts that a file has moved on by one email is put back as a whole; one that is longer than anybody
// makes by mistake is told, for the sake of what finding it out would cost.
func TestJ14ARingOfEmailsIsPutBack(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, ring := range []struct {
			contacts int
			said     string
		}{
			{100, "COMPLETED 0 deleted, 100 put back, 0 made, 1 unchanged, 0 skipped, 0 failed of 101"},
			{2000, "COMPLETED 0 deleted, 0 put back, 0 made, 1 unchanged, 2000 skipped, 0 failed of 2001"},
		} {
			w.Exec(`DELETE FROM import_runs`)
			w.Exec(`DELETE FROM contacts`)
			first, moved := "id,email,first_name\n", "id,email\n0,away@x.example\n"
			for i := range ring.contacts {
				first += fmt.Sprintf("%d,p%d@x.example,P\n", i, i)
				if i > 0 {
					moved += fmt.Sprintf("%d,p%d@x.example\n", i, i-1)
				}
			}
			w.contactsOf(w.outside, w.plain, first, Options{})
			before := w.whole(w.plain)
			run, _ := w.contactsOf(w.outside, w.plain, moved+fmt.Sprintf("0,p%d@x.example\n", ring.contacts-1), Options{})
			after := w.whole(w.plain)
			undo, err := w.engine(Options{}).Undo(w.As(w.outside), UndoInput{Import: run.ID})
			w.Must(err)
			w.work(w.engine(Options{}))
			said, _, _ := strings.Cut(w.undoneAs(undo), fmt.Sprintf(" of %d ", ring.contacts+1))
			testenv.Equal(t, "the undo", strings.TrimSuffix(said, fmt.Sprintf(" of %d", ring.contacts+1))+fmt.Sprintf(" of %d", ring.contacts+1), ring.said)
			if ring.contacts > 100 {
				before = after
			}
			testenv.Equal(t, "the contacts", w.whole(w.plain), before)
		}
	})
}
