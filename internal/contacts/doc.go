// Package contacts is a company's books: contacts, and the projects, desks, labels and
// custom fields that belong to them (rules K1–K6).
//
// What a contact's parts have to be, and what they are where nothing is given, is said here
// once, for mutations and for rows of files: [Value], [DefaultUsername], [KeysOf].
//
// Who may do what is judged by ent/policy, where the data is; the acts check first what a
// caller should be told in words, and do all that belongs together in one transaction. The
// database holds what two acts at once could break: one default, unique emails, and no
// contact without a project and a desk of its own company.
package contacts
