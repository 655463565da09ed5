package tenancy_test

import (
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/tenancy"
)

// K5: a name has 1 to 200 code points after trimming and composing, at least one of which
// can be seen; it is kept as it was typed.
func TestNames(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ name, stored string }{
			{" Acme  Ltd\n", "Acme  Ltd"},
			{strings.Repeat("é", 200), strings.Repeat("é", 200)},
			{strings.Repeat("e\u0301", 200), strings.Repeat("é", 200)}, // 400 code points that are 200
			{strings.Repeat("🙂", 200), strings.Repeat("🙂", 200)},
			{"Name\r\nX\r\n\x1a", "Name X"}, {"\x1b[31mRed\u202e", "[31mRed"}, {"A\u200bB", "AB"}, {"👩\u200d🔧", "👩\u200d🔧"},
			{"<b>O'Neil & \"Söhne\"</b>; DROP TABLE", "<b>O'Neil & \"Söhne\"</b>; DROP TABLE"},
			{"=1+1", "=1+1"}, // F7 binds files, not mutations
		} {
			if got := w.add(c.name).Name; got != c.stored {
				t.Errorf("%q is kept as %q", c.name, got)
			}
		}
		before := w.companies()
		for what, name := range map[string]string{
			"empty": "", "white space": " \t\u00a0\n", "control characters": "\x1a\x07\r\n", "zero-width": "\u200b\ufeff\u2060", "201": strings.Repeat("é", 201),
			"a NUL": "a\x00b", "no UTF-8": "a\xffb", "a megabyte": strings.Repeat("x", 1<<20),
		} {
			_, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: name})
			w.Refused("a name of "+what, err, fault.Invalid, "input.name")
			_, _, err = w.CreateCompany(w.operator, tenancy.CreateCompany{Name: name, Admin: person("nobody", enum.Admin)})
			w.Refused("a company's name of "+what, err, fault.Invalid, "input.name")
			p := person("nobody", enum.Member)
			p.FirstName = name
			_, err = w.CreateUser(w.keller, nil, p)
			w.Refused("a first name of "+what, err, fault.Invalid, "input.firstName")
			p = person("nobody", enum.Member)
			p.LastName = name
			_, _, err = w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Fine", Admin: p})
			w.Refused("an admin's last name of "+what, err, fault.Invalid, "input.admin.lastName")
		}
		if n := w.companies(); n != before {
			t.Errorf("%d companies were made of what was refused", n-before)
		}
	})
}

// U1, K5: an email is unique on the platform ignoring case, with its domain in ASCII form,
// and stored as it was typed.
func TestEmailsAreUnique(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		customer := w.add("Acme")
		create := func(email string) error {
			p := person("x", enum.Member)
			p.Email = email
			_, err := w.CreateUser(w.keller, &customer.ID, p)
			return err
		}
		for _, c := range []struct {
			first string
			same  []string
			other []string // which are somebody else's
		}{
			{"Kim@Example.com", []string{"kim@example.com", "KIM@EXAMPLE.COM", " kim@example.com ", "k\u200bim@example.com", "kim@example\u200b.com"}, []string{"kim@example.org"}},
			{"jo@bücher.example", []string{"jo@BÜCHER.example", "jo@xn--bcher-kva.example", "jo@XN--BCHER-KVA.example", "jo@bu\u0308cher.example"}, []string{"jo@bucher.example"}},
			{"İ@example.com", []string{"i\u0307@example.com", "İ@EXAMPLE.com"}, []string{"i@example.com"}},
			{"ß@example.com", nil, []string{"ss@example.com"}},
			{"k@ｅxample.example", []string{"k@example.example"}, []string{"ｋ@example.example"}},
		} {
			w.Must(create(c.first))
			for _, same := range c.same {
				w.Refused(c.first+" again as "+same, create(same), fault.AlreadyExists, "input.email")
			}
			for _, other := range c.other {
				if err := create(other); err != nil {
					t.Errorf("%s beside %s: %v", other, c.first, err)
				}
			}
		}
		// Across companies and by every way; and it says nothing but that it is taken.
		_, _, err := w.CreateCompany(w.operator, tenancy.CreateCompany{Name: "Other", Admin: tenancy.Person{
			Email: "KIM@example.com", FirstName: "a", LastName: "b", Password: "secret",
		}})
		w.Refused("a new company's administrator", err, fault.AlreadyExists, "input.admin.email")
		if got := fault.Of(err).Message; got != "the email KIM@example.com is taken" {
			t.Errorf("it says %q", got)
		}
	})
}

