package importer

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// numbers lists the partner's customers that have an external id, as name=id, by slug.
func (w *world) numbers() []string {
	w.T.Helper()
	var out []string
	for _, c := range w.DB.Ent().Company.Query().Where(company.PartnerID(w.partner.ID), company.ExternalIDNotNil()).
		Order(ent.Asc(company.FieldSlug)).AllX(w.System) {
		out = append(out, c.Name+"="+*c.ExternalID)
	}
	return out
}

// Of the columns beside the name a file has any, and where it has an address it has one in every row.
func TestI5NamesAloneOrWithAnyOfTheOtherColumns(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i, c := range []struct{ file, counts, issues, made string }{
			{"name\nA1\n", "1+0+0+0+0 of 1", "", "A1|a1||maria@partner.example"},
			{"Company,Email\nA2,a@b.example\nB2,\n", "1+0+0+0+1 of 2", "2:Email:REQUIRED", "A2|a2|a@b.example|maria@partner.example"},
			{"name,Admin Email\nA3,tom@partner.example\nB3,\n", "1+0+0+0+1 of 2", "2:Admin Email:REQUIRED", "A3|a3||tom@partner.example"},
			{"name,account id\nA4,C-4\nA4b,\n", "2+0+0+0+0 of 2", "", "A4|a4||maria@partner.example A4b|a4b||maria@partner.example"},
			{"Tenant ID,name,contact\nC-5,A5,a@b.example\nC-6,B5,\n", "1+0+0+0+1 of 2", "2:contact:REQUIRED", "A5|a5|a@b.example|maria@partner.example"},
			{"name,customer-id,partner admin\nA6,C-6,tom@partner.example\n", "1+0+0+0+0 of 1", "", "A6|a6||tom@partner.example"},
			{"name,external_id,contact_email,partner_admin_email\nA7,C-7,a@b.example,tom@partner.example\n", "1+0+0+0+0 of 1", "", "A7|a7|a@b.example|tom@partner.example"},
		} {
			before := strings.Join(w.customers(w.partner.ID), " ")
			run, issues := w.imported(c.file)
			testenv.Equal(t, fmt.Sprint("counts of file ", i), counts(run), "COMPLETED "+c.counts)
			testenv.Equal(t, fmt.Sprint("issues of file ", i), strings.Join(issues, " "), c.issues)
			after := strings.Join(w.customers(w.partner.ID), " ")
			testenv.Equal(t, fmt.Sprint("customers of file ", i), after, strings.TrimSpace(before+" "+c.made))
		}
		testenv.Equal(t, "external ids", w.numbers(), []string{"A4=C-4", "A5=C-5", "A6=C-6", "A7=C-7"})
		// A file without names is none of customers.
		if _, err := w.tryStart(w.engine(Options{}), w.maria, "account id,partner admin\nC-8,tom@partner.example\n"); err == nil || !strings.Contains(err.Error(), "names") {
			t.Errorf("a file without names: %v", err)
		}
	})
}

// The case of public trouble reports: company-email.csv.
func TestI5ACompanyAndItsEmail(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		file, err := os.ReadFile("../../testdata/cases/company-email.csv")
		w.Must(err)
		run, issues := w.imported(string(file))
		testenv.Equal(t, "counts", counts(run), "COMPLETED 2+0+0+0+0 of 2")
		testenv.Equal(t, "issues", issues, []string{})
		testenv.Equal(t, "customers", w.customers(w.partner.ID), []string{
			"Aurora Dental|aurora-dental|office@aurora-dental.example|maria@partner.example",
			"Delta Freight|delta-freight|ops@delta-freight.example|maria@partner.example",
		})
	})
}

// A file's external ids are exact, and the partner's customers have each one once: in the file and
// in the database, whatever the batches, and in a dry run alike.
func TestC1ExternalIDsByFile(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		other := w.Company("Other Partner", testenv.Partner)
		w.Company("Theirs", testenv.CustomerOf(other), func(c *ent.CompanyCreate) { c.SetExternalID("T-1") })
		w.Company("Ours", testenv.CustomerOf(w.partner), func(c *ent.CompanyCreate) { c.SetExternalID("O-1") })
		long := strings.Repeat("x", 101)
		file := "name,external_id\n" +
			"One, 0042 \n" + // 1
			"Two,0042\n" + // 2: row 1's
			"Three,O-1\n" + // 3: a customer's
			"Four,T-1\n" + // 4: another partner's customer's is free
			"Five,o-1\n" + // 5: another letter case
			"One,0042\n" + // 6: the name comes first
			"Six," + long + "\n" + // 7
			"Seven,1.23457E+11\n" + // 8
			"Eight,=A1\n" + // 9: its id is nobody's
			"Eight,\n" + // 10: validated afresh
			"Nine,T-1\n" // 11: row 4's
		wanted := []string{
			"2:external_id:INVALID_VALUE", "3:external_id:INVALID_VALUE", "6:name:DUPLICATE_IN_FILE", "7:external_id:TOO_LONG",
			"8:external_id:INVALID_VALUE", "9:external_id:UNSAFE_CONTENT", "11:external_id:INVALID_VALUE",
		}
		for _, batch := range []int{1, 3, 100} {
			e := w.engine(Options{BatchRows: batch})
			run := w.start(e, file, dry)
			w.work(e)
			testenv.Equal(t, fmt.Sprint("counts of the dry run in batches of ", batch), counts(w.state(run.ID)), "COMPLETED 4+0+0+1+6 of 11")
			testenv.Equal(t, fmt.Sprint("issues of the dry run in batches of ", batch), w.issues(run.ID), wanted)
		}
		e := w.engine(Options{BatchRows: 2})
		run := w.start(e, file)
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 4+0+0+1+6 of 11")
		testenv.Equal(t, "issues", w.issues(run.ID), wanted)
		testenv.Equal(t, "external ids", w.numbers(), []string{"Five=o-1", "Four=T-1", "One=0042", "Ours=O-1"})
		rows := map[int]int{2: 1, 6: 1, 11: 4}
		for _, i := range w.ledger(run.ID) {
			got := 0
			if i.OtherRow != nil {
				got = *i.OtherRow
			}
			testenv.Equal(t, fmt.Sprint("the other row of row ", i.Row), got, rows[i.Row])
			if i.Row == 3 && !strings.Contains(i.Message, `"Ours"`) {
				t.Errorf("row 3 does not name the customer that has the id: %s", i.Message)
			}
		}
	})
}

