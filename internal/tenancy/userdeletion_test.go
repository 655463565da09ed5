package tenancy_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/schema/field"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/migrate"
	"tenantry/internal/testenv"
)

// outcome is what becomes of a row that refers to a user when the user is deleted.
type outcome string

const (
	deleted  outcome = "deleted"
	released outcome = "released" // the row stays and refers to nobody
	kept     outcome = "kept"     // the row stays as it is: the column is no foreign key
)

// ofUsers are the columns that refer to users, with what their owners want.
//
// A user's deletion calls no owner, unlike that of a company: the database does it, by the
// action of each foreign key (owned and released in ent/schema). It does so in the statement that
// deletes the user, whoever runs it; no user has so much that it has to be purged in pieces; and
// what is under way notices by itself, since sessions, sockets and imports have the rights of
// their user checked again. So an owner has no more to say than this.
var ofUsers = map[string]struct {
	owner   string
	outcome outcome
}{
	"sessions.user_id":           {"internal/auth", deleted},
	"second_factors.user_id":     {"internal/auth", deleted},
	"sign_in_challenges.user_id": {"internal/auth", deleted},
	"api_keys.created_by_id":     {"internal/tenancy", deleted},   // they act with the rights of the user
	"partner_admins.user_id":     {"internal/tenancy", deleted},   // DeleteUser writes it into the customers' logs
	"notifications.user_id":      {"internal/notify", deleted},    // they are the user's alone
	"import_runs.created_by_id":  {"internal/importer", released}, // with created_by_name, for the company's administrators
	"idempotency_keys.user_id":   {"internal/importer", kept},     // deleted with all keys of that day; ids are not reused
	"audit_events.actor_id":      {"internal/tenancy", kept},      // the log outlives whoever acted
}

// elsewhere are the columns of ids that are no foreign keys and refer to other records.
var elsewhere = []string{
	"companies.created_by_partner_id", "import_runs.undoes_id", "import_runs.retries_id", "import_runs.api_key_id", "contact_edits.contact_id",
	"contact_labels.company_id", "custom_field_values.company_id",
	"import_records.record_id", // contacts: imports of users cannot be undone
}

// U3: each column that refers to users has an owner that says what becomes of its rows, and
// the databases do that, by either way in which users are deleted.
func TestWhatRefersToADeletedUser(t *testing.T) {
	refersToUsers := map[string]bool{}
	for _, table := range migrate.Tables {
		keys := map[string]bool{}
		for _, fk := range table.ForeignKeys {
			column := fk.Columns[len(fk.Columns)-1].Name
			keys[column] = true
			if fk.RefTable.Name == "users" {
				refersToUsers[table.Name+"."+column] = true
			}
		}
		for _, c := range table.Columns {
			at := table.Name + "." + c.Name
			if c.Type == field.TypeUUID && c.Name != "id" && !keys[c.Name] && !slices.Contains(elsewhere, at) {
				refersToUsers[at] = true
			}
		}
	}
	for at := range refersToUsers {
		if _, stated := ofUsers[at]; !stated {
			t.Errorf("%s refers to users, or may: say in ofUsers what its owner wants when a user is deleted, or in elsewhere that it refers to something else", at)
		}
	}
	for at := range ofUsers {
		if !refersToUsers[at] {
			t.Errorf("ofUsers has %s, which there is no more", at)
		}
	}
	inWorlds(t, func(t *testing.T, w *world) {
		acme := w.add("Acme")
		member := w.User(w.partner, "tom@people.example", enum.Member)
		own, _ := w.administrator(acme, "anna")
		for _, way := range []struct {
			name string
			user *ent.User
			do   func(context.Context) error
		}{
			{"the user is deleted", member, func(ctx context.Context) error { return w.DeleteUser(ctx, member.ID) }},
			{"the user's company is deleted", own, func(ctx context.Context) error { return w.DeleteCustomer(ctx, acme.ID) }},
		} {
			w.refersTo(way.user)
			type counts struct{ all, theirs, nobodys int }
			count := func(at string) (n counts) {
				table, column, _ := strings.Cut(at, ".")
				w.Must(w.DB.SQL().QueryRowContext(w.System, `SELECT count(*), count(CASE WHEN `+column+` = $1 THEN 1 END),
					count(CASE WHEN `+column+` IS NULL THEN 1 END) FROM `+table, way.user.ID).Scan(&n.all, &n.theirs, &n.nobodys))
				return n
			}
			before := map[string]counts{}
			for at := range ofUsers {
				before[at] = count(at)
				if before[at].theirs == 0 {
					t.Errorf("no row of %s refers to the user: make one in refersTo", at)
				}
			}
			w.Must(way.do(w.keller))
			for at, want := range ofUsers {
				was, is := before[at], count(at)
				became := kept
				switch {
				case is.theirs == 0 && is.nobodys == was.nobodys && is.all <= was.all-was.theirs:
					became = deleted
				case is.theirs == 0 && is.nobodys == was.nobodys+was.theirs:
					became = released
				case is.theirs != was.theirs:
					t.Errorf("%s: %s has %+v, had %+v", way.name, at, is, was)
				}
				if became != want.outcome {
					t.Errorf("%s: rows of %s are %s; %s wants them %s", way.name, at, became, want.owner, want.outcome)
				}
			}
		}
	})
}

// refersTo makes a row in each column that refers to the user, in no company of the user's own
// but for the partner.
func (w *world) refersTo(u *ent.User) {
	w.T.Helper()
	tenants := testenv.NewTenants(w.World)
	tenants.IDs["partner"], tenants.IDs["user"] = w.partner.ID, u.ID
	tenants.AddImport("user", "partner")
	c := w.DB.Ent()
	w.Must(c.Session.Create().SetUserID(u.ID).SetTokenHash(u.ID[:]).SetKind(enum.Bearer).SetExpiresAt(time.Now().Add(time.Hour)).Exec(w.System))
	w.Must(c.SecondFactor.Create().SetUserID(u.ID).SetSecret([]byte("x")).Exec(w.System))
	w.Must(c.SignInChallenge.Create().SetUserID(u.ID).SetTokenHash(u.ID[:]).SetKind(enum.Bearer).SetExpiresAt(time.Now().Add(time.Hour)).Exec(w.System))
	w.Must(c.APIKey.Create().SetCompanyID(u.CompanyID).SetCreatedByID(u.ID).SetName("x").SetPrefix("x").SetSecretHash(u.ID[:]).SetAccess(enum.ReadAccess).Exec(w.System))
	w.PartnerAdmin(w.add("Customer of "+u.Email), u)
	w.Must(c.AuditEvent.Create().SetCompanyID(w.partner.ID).SetAction("done").SetActorID(u.ID).SetActorName("x").SetSummary("x").Exec(w.System))
}
