package app

import (
	"encoding/json"
	"regexp"

	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/project"
	"tenantry/ent/generated/ent/session"
	"tenantry/ent/generated/ent/user"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// recordName is how the matrix's rows name a record of the world; a name that none has is
// a malformed id.
var recordName = regexp.MustCompile(`\$[a-z][a-z-]*`)

// matrixHead is who is who, for whoever reads the golden file.
const matrixHead = `# Each operation, and by answer who gets it. UNAUTHENTICATED … are codes, null is a null
# without an error, the rest is what was in the data. Operations are done in this order and
# by each in the order nobody, the API keys, operator, okafor … rita; some change what follows.
#
# Northwind, a partner: keller (administrator), okafor (member), sato (member, partner admin
#     of alpha and doomed), ivanova (member, partner admin of beta), idle (inactive
#     administrator). Its customers: alpha (alma administers it, carl is a member), beta,
#     epsilon, doomed, zeta (zoe administers it), and claimed, which came by token.
# Rival, another partner: rita (administrator and partner admin of gamma).
# Faded, a partner no more: faye (administrator), fritz (partner admin of delta, resting).
# Solo, Plain, Quiet stand alone: solomon, paula, quinn. operator belongs to the platform.
# API keys: keller-reads and keller-writes of keller's, with READ and with WRITE access, and
#     operator-writes, of the operator's, with WRITE.
# Transfer tokens: alpha's and quiet's were sent to Rival, solo's to Northwind, beta's is not sent.

`

const everybodysPassword = "password of all"

// tenancyWorld is two partners with customers, one that was demoted, and a company beside
// them; everything in it bears the name of whose it is.
type tenancyWorld struct {
	server  *server
	viewers []string          // in the matrix's order
	tokens  map[string]string // by viewer; nobody has none
	ids     map[string]string // by a record's name
	turns   int               // how many imports have been begun beside what is tried
}

func newTenancyWorld(s *server) *tenancyWorld {
	s.t.Helper()
	w := &tenancyWorld{server: s, tokens: map[string]string{"operator": s.operatorBy(email("operator"), everybodysPassword)}, ids: map[string]string{}}
	w.viewers = []string{"nobody", "operator"}

	// Northwind: keller administers, okafor is a member, sato and ivanova are partner
	// admins of one customer each. Epsilon has no partner admin named, so keller is it.
	w.partner("northwind", "keller")
	w.user("northwind", "keller", "okafor", "MEMBER")
	w.user("northwind", "keller", "sato", "MEMBER")
	w.user("northwind", "keller", "ivanova", "MEMBER")
	w.customer("keller", "alpha", "sato")
	w.customer("keller", "beta", "ivanova")
	w.customer("keller", "epsilon", "")
	w.administrator("alpha", "keller", "alma")
	w.user("alpha", "sato", "carl", "MEMBER")
	w.user("beta", "ivanova", "bert", "MEMBER")
	w.customer("keller", "doomed", "sato")
	w.customer("keller", "zeta", "")
	w.user("zeta", "keller", "zoe", "ADMIN")
	w.user("alpha", "sato", "spare", "MEMBER")
	// Rival: another partner with a customer.
	w.partner("rival", "rita")
	w.customer("rita", "gamma", "")
	w.user("gamma", "rita", "gus", "MEMBER")
	// Solo, Plain and Quiet stand alone; nobody of the last two asks. Claimed came by token.
	w.company("solo", "solomon")
	w.company("plain", "paula")
	w.company("quiet", "quinn")
	w.company("claimed", "clara")
	w.send("clara", "northwind", "claimed")
	w.must("keller", `mutation claimCustomer(input: {transferTokenId: $token-of-claimed}) { customer { id } }`, nil)
	// Tokens: alpha and quiet give themselves to Rival, solo to Northwind.
	w.send("alma", "rival", "alpha")
	w.send("quinn", "rival", "quiet")
	w.send("solomon", "northwind", "solo")
	w.generate("keller", "beta")
	// Faded was a partner; fritz is partner admin of its customer.
	w.partner("faded", "faye")
	w.user("faded", "faye", "fritz", "MEMBER")
	w.customer("faye", "delta", "fritz")
	w.user("delta", "fritz", "dora", "MEMBER")
	w.contactsOf("sato", "alpha")
	w.contactsOf("rita", "gamma")
	w.contactsOf("fritz", "delta")
	w.promote("faded", false)
	// idle administers Northwind, but is not active any more.
	w.user("northwind", "keller", "idle", "ADMIN")

	w.viewers = []string{
		"nobody", "keller-reads", "keller-writes", "operator-writes", "operator", "okafor", "sato", "ivanova", "alma", "carl", "solomon", "idle", "faye", "fritz", "keller", "rita",
	}
	w.key("keller", "keller-reads", "READ")
	w.key("keller", "keller-writes", "WRITE")
	w.key("operator", "operator-writes", "WRITE")
	w.key("rita", "rita-reads", "READ")
	w.key("keller", "revocable", "WRITE")
	w.beside()
	return w
}

func (w *tenancyWorld) must(who, query string, out any) {
	w.server.t.Helper()
	w.server.must(w.tokens[who], document(query, w.ids), nil, out)
}

func email(who string) string { return who + "@people.example" }

// company makes a company with the contact email mail@<name>.example and its administrator.
func (w *tenancyWorld) company(name, admin string) {
	w.server.t.Helper()
	var made struct {
		CreateCompany struct{ Company, Admin struct{ ID string } }
	}
	w.must("operator", `mutation createCompany(input: {name: "`+name+`", contactEmail: "mail@`+name+`.example", admin: {email: "`+email(admin)+
		`", firstName: "`+admin+`", lastName: "`+name+`", password: "`+everybodysPassword+`"}}) { company { id } admin { id } }`, &made)
	w.ids[name], w.ids[admin] = made.CreateCompany.Company.ID, made.CreateCompany.Admin.ID
	w.tokens[admin] = w.server.signIn(email(admin), everybodysPassword)
}

func (w *tenancyWorld) partner(name, admin string) {
	w.server.t.Helper()
	w.company(name, admin)
	w.promote(name, true)
}

func (w *tenancyWorld) promote(name string, partner bool) {
	w.server.t.Helper()
	flag, _ := json.Marshal(partner)
	w.must("operator", `mutation setPartnerStatus(input: {companyId: $`+name+`, isPartner: `+string(flag)+`}) { company { id } }`, nil)
}

func (w *tenancyWorld) user(company, by, name, role string) {
	w.server.t.Helper()
	var made struct {
		CreateUser struct{ User struct{ ID string } }
	}
	w.must(by, `mutation createUser(input: {companyId: $`+company+`, email: "`+email(name)+`", firstName: "`+name+`", lastName: "`+company+
		`", password: "`+everybodysPassword+`", role: `+role+`}) { user { id } }`, &made)
	w.ids[name] = made.CreateUser.User.ID
	w.tokens[name] = w.server.signIn(email(name), everybodysPassword)
}

// administrator gives a customer one of its own, as an administrator of the partner makes
// them, who works inside it for that long.
func (w *tenancyWorld) administrator(company, by, name string) {
	w.server.t.Helper()
	w.must(by, `mutation addPartnerAdmin(input: {customerId: $`+company+`, userId: $`+by+`}) { customer { id } }`, nil)
	w.user(company, by, name, "ADMIN")
	w.must(by, `mutation removePartnerAdmin(input: {customerId: $`+company+`, userId: $`+by+`}) { customer { id } }`, nil)
}

func (w *tenancyWorld) customer(by, name, admin string) {
	w.server.t.Helper()
	if admin != "" {
		admin = ", partnerAdminId: $" + admin
	}
	var made struct {
		AddCustomer struct{ Customer struct{ ID string } }
	}
	w.must(by, `mutation addCustomer(input: {name: "`+name+`", contactEmail: "mail@`+name+`.example", externalId: "id of `+name+`"`+admin+`}) { customer { id } }`, &made)
	w.ids[name] = made.AddCustomer.Customer.ID
}

// contactsOf gives the company a contact, and one of each thing that belongs to contacts.
func (w *tenancyWorld) contactsOf(by, company string) {
	w.server.t.Helper()
	var made struct {
		CreateProject     struct{ Project struct{ ID string } }
		CreateDesk        struct{ Desk struct{ ID string } }
		CreateLabel       struct{ Label struct{ ID string } }
		CreateCustomField struct{ CustomField struct{ ID string } }
		CreateContact     struct{ Contact struct{ ID string } }
	}
	w.must(by, `mutation createProject(input: {companyId: $`+company+`, name: "project of `+company+`"}) { project { id } }
		createDesk(input: {companyId: $`+company+`, name: "desk of `+company+`"}) { desk { id } }
		createLabel(input: {companyId: $`+company+`, name: "label of `+company+`"}) { label { id } }
		createCustomField(input: {companyId: $`+company+`, variableName: "field of `+company+`", name: "field of `+company+`", type: TEXT}) { customField { id } }`, &made)
	w.ids["project-of-"+company], w.ids["desk-of-"+company] = made.CreateProject.Project.ID, made.CreateDesk.Desk.ID
	w.ids["label-of-"+company], w.ids["field-of-"+company] = made.CreateLabel.Label.ID, made.CreateCustomField.CustomField.ID
	w.must(by, `mutation createContact(input: {companyId: $`+company+`, email: "contact@`+company+`.example", firstName: "contact of `+company+`",
		labelIds: [$label-of-`+company+`], customFields: [{variableName: "field of `+company+`", value: "value of `+company+`"}]}) { contact { id } }`, &made)
	w.ids["contact-of-"+company] = made.CreateContact.Contact.ID
}

// key makes an API key, whose name is that of a viewer.
func (w *tenancyWorld) key(by, name, access string) {
	w.server.t.Helper()
	var made struct {
		CreateAPIKey struct {
			APIKey struct{ ID string }
			Secret string
		} `json:"createApiKey"`
	}
	w.must(by, `mutation createApiKey(input: {name: "`+name+`", access: `+access+`}) { apiKey { id } secret }`, &made)
	w.ids[name], w.tokens[name] = made.CreateAPIKey.APIKey.ID, made.CreateAPIKey.Secret
}

// send sends the transfer token of that one's company to the partner.
func (w *tenancyWorld) send(by, partner, company string) {
	w.server.t.Helper()
	var out struct {
		SendTransferToken struct{ TransferToken struct{ ID string } }
	}
	w.must(by, `mutation sendTransferToken(input: {partnerId: $`+partner+`}) { transferToken { id } }`, &out)
	w.ids["token-of-"+company] = out.SendTransferToken.TransferToken.ID
}

func (w *tenancyWorld) generate(by, company string) {
	w.server.t.Helper()
	var out struct {
		GenerateTransferToken struct{ TransferToken struct{ ID string } }
	}
	w.must(by, `mutation generateTransferToken(input: {companyId: $`+company+`}) { transferToken { id } }`, &out)
	w.ids["token-of-"+company] = out.GenerateTransferToken.TransferToken.ID
}

// beside makes what the API cannot make yet: an inactive user, imports into customers,
// notifications, and the ids of what the API does not show.
func (w *tenancyWorld) beside() {
	t := w.server.t
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{
		URL: w.server.env["DATABASE_URL"], Dir: w.server.env["DATA_DIR"], Shared: true, MaxConns: 1,
	})
	testenv.Must(t, err)
	defer db.Close()
	tenants := testenv.NewTenants(testenv.NewWorld(t, db))
	for name, text := range w.ids {
		tenants.IDs[name], err = id.ParseAny(text)
		testenv.Must(t, err)
	}
	of, client, system := tenants.IDs, db.Ent(), tenants.System
	testenv.Must(t, client.User.UpdateOneID(of["idle"]).SetActive(false).Exec(system))
	for by, company := range map[string]string{
		"keller": "northwind", "okafor": "northwind", "sato": "alpha", "ivanova": "beta", "rita": "rival", "faye": "faded", "fritz": "delta",
	} {
		tenants.AddImport(by, company)
		w.ids["import-of-"+by], w.ids["notification-of-"+by] = of["import of "+by].String(), of["notification of "+by].String()
	}

	platform, err := client.Company.Query().Where(company.IsPlatform(true)).OnlyID(system)
	testenv.Must(t, err)
	p, err := client.Project.Query().Where(project.CompanyID(of["alpha"]), project.IsDefault(true)).OnlyID(system)
	testenv.Must(t, err)
	d, err := client.Desk.Query().Where(desk.CompanyID(of["alpha"]), desk.IsDefault(true)).OnlyID(system)
	testenv.Must(t, err)
	event, err := client.AuditEvent.Query().Where(auditevent.CompanyID(of["rival"])).FirstID(system)
	testenv.Must(t, err)
	pa, err := client.PartnerAdmin.Query().Where(partneradmin.CompanyID(of["alpha"])).OnlyID(system)
	testenv.Must(t, err)
	signedIn, err := client.Session.Query().Where(session.HasUserWith(user.ID(of["keller"]))).OnlyID(system)
	testenv.Must(t, err)
	for name, u := range map[string]id.ID{"platform": platform, "project": p, "desk": d, "partner-admin": pa, "session": signedIn, "event-of-rival": event} {
		w.ids[name] = u.String()
	}
}
