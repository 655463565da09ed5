package importer

import (
	"io"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/auth"
	"tenantry/internal/fault"
	"tenantry/internal/testenv"
	"tenantry/internal/tokensecret"
)

// I6: a skipped row says which of the two matched, the slug or the name, with the slug; the
// row, or that it is one's own customer; and what can still be done. Of another tenant's
// company it tells nothing but that there is one.
func TestI6MessagesSayWhichMatched(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		// Renamed ones: their slugs stay (C4).
		w.Company("Secret Project", testenv.Slug("first-name"))
		w.Company("Ours Now", testenv.Slug("ours-then"), testenv.CustomerOf(w.partner))
		file := "name\nNew\nFirst Name\nSecret  PROJECT\nold customer\nOurs Now\nOurs Then\nPartner\nplain\n"
		for range 12 { // behind the first batch
			file += "new\n"
		}
		run := w.start(w.engine(Options{BatchRows: 5}), file)
		w.work(w.engine(Options{BatchRows: 5}))
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 1+0+0+19+0 of 20")
		messages := map[int]string{}
		for _, i := range w.ledger(run.ID) {
			messages[i.Row] = i.Message
		}
		for row, want := range map[int][]string{
			2:  {"another company", "its slug is", `"first-name"`},
			3:  {"another company", "its name has the slug", `"secret-project"`},
			4:  {`"Old Customer" is your customer already`, "its slug is", `"old-customer"`},
			5:  {`"Ours Now" is your customer already`, "its name has the slug", `"ours-now"`},
			6:  {`"Ours Now" is your customer already`, "its slug is", `"ours-then"`},
			7:  {"your own company", "its slug is", `"partner"`},
			8:  {"another company", `"plain"`},
			9:  {"row 1 of this file", `"new"`},
			20: {"row 1 of this file", `"new"`},
		} {
			for _, part := range append(want, "skipped", "addCustomer") {
				if !strings.Contains(messages[row], part) {
					t.Errorf("row %d says %q, without %q", row, messages[row], part)
				}
			}
			if strings.Contains(messages[row], "Secret Project") || strings.Contains(messages[row], "Plain") {
				t.Errorf("row %d tells another tenant's name: %q", row, messages[row])
			}
		}
	})
}

// I6: the row that a duplicate names is the one that did not fail.
func TestI6TheEarlierRowIsTheOneThatStands(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, issues := w.imported(three + "Acme,nobody,tom@partner.example\nAcme,office@acme.example,tom@partner.example\nAcme,office@acme.example,tom@partner.example\n")
		testenv.Equal(t, "issues", issues, []string{"1:contact_email:INVALID_EMAIL", "3:name:DUPLICATE_IN_FILE"})
		if l := w.ledger(run.ID); !strings.Contains(l[1].Message, "row 2 of this file") {
			t.Errorf("it says %q", l[1].Message)
		}
	})
}

// C5: the secret of a transfer token is no customer's name; it stands in no issue, no sample
// and no rejects file.
func TestC5ASecretIsNoCustomersName(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		secret := auth.MintToken(tokensecret.Prefix)
		const ok = ",office@acme.example,tom@partner.example\n"
		file := three + secret + ok + "Token: " + secret + " !,nobody,tom@partner.example\n" + secret + ",too,many,cells\nAcme" + ok
		p, err := w.engine(Options{}).Preview(w.As(w.maria), Request{Kind: enum.Customers, File: File{Body: strings.NewReader(file)}})
		w.Must(err)
		run, issues := w.imported(file)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+0+0+0+3 of 4")
		testenv.Equal(t, "issues", issues, []string{"1:name:INVALID_VALUE", "2:name:INVALID_VALUE", "2:contact_email:INVALID_EMAIL", "3::WRONG_FIELD_COUNT"})
		testenv.Equal(t, "customers", w.customers(w.partner.ID), []string{"Acme|acme|office@acme.example|tom@partner.example"})
		shown := w.rejects(run)
		for _, sample := range p.Samples {
			shown += strings.Join(sample, ",")
		}
		for _, i := range append(w.ledger(run.ID), p.Issues...) {
			if i.Code == enum.InvalidValue && !strings.Contains(i.Message, "claimCustomer") {
				t.Errorf("it says %q", i.Message)
			}
			if shown += i.Message; i.Value != nil {
				shown += *i.Value
			}
		}
		if strings.Contains(shown, secret[6:20]) {
			t.Errorf("the secret is shown in %q", shown)
		}
	})
}

// whenRead calls do when the file is read to its end.
type whenRead struct {
	io.Reader
	do func()
}

func (r *whenRead) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF && r.do != nil {
		r.do()
		r.do = nil
	}
	return n, err
}

// U3: an import into a company that is deleted while the file comes in is not accepted, and
// nothing of the file is kept.
func TestU3NoImportIntoACompanyThatIsDeletedMeanwhile(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		body := &whenRead{strings.NewReader("email,first_name\na@example.org,A\n"), func() {
			w.Exec(`UPDATE companies SET deleted_at = created_at WHERE id = $1`, w.customer.ID)
		}}
		_, err := w.engine(Options{}).Start(w.As(w.inside), StartInput{Request: Request{File: File{Body: body}, Kind: enum.Contacts}})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%v, want NOT_FOUND", err)
		}
		if keys := w.blobKeys("uploads/"); len(keys) > 0 {
			t.Errorf("%v is kept", keys)
		}
	})
}

// C6: a partner admin who is no administrator of the partner wakes no administrator of the
// customer by a file; one who is does.
func TestC6MembersWakeNoAdministrators(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		idle := w.User(w.customer, "idle@customer.example", enum.Admin, testenv.Inactive)
		w.User(w.customer, "rest@customer.example", enum.Member, testenv.Inactive)
		w.PartnerAdmin(w.customer, w.tom)
		w.PartnerAdmin(w.customer, w.maria)
		const file = "email,active\nidle@customer.example,yes\nrest@customer.example,yes\n"
		run := w.of(w.engine(Options{}), w.tom, enum.Users, w.customer, file)
		w.work(w.engine(Options{}))
		testenv.Equal(t, "counts of a member", counts(w.state(run.ID)), "COMPLETED 0+1+0+0+1 of 2")
		testenv.Equal(t, "issues of a member", w.issues(run.ID), []string{"1:active:FORBIDDEN"})
		run = w.of(w.engine(Options{}), w.maria, enum.Users, w.customer, file)
		w.work(w.engine(Options{}))
		testenv.Equal(t, "counts of an administrator", counts(w.state(run.ID)), "COMPLETED 0+1+1+0+0 of 2")
		if !w.DB.Ent().User.Query().Where(user.ID(idle.ID)).OnlyX(w.System).Active {
			t.Error("the administrator is still at rest")
		}
	})
}
