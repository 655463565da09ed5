package importer

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

var everything = []enum.ImportReference{enum.LabelReferences, enum.ProjectReferences, enum.DeskReferences}

// R5: what rows name comes into being with them, once, in their companies, and stands in the log; a
// row that fails makes nothing.
func TestR5CreateMissing(t *testing.T) {
	for _, rows := range []int{1, 2, 1000} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w *world) {
				w.furnish(w.partner, "p1", []string{"VIP"})
				w.PartnerAdmin(w.customer, w.maria)
				file := "email,first_name,project,desk,labels,company_id\n" +
					"a@m.example,A,Nordics,Help,VIP:vip:Beta,\n" +
					"b@m.example,,Lost,Lost,Lost,\n" + // REQUIRED
					"c@m.example,C,Nordics,p1,Beta:Gamma,\n" +
					"d@m.example,D,Nordics,Help,VIP," + w.customer.ID.String() + "\n" +
					"e@m.example,E,Default,default," + id.New(id.Label).String() + ",\n" +
					"f@m.example,F," + id.New(id.Project).String() + ",,\\:,\n" +
					"g@m.example,G,Nordics,,Gamma:Gamma,\n"
				run, issues := w.contactsOf(w.maria, w.partner, file, Options{BatchRows: rows}, asked(sheet.Options{CreateMissing: everything}))
				testenv.Equal(t, "counts", counts(run)+" "+issues, "COMPLETED 4+0+0+0+3 of 7 2:first_name:REQUIRED 5:project:UNKNOWN_PROJECT 5:labels:UNKNOWN_LABEL 6:project:UNKNOWN_PROJECT")
				testenv.Equal(t, "the contacts", w.listed(w.partner.ID), []string{
					"a@m.example|A|||a||Nordics|Help|true|PERSONAL|Beta+VIP+vip|", "c@m.example|C|||c||Nordics|p1|true|PERSONAL|Beta+Gamma|",
					"g@m.example|G|||g||Nordics|default|true|PERSONAL|Gamma|",
				})
				testenv.Equal(t, "the customer's", w.listed(w.customer.ID), []string{"d@m.example|D|||d||Nordics|Help|true|PERSONAL|VIP|"})
				var made []string
				for _, e := range w.DB.Ent().AuditEvent.Query().Where(auditevent.ActionHasSuffix(".created"), auditevent.CompanyIDIn(w.partner.ID, w.customer.ID)).AllX(w.System) {
					if strings.Contains(e.Summary, "by an import") {
						made = append(made, e.Summary+" "+e.ActorName)
					}
				}
				slices.Sort(made)
				by := w.maria.FirstName + " " + w.maria.LastName
				want := []string{}
				for _, s := range []string{`desk "Help"`, `desk "Help"`, `label "Beta"`, `label "Gamma"`, `label "VIP"`, `label "vip"`, `project "Nordics"`, `project "Nordics"`} {
					want = append(want, "the "+s+" was made by an import "+by)
				}
				testenv.Equal(t, "the logs", made, want)
				run, issues = w.contactsOf(w.maria, w.partner, "email,labels\na@m.example,Other\n", Options{})
				testenv.Equal(t, "not asked for", counts(run)+" "+issues, "COMPLETED 0+0+0+0+1 of 1 1:labels:UNKNOWN_LABEL")
			})
		})
	}
}