// K5: what is no address, and what no database can hold, is INVALID_ARGUMENT.
func TestMalformedEmails(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, address := range []string{"", "x", "x@", "@y.example", "x@y", "a b@example.com", "a\x00@example.com", "a\xff@example.com", strings.Repeat("x", 250) + "@a.example"} {
			p := person("x", enum.Member)
			p.Email = address
			_, err := w.CreateUser(w.keller, nil, p)
			w.Refused("a user's "+address, err, fault.Invalid, "input.email")
			if address == "" { // none at all, for a company
				continue
			}
			_, err = w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Acme", ContactEmail: &address})
			w.Refused("a customer's "+address, err, fault.Invalid, "input.contactEmail")
		}
		blank, mail := " ", " Office@Acme.example "
		if c, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Acme", ContactEmail: &blank}); err != nil || c.ContactEmail != nil {
			t.Errorf("a blank contact email: %v %v", c, err)
		}
		// C1: the contact email is the company's own; it need not be unique.
		for range 2 {
			if c, err := w.AddCustomer(w.keller, tenancy.AddCustomer{Name: "Acme", ContactEmail: &mail}); err != nil || *c.ContactEmail != "Office@Acme.example" {
				t.Errorf("a contact email: %v %v", c, err)
			}
		}
	})
}

// K6: a search finds the beginning of any word of the name and of the slug, ignoring case;
// what looks like a pattern is text.
func TestSearch(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.add("Tab\tTwo\u00a0Three\u3000Four")
		for _, name := range []string{"Blue Harbor Dental", "100% Pure_Water", "Zu\u0308rich AG", `Back\slash`} {
			w.add(name)
		}
		for search, want := range map[string]string{
			"two": "Tab Two\u00a0Three\u3000Four", "three": "Tab Two\u00a0Three\u3000Four", "two three four": "Tab Two\u00a0Three\u3000Four", "wo": "", strings.Repeat("ü", 100_000): "",
			"harb": "Blue Harbor Dental", "BLUE": "Blue Harbor Dental", "blue-h": "Blue Harbor Dental", "arbor": "", " dental ": "Blue Harbor Dental",
			"%": "", "100%": "100% Pure_Water", "pure_": "100% Pure_Water", "purex": "", "_": "", `back\`: `Back\slash`, `\`: "",
			"ZÜR": "Zürich AG", "zu\u0308r": "Zürich AG", "\u200bag": "Zürich AG", "a\x00": "", "\xff": "", "'": "",
		} {
			if got := strings.Join(w.listed(w.keller, tenancy.CustomerFilter{Search: &search}), ","); got != want {
				t.Errorf("search %q finds %q, want %q", search, got, want)
			}
		}
	})
}

// K6: a search for users finds the beginning of the email, also of a domain that is being
// typed in its own letters, of the first name and of the last name, in the company alone.
func TestSearchOfUsers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for first, address := range map[string]string{"Kim": "kim@b\u00fccher.example", "Zoe": "zoe@buecher.example", "\u00d6zg\u00fcr": "o@x.example"} {
			p := person(first, enum.Member)
			p.Email, p.FirstName, p.LastName = address, first, "Van\tDamme"
			_, err := w.CreateUser(w.keller, nil, p)
			w.Must(err)
		}
		for search, want := range map[string]string{
			"kim@b": "Kim", "kim@b\u00fc": "Kim", "KIM@B\u00dcCHER.example": "Kim", "kim@b\u00fccher.example": "Kim", "kim@xn--bcher-kva.example": "Kim", "kim@bu": "",
			"zoe@bue": "Zoe", "zoe@b\u00fc": "", "\u00f6zg": "\u00d6zg\u00fcr", "van d": "Kim Zoe \u00d6zg\u00fcr", "damme": "", "\x00": "", strings.Repeat("\u00fc", 100_000) + "@x": "",
		} {
			found, err := w.UsersFound(w.keller, []id.ID{viewer.FromContext(w.keller).CompanyID}, search)
			w.Must(err)
			names := w.DB.Ent().User.Query().Where(user.CompanyID(viewer.FromContext(w.keller).CompanyID), found).
				Select(user.FieldFirstName).StringsX(w.keller)
			slices.Sort(names)
			if got := strings.Join(names, " "); got != want {
				t.Errorf("search %.40q finds %q, want %q", search, got, want)
			}
		}
	})
}
