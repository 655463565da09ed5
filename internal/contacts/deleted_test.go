package contacts_test

import (
	"context"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/contacts"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/tenancy"
)

// deletedAfter does something between an act's first look at the company and its transaction.
type deletedAfter struct {
	contacts.Companies
	do func(*ent.Company)
}

func (d deletedAfter) Administered(ctx context.Context, companyID *id.ID, path ...string) (*ent.Company, error) {
	c, err := d.Companies.Administered(ctx, companyID, path...)
	if err == nil {
		d.do(c)
	}
	return c, err
}

// U3: nothing is made in a company that is deleted while it is about to be.
func TestNothingIsMadeInACompanyThatIsDeletedMeanwhile(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		s := contacts.New(contacts.Parts{DB: w.DB, BuiltIn: contactkind.BuiltIn, Companies: deletedAfter{w.tenancy, func(c *ent.Company) {
			w.Must(w.tenancy.DeleteCustomer(w.keller, c.ID))
		}}})
		for what, create := range map[string]func(of *id.ID) error{
			"project": func(of *id.ID) error {
				_, err := s.CreateProject(w.keller, contacts.NewAssignment{CompanyID: of, Name: "late"})
				return err
			},
			"desk": func(of *id.ID) error {
				_, err := s.CreateDesk(w.keller, contacts.NewAssignment{CompanyID: of, Name: "late"})
				return err
			},
			"label": func(of *id.ID) error { _, err := s.CreateLabel(w.keller, of, "late"); return err },
			"field": func(of *id.ID) error {
				_, err := s.CreateCustomField(w.keller, contacts.NewCustomField{CompanyID: of, VariableName: "late", Name: "late", Type: enum.Text})
				return err
			},
			"contact": func(of *id.ID) error {
				in := kim("late@example.com")
				in.CompanyID = of
				_, err := s.CreateContact(w.keller, in)
				return err
			},
		} {
			c, err := w.tenancy.AddCustomer(w.keller, tenancy.AddCustomer{Name: "gone with its " + what})
			w.Must(err)
			if err := create(&c.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v, want NOT_FOUND", what, err)
			}
			for table, want := range map[string]int{"projects": 1, "desks": 1, "labels": 0, "custom_fields": 0, "contacts": 0, "audit_events": 1} {
				var n int
				w.Must(w.DB.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM `+table+` WHERE company_id = $1`, c.ID).Scan(&n))
				if n != want {
					t.Errorf("%s: the deleted company has %d %s, want %d", what, n, table, want)
				}
			}
		}
	})
}