// I11: label-separators.csv, and what its messages name; R5: with createMissing its fourth row makes a label.
func TestI11LabelSeparators(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "Alone", []string{"VIP", "Wholesale"})
		file := caseFile(t, "label-separators.csv")
		run, issues := w.contactsOf(w.outside, w.plain, file, Options{})
		testenv.Equal(t, "counts", counts(run)+" "+issues, "COMPLETED 1+0+0+0+4 of 5 1:labels:UNKNOWN_LABEL 2:labels:UNKNOWN_LABEL 3:labels:UNKNOWN_LABEL 4:labels:UNKNOWN_LABEL")
		testenv.Equal(t, "messages", w.said(run.ID), []string{
			`1 the company has no label named "VIP, Wholesale"; labels are separated by : and not by ,`,
			`2 the company has no label named "VIP;Wholesale"; labels are separated by : and not by ;`,
			`3 the company has no label named "VIP|Wholesale"; labels are separated by : and not by |`,
			`4 the company has no label named "vip"; perhaps "VIP" is meant suggestion=VIP`,
		})
		run, _ = w.contactsOf(w.outside, w.plain, file, Options{}, asked(sheet.Options{CreateMissing: everything}))
		testenv.Equal(t, "created", counts(run), "COMPLETED 1+0+1+0+3 of 5")
		names := w.DB.Ent().Label.Query().Where(label.CompanyID(w.plain.ID)).Order(ent.Asc(label.FieldName)).Select(label.FieldName).StringsX(w.System)
		slices.Sort(names)
		testenv.Equal(t, "labels", names, []string{"VIP", "Wholesale", "vip"})
		run, _ = w.contactsOf(w.outside, w.plain, "email,first_name,project,labels\nx@s.example,X,alone,Wholsale\ny@s.example,Y,Alonne,Unheard\nz@s.example,Z,DEFAULT,\n", Options{})
		testenv.Equal(t, "near ones", w.said(run.ID), []string{
			`1 the company has no project "alone"; give its id, its external id, its name, or default; perhaps "Alone" is meant suggestion=Alone`,
			`1 the company has no label named "Wholsale"; perhaps "Wholesale" is meant suggestion=Wholesale`,
			`2 the company has no project "Alonne"; give its id, its external id, its name, or default; perhaps "Alone" is meant suggestion=Alone`,
			`2 the company has no label named "Unheard"`,
			`3 the company has no project "DEFAULT"; give its id, its external id, its name, or default; perhaps "default" is meant suggestion=default`,
		})
	})
}

// R5: no more is created than a company may have, in dry runs as in real ones, whatever the batches.
func TestR5CreateMissingWithinTheCaps(t *testing.T) {
	for _, rows := range []int{7, 1000} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w *world) {
				file := "email,first_name,project\n"
				for i := range 505 { // with the default one 500 at most
					file += fmt.Sprintf("c%03d@x.example,C,P%03d\n", i, i)
				}
				run, issues := w.contactsOf(w.outside, w.plain, file, Options{BatchRows: rows}, asked(sheet.Options{CreateMissing: everything}))
				testenv.Equal(t, "counts", counts(run), "COMPLETED 499+0+0+0+6 of 505")
				if n := strings.Count(issues, "project:UNKNOWN_PROJECT"); n != 6 || !strings.Contains(w.said(run.ID)[0], "the company has 500 projects, and may have 500") {
					t.Errorf("%d issues: %s", n, w.said(run.ID)[0])
				}
				if n := w.DB.Ent().Project.Query().Where(project.CompanyID(w.plain.ID)).CountX(w.System); n != 500 {
					t.Errorf("%d projects", n)
				}
			})
		})
	}
}

// R5, R2: two imports of two companies that create the same labels in a third do not fail, and each label is
// there once.
func TestR5TwoImportsCreateTheSame(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const rows = 120
		shared := w.Company("Shared", testenv.CustomerOf(w.partner))
		w.PartnerAdmin(shared, w.maria)
		var runs []*ent.ImportRun
		for i := range 2 {
			into := w.Company(fmt.Sprint("Side ", i), testenv.CustomerOf(w.partner))
			w.PartnerAdmin(into, w.maria)
			file := "email,first_name,company_id,labels,project\n"
			for n := range rows {
				at := n
				if i == 1 {
					at = rows - 1 - n
				}
				file += fmt.Sprintf("c%d-%d@example.org,C,%s,L%d,P%d\n", at, i, shared.ID, at, at)
			}
			runs = append(runs, w.of(w.engine(Options{}), w.maria, enum.Contacts, into, file, asked(sheet.Options{CreateMissing: everything})))
		}
		var workers sync.WaitGroup
		for range 2 {
			e := w.engine(Options{BatchRows: 20})
			workers.Go(func() { w.work(e) })
		}
		workers.Wait()
		w.work(w.engine(Options{}))
		for _, r := range runs {
			testenv.Equal(t, "counts", counts(w.state(r.ID)), fmt.Sprintf("COMPLETED %d+0+0+0+0 of %d", rows, rows))
		}
		labels := w.DB.Ent().Label.Query().Where(label.CompanyID(shared.ID)).CountX(w.System)
		projects := w.DB.Ent().Project.Query().Where(project.CompanyID(shared.ID)).CountX(w.System)
		testenv.Equal(t, "labels and projects", fmt.Sprint(labels, " ", projects), fmt.Sprint(rows, " ", rows+1))
	})
}
