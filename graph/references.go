package graph

import (
	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/id"
	"tenantry/internal/importer"
)

// What rows refer to, each by the id that it bears of it.
var (
	companyItself = reference[*ent.Company](func(c *ent.Company) *id.ID { return &c.ID })
	partnerOf     = reference[*ent.Company](func(c *ent.Company) *id.ID { return c.PartnerID })

	creatorOfKey = reference[*ent.APIKey](func(k *ent.APIKey) *id.ID { return &k.CreatedByID })

	companyOfUser = reference[*ent.User](func(u *ent.User) *id.ID { return &u.CompanyID })

	contactItself    = reference[*ent.Contact](func(c *ent.Contact) *id.ID { return &c.ID })
	companyOfContact = reference[*ent.Contact](func(c *ent.Contact) *id.ID { return &c.CompanyID })
	projectOfContact = reference[*ent.Contact](func(c *ent.Contact) *id.ID { return &c.ProjectID })
	deskOfContact    = reference[*ent.Contact](func(c *ent.Contact) *id.ID { return &c.DeskID })

	companyOfToken = reference[*ent.TransferToken](func(t *ent.TransferToken) *id.ID { return &t.CompanyID })
	sentToOfToken  = reference[*ent.TransferToken](func(t *ent.TransferToken) *id.ID { return t.SentToID })

	importItself    = reference[*ent.ImportRun](func(r *ent.ImportRun) *id.ID { return &r.ID })
	companyOfImport = reference[*ent.ImportRun](func(r *ent.ImportRun) *id.ID { return &r.CompanyID })
	creatorOfImport = reference[*ent.ImportRun](func(r *ent.ImportRun) *id.ID { return r.CreatedByID })
	retriedImport   = reference[*ent.ImportRun](func(r *ent.ImportRun) *id.ID { return r.RetriesID })
	undoneImport    = reference[*ent.ImportRun](func(r *ent.ImportRun) *id.ID { return r.UndoesID })
	queuedImport    = reference[*ent.ImportRun](func(r *ent.ImportRun) *id.ID {
		if r.Status != enum.Queued {
			return nil
		}
		return &r.ID
	})

	recordOfRow = reference[*importer.Row](func(r *importer.Row) *id.ID {
		if r.Record == (id.ID{}) {
			return nil
		}
		return &r.Record
	})

	importOfNote  = reference[*ent.Notification](func(n *ent.Notification) *id.ID { return n.ImportRunID })
	companyOfNote = reference[*ent.Notification](func(n *ent.Notification) *id.ID { return n.CompanyID })
	tokenOfNote   = reference[*ent.Notification](func(n *ent.Notification) *id.ID { return n.TransferTokenID })

	actorOfEvent   = reference[*ent.AuditEvent](func(e *ent.AuditEvent) *id.ID { return e.ActorID })
	companyOfEvent = reference[*ent.AuditEvent](func(e *ent.AuditEvent) *id.ID { return &e.CompanyID })
)
