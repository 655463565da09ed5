//go:build !entc

package schema

import (
	"entgo.io/ent"

	"tenantry/ent/policy"
)

// The entities' policies. entc reads the schema without this file (build tag entc): policies
// import the code that it generates, so a new field or entity could not be generated where a
// policy mentions it already. All that it needs to know is that each entity has one.

// Policy of the AuditEvent.
func (AuditEvent) Policy() ent.Policy { return policy.AuditEvent() }

// Policy of the Company.
func (Company) Policy() ent.Policy { return policy.Company(writableFields(Company{})) }

// Policy of the Contact.
func (Contact) Policy() ent.Policy { return policy.Contact(writableFields(Contact{})) }

// Policy of the ContactLabel.
func (ContactLabel) Policy() ent.Policy { return policy.ContactLabel() }

// Policy of the CustomField.
func (CustomField) Policy() ent.Policy { return policy.CustomField(writableFields(CustomField{})) }

// Policy of the CustomFieldValue.
func (CustomFieldValue) Policy() ent.Policy {
	return policy.CustomFieldValue(writableFields(CustomFieldValue{}))
}

// Policy of the Desk.
func (Desk) Policy() ent.Policy { return policy.Desk(writableFields(Desk{})) }

// Policy of the IdempotencyKey.
func (IdempotencyKey) Policy() ent.Policy { return policy.IdempotencyKey() }

// Policy of the ImportIssue.
func (ImportIssue) Policy() ent.Policy { return policy.ImportIssue() }

// Policy of the ImportKey.
func (ImportKey) Policy() ent.Policy { return policy.ImportKey() }

// Policy of the ImportRecord.
func (ImportRecord) Policy() ent.Policy { return policy.ImportRecord() }

// Policy of the ImportRun.
func (ImportRun) Policy() ent.Policy { return policy.ImportRun() }

// Policy of the ImportTurn.
func (ImportTurn) Policy() ent.Policy { return policy.ImportTurn() }

// Policy of the Label.
func (Label) Policy() ent.Policy { return policy.Label(writableFields(Label{})) }

// Policy of the Notification.
func (Notification) Policy() ent.Policy { return policy.Notification(writableFields(Notification{})) }

// Policy of the PartnerAdmin.
func (PartnerAdmin) Policy() ent.Policy { return policy.PartnerAdmin() }

// Policy of the Project.
func (Project) Policy() ent.Policy { return policy.Project(writableFields(Project{})) }

// Policy of the SearchBlock.
func (SearchBlock) Policy() ent.Policy { return policy.SearchBlock() }

// Policy of the Session.
func (Session) Policy() ent.Policy { return policy.Session() }

// Policy of the Setting.
func (Setting) Policy() ent.Policy { return policy.Setting() }

// Policy of the TransferToken.
func (TransferToken) Policy() ent.Policy { return policy.TransferToken() }

// Policy of the User.
func (User) Policy() ent.Policy { return policy.User() }
