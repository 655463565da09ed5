package policy

import (
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
)

// CompanyPart is a field of a company, or what is in it, that not everybody sees who sees
// the company (rules C6, C7, C9).
type CompanyPart struct {
	known    func(viewer.Viewer, *ent.Company) bool // who sees it by what both records say
	readers  bool                                   // everyone who can read the company sees it too
	partners bool                                   // the company's own users do not see it
	refusal  string
}

// The parts of a company.
var (
	// ContactEmail is null for the others, and no error.
	ContactEmail = CompanyPart{known: AdministersPartnerOf, readers: true}
	// ExternalID is its partner's own: null for others, and no error.
	ExternalID    = CompanyPart{known: AdministersPartnerOf, readers: true, partners: true}
	PartnerAdmins = CompanyPart{known: AdministersPartnerOf, readers: true, refusal: readersOnly}
	// Contents are its users, contacts, projects, desks, labels and custom fields.
	Contents = CompanyPart{readers: true, refusal: readersOnly}
	// OutstandingToken is its transfer token. Partner admins do not see it: the partnership is
	// not theirs to change.
	OutstandingToken = CompanyPart{
		known: func(v viewer.Viewer, c *ent.Company) bool {
			return v.Admin && !v.Operator && c.ID == v.CompanyID || AdministersPartnerOf(v, c)
		},
		refusal: "only administrators of the company and of its partner see its transfer token",
	}
)

const readersOnly = "only users with access to the company see this: its own users and its partner admins"

// Visible reports whether the viewer sees the part of the company. canRead is asked if that
// depends on it; CanRead is the condition by which the database answers.
func (p CompanyPart) Visible(v viewer.Viewer, c *ent.Company, canRead func() (bool, error)) (bool, error) {
	if p.known != nil && p.known(v, c) {
		return true, nil
	}
	if !p.readers || p.partners && c.ID == v.CompanyID {
		return false, nil
	}
	return canRead()
}

// Refusal says why the part is withheld; empty: it is left out without a word.
func (p CompanyPart) Refusal() string { return p.refusal }

// AdministersPartnerOf reports whether the viewer is an administrator of the company's partner.
func AdministersPartnerOf(v viewer.Viewer, c *ent.Company) bool {
	return v.PartnerAdministrator() && c.PartnerID != nil && *c.PartnerID == v.CompanyID
}
