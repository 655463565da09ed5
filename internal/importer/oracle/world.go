package oracle

import (
	"maps"
	"strings"
)

// World is all there is: companies with what belongs to them. Ids are texts that the test
// chooses; records that an import makes have none.
type World struct {
	Companies []*Company
}

// Company is a tenant.
type Company struct {
	ID           string
	Name, Slug   string
	ContactEmail string   // empty: none
	ExternalID   string   // its id in its partner's systems (C1); empty: none
	Partner      bool     // it is a partner now (C2)
	Of           *Company // its partner (C3); nil: none

	Users         []*User
	PartnerAdmins []*User // users of its partner (C6)
	Contacts      []*Contact
	Projects      []Assignment
	Desks         []Assignment
	Labels        []Label
	Fields        []Field

	Used bool // something was made in it by hand that nothing else here says

	deletedBy *done          // the undo that has deleted it
	created   map[string]int // how often imports have made a label, project or desk of a name
}

// User is someone who signs in (U1).
type User struct {
	Company     *Company
	Email       string
	First, Last string
	Password    string // what an import has set; empty: as it was
	Active      bool
	Admin       bool // the role ADMIN
	New         bool // an import has made it
	Touched     bool // an import has written it (R4)
}

// Contact is a contact of a company (K1).
type Contact struct {
	ID         string // empty: an import has made it
	ExternalID string
	Email      string
	First      string
	Middle     string
	Last       string
	Username   string
	Project    string // its id
	Desk       string // its id
	Active     bool
	Business   bool
	Created    string            // of one that an import has made: RFC 3339; empty: now
	Labels     map[string]bool   // ids
	Values     map[string]string // by variable name
	Touched    bool              // an import has written it (R4)

	deletedBy *done // the undo that has deleted it; nil: somebody has by hand, or it is there
}

// Assignment is a project or a desk.
type Assignment struct {
	ID, Name, ExternalID string
	Default              bool
}

// Label is a label.
type Label struct{ ID, Name string }

// Field is a custom field; its type is text, number, boolean or date (K3).
type Field struct{ Variable, Type string }

func (c *Contact) clone() *Contact {
	d := *c
	d.Labels, d.Values = maps.Clone(c.Labels), maps.Clone(c.Values)
	if d.Labels == nil {
		d.Labels = map[string]bool{}
	}
	if d.Values == nil {
		d.Values = map[string]string{}
	}
	return &d
}

// user finds whoever has the email, in any company (U1).
func (w *World) user(email string) *User {
	wanted := emailKey(email)
	for _, c := range w.Companies {
		for _, u := range c.Users {
			if emailKey(u.Email) == wanted {
				return u
			}
		}
	}
	return nil
}

// administers reports whether the user has administrator rights in the company: as its own
// administrator (U5), or as one of its partner admins, whose rights rest while they are
// inactive or the partner is demoted (C6).
func (u *User) administers(c *Company) bool {
	switch {
	case !u.Active:
		return false
	case u.Company == c:
		return u.Admin
	case c.Of == nil || c.Of != u.Company || !c.Of.Partner:
		return false
	}
	for _, admin := range c.PartnerAdmins {
		if admin == u {
			return true
		}
	}
	return false
}

// named finds a project or desk by what a cell says (I14).
//
// Read ("a name that just one of them has"): names are compared exactly, as labels' are. Of
// what a cell could be, the first counts: our id, an external id, `default`, a name.
func named(all []Assignment, wanted string) (Assignment, bool) {
	for _, is := range []func(Assignment) bool{
		func(s Assignment) bool { return strings.EqualFold(s.ID, wanted) },
		func(s Assignment) bool { return s.ExternalID != "" && s.ExternalID == wanted },
		func(s Assignment) bool { return s.Default && wanted == "default" },
		func(s Assignment) bool { return s.Name == wanted },
	} {
		var found []Assignment
		for _, s := range all {
			if is(s) {
				found = append(found, s)
			}
		}
		if len(found) > 0 {
			return found[0], len(found) == 1
		}
	}
	return Assignment{}, false
}
