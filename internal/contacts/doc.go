// Package contacts owns contacts, projects, desks, labels and custom fields: it is the only
// package that writes them, one by one and in bulk (rules K1–K6).
//
// [Fields] describes every field of a contact once, for mutations, files, exports and search.
//
// ent/policy authorizes every access. The operations here check first what deserves a helpful
// message, and do everything in one transaction. The database enforces what two concurrent
// operations could violate: one default project and desk, unique emails, and no contact without
// a project and a desk of its own company.
package contacts
