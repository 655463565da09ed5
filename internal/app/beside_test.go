package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/internal/testenv"
	"tenantry/schema"
)

// besideRows are who does what beside a large import of alpha's contacts or users, or of
// Northwind's customers; $name is the id of that record of the tenancy world. Each mutation
// of the schema once at least; alpha is deleted last.
const besideRows = `
keller mutation signIn(input: {email: "keller@people.example", password: "password of all"}) { token }
keller mutation previewImport(input: {file: $file, kind: CUSTOMERS}) { preview { totalRows } }
keller mutation importCsv(input: {file: $file, kind: CUSTOMERS, dryRun: true}) { importRun { id } }
sato mutation exportCsv(input: {kind: CONTACTS, companyId: $alpha}) { __typename }
operator mutation createCompany(input: {name: "made beside", admin: {email: "first@beside.example", firstName: "a", lastName: "b", password: "secret"}}) { company { id } }
operator mutation setPartnerStatus(input: {companyId: $plain, isPartner: true}) { company { id } }
keller mutation addCustomer(input: {name: "added beside"}) { customer { id } }
keller mutation updateCompany(input: {contactEmail: "new@northwind.example"}) { company { id } }
sato mutation updateCustomer(input: {id: $alpha, name: "alpha beside"}) { customer { id } }
keller mutation addPartnerAdmin(input: {customerId: $alpha, userId: $okafor}) { customer { id } }
keller mutation removePartnerAdmin(input: {customerId: $alpha, userId: $okafor}) { customer { id } }
sato mutation createContact(input: {companyId: $alpha, email: "by-hand@beside.example", firstName: "a"}) { contact { id } }
sato mutation updateContact(input: {id: $contact-of-alpha, lastName: "changed"}) { contact { id } }
sato mutation createProject(input: {companyId: $alpha, name: "made beside"}) { project { id } }
sato mutation updateProject(input: {id: $project-of-alpha, isDefault: true}) { project { id } }
sato mutation updateProject(input: {id: $project, isDefault: true}) { project { id } }
sato mutation createDesk(input: {companyId: $alpha, name: "made beside"}) { desk { id } }
sato mutation updateDesk(input: {id: $desk-of-alpha, name: "renamed beside"}) { desk { id } }
sato mutation createLabel(input: {companyId: $alpha, name: "made beside"}) { label { id } }
sato mutation updateLabel(input: {id: $label-of-alpha, name: "label of alpha"}) { label { id } }
sato mutation createCustomField(input: {companyId: $alpha, variableName: "beside", name: "beside", type: TEXT}) { customField { id } }
sato mutation updateCustomField(input: {id: $field-of-alpha, name: "renamed beside"}) { customField { id } }
sato mutation createUser(input: {companyId: $alpha, email: "user@beside.example", firstName: "a", lastName: "b", password: "secret"}) { user { id } }
sato mutation updateUser(input: {id: $carl, firstName: "carl", password: "password of all"}) { user { id } }
alma mutation changePassword(input: {currentPassword: "password of all", newPassword: "password of all"}) { user { id } }
alma mutation sendTransferToken(input: {partnerId: $rival}) { transferToken { id } }
alma mutation generateTransferToken(input: {}) { transferToken { id } }
keller mutation revokeTransferToken(input: {id: $token-of-beta}) { transferToken { id } }
rita mutation claimCustomer(input: {transferTokenId: $token-of-quiet}) { customer { id } }
keller mutation markNotificationsRead(input: {ids: [$notification-of-keller]}) { __typename }
sato mutation deleteContact(input: {id: $contact-of-alpha}) { __typename }
sato mutation deleteLabel(input: {id: $label-of-alpha}) { __typename }
sato mutation deleteCustomField(input: {id: $field-of-alpha}) { __typename }
sato mutation deleteDesk(input: {id: $desk-of-alpha}) { __typename }
sato mutation deleteProject(input: {id: $project-of-alpha}) { __typename }
sato mutation deleteUser(input: {id: $spare}) { __typename }
solomon mutation startTwoFactor(input: {password: "password of all"}) { secret }
solomon mutation confirmTwoFactor(input: {code: "no code"}) { recoveryCodes }
solomon mutation completeSignIn(input: {challenge: "unknown", code: "no code", session: COOKIE}) { token }
sato mutation disableTwoFactor(input: {userId: $carl}) { user { id } }
keller mutation createApiKey(input: {name: "made beside", access: READ}) { secret }
keller mutation revokeApiKey(input: {id: $revocable}) { __typename }
okafor mutation endSessions(input: {}) { endedCount }
okafor mutation signOut { signedOut }
keller mutation endPartnership(input: {companyId: $zeta}) { company { id } }
keller mutation undoImport(input: {id: $import-of-keller}) { importRun { id } }
keller mutation retryRows(input: {id: $import-of-keller, rows: [{row: 1, cells: []}]}) { importRun { id } }
importer mutation cancelImport(input: {id: $running}) { importRun { status } }
keller mutation deleteCustomer(input: {id: $alpha}) { __typename }
`