// What somebody else gives to a customer between two batches is seen by the next.
func TestC1AnExternalIDTakenBetweenBatches(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 1})
		e.hook(hooked{between: func(turn int) {
			if turn == 1 {
				w.DB.Ent().Company.UpdateOneID(w.customer.ID).SetExternalID("C-2").ExecX(w.System)
			}
		}})
		run := w.start(e, "name,external_id\nOne,C-1\nTwo,C-2\nThree,C-3\n")
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 2+0+0+0+1 of 3")
		testenv.Equal(t, "issues", w.issues(run.ID), []string{"2:external_id:INVALID_VALUE"})
	})
}

// R5: rows of customers can only make them; where none are to be made they are skipped, and
// existing ones are skipped whatever was asked for.
func TestR5CustomersAreMadeOrSkipped(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		file := "name,contact_email\nPlain,a@b.example\nNew,a@b.example\nnew,a@b.example\nOther,nobody\n,a@b.example\n"
		for _, existing := range []enum.ExistingRecords{enum.UpdateExisting, enum.FillBlanks, enum.SkipExisting} {
			run, issues := w.imported(file, func(in *StartInput) { in.Options = sheet.Options{Existing: existing, Missing: enum.SkipMissing} })
			testenv.Equal(t, "counts with "+string(existing), counts(run), "COMPLETED 0+0+0+4+1 of 5")
			testenv.Equal(t, "issues with "+string(existing), issues, []string{
				"1:name:ALREADY_EXISTS", "2:name:NO_SUCH_RECORD", "3:name:DUPLICATE_IN_FILE", "4:name:NO_SUCH_RECORD", "5:name:REQUIRED",
			})
		}
		run, _ := w.imported(file, func(in *StartInput) { in.Options.Existing = enum.SkipExisting })
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+0+0+2+2 of 5")
		if c := w.DB.Ent().Company.GetX(w.System, w.plain.ID); c.ContactEmail != nil {
			t.Errorf("the existing company was given the address %s", *c.ContactEmail)
		}
	})
}

// I6: a message says which of the two matched, with the slug, and whose company it is where the
// importer may know that; and that the name is free by hand.
func TestI6MessagesSayWhichNameWasTaken(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.Company("Renamed", testenv.Slug("before"), testenv.CustomerOf(w.partner))
		w.Company("Secretive", testenv.Slug("hidden"))
		run, _ := w.imported("name\nOld  Customer\nBEFORE\nrenamed\nPartner\nplain\nHidden\nsecretive\nNew\nNEW\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+0+0+8+0 of 9")
		want := map[int][]string{
			1: {`"Old Customer" is your customer already: its slug is "old-customer"`},
			2: {`"Renamed" is your customer already: its slug is "before"`},
			3: {`"Renamed" is your customer already: its name has the slug "renamed"`},
			4: {`your own company: its slug is "partner"`},
			5: {`another company exists already: its slug is "plain"`},
			6: {`another company exists already: its slug is "hidden"`},
			7: {`another company exists already: its name has the slug "secretive"`},
			9: {`row 8 of this file has the same name (slug "new")`},
		}
		for _, i := range w.ledger(run.ID) {
			for _, part := range append(want[i.Row], "addCustomer can still create") {
				if !strings.Contains(i.Message, part) {
					t.Errorf("row %d: %s\ndoes not say %s", i.Row, i.Message, part)
				}
			}
			if strings.Contains(i.Message, "Plain") || strings.Contains(i.Message, "Secretive") {
				t.Errorf("row %d is told another tenant's name: %s", i.Row, i.Message)
			}
			if i.Row == 9 && (i.OtherRow == nil || *i.OtherRow != 8) {
				t.Errorf("row 9's other row is %v", i.OtherRow)
			}
		}
	})
}