// What is done by hand beside a large import of any kind is done, whatever it touches: no
// mutation waits for more than the batch under way.
func TestEveryMutationBesideALargeImport(t *testing.T) {
	t.Parallel()
	missing := map[string]bool{}
	for _, field := range gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()}).Mutation.Fields {
		missing[field.Name] = true
	}
	rows := strings.Split(strings.TrimSpace(besideRows), "\n")
	for _, row := range rows {
		name := strings.FieldsFunc(row, func(r rune) bool { return r == ' ' || r == '(' })[2]
		delete(missing, name)
	}
	for name := range missing {
		t.Errorf("no row does %s", name)
	}
	for _, kind := range []string{"CONTACTS", "USERS", "CUSTOMERS"} {
		t.Run(kind, func(t *testing.T) { // one after the other: each has the machine's writes to itself
			for name, env := range map[string]map[string]string{"embedded": {}, "production": production(t)} {
				t.Run(name, func(t *testing.T) {
					env["IMPORT_MAX_ROWS_CONTACTS"], env["IMPORT_MAX_ROWS_USERS"], env["IMPORT_MAX_ROWS_CUSTOMERS"] = "1000000", "1000000", "1000000"
					s := startServer(t, env)
					newTenancyWorld(s).actBeside(kind, rows)
				})
			}
		})
	}
}

func (w *tenancyWorld) actBeside(kind string, rows []string) {
	s := w.server
	for _, row := range rows {
		importer := w.keepImporting(kind)
		who, operation, _ := strings.Cut(row, " ")
		if who == "importer" {
			who = importer
		}
		answer := w.answer(operation, who)
		if strings.Contains(row, "mutation delete") {
			delete(w.ids, recordName.FindString(row)[1:]) // no import names it any more
		}
		switch {
		case answer == "UNAVAILABLE":
			s.t.Errorf("%s: in use for too long", row)
		case strings.HasPrefix(answer, "INTERNAL"), answer == "NOT_FOUND", answer == "FORBIDDEN", answer == "UNAUTHENTICATED":
			s.t.Errorf("%s: %s", row, answer)
		}
	}
}

// keepImporting sees to it that an import of the kind is at work, and says whose it is.
func (w *tenancyWorld) keepImporting(kind string) (by string) {
	s := w.server
	s.t.Helper()
	by = "sato"
	input := vars{"kind": kind, "companyId": w.ids["alpha"]}
	if kind == "CUSTOMERS" {
		by, input = "keller", vars{"kind": kind}
	}
	if run := w.ids["running"]; run != "" {
		var out struct{ ImportRun *struct{ Status string } }
		s.must(w.tokens[by], `query($id: ID!) { importRun(id: $id) { status } }`, vars{"id": run}, &out)
		if out.ImportRun != nil && out.ImportRun.Status == "RUNNING" {
			return by
		}
	}
	w.turns++
	var file strings.Builder
	switch kind {
	case "CONTACTS":
		head, row := "email,first_name,project,labels", ",Ann,"+w.ids["project-of-alpha"]+","
		if w.ids["label-of-alpha"] != "" {
			row += "label of alpha"
		}
		if w.ids["field-of-alpha"] != "" {
			head, row = head+",field of alpha", row+",value"
		}
		file.WriteString(head + "\n")
		for i := range 40_000 {
			fmt.Fprintf(&file, "c%d-%d@beside.example%s\n", w.turns, i, row)
		}
	case "USERS":
		file.WriteString("email,first_name,last_name,password\n")
		for i := range 3_000 {
			fmt.Fprintf(&file, "u%d-%d@beside.example,Ann,Bee,secret\n", w.turns, i)
		}
	case "CUSTOMERS":
		file.WriteString("name,contact_email,partner_admin_email\n")
		for i := range 10_000 {
			fmt.Fprintf(&file, "Beside %d %d,office@beside.example,%s\n", w.turns, i, email("okafor"))
		}
	}
	run, r := s.importCsv(w.tokens[by], "beside.csv", []byte(file.String()), input)
	if run == "" {
		s.t.Fatalf("%s: %+v", kind, r.Errors)
	}
	w.ids["running"] = run
	testenv.Await(s.t, "the import to run", func() bool { return s.importRun(w.tokens[by], run).ProcessedRows > 0 })
	return by
}
