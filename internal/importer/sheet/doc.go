// Package sheet reads what an uploaded file says, as far as the file alone tells: what its
// columns mean, what its cells contain, and what is wrong with them. It knows no database and no
// kind of import.
//
// A [Vocabulary] knows the columns of one kind; [Match] makes a [Layout] of it and a file's
// header. The layout is stored with the import, and reads each record into a [Row], whose
// [Field]s note what is wrong with a cell; [Row.Issues] lists it. The same columns make the
// text of a [Template], and the layout the columns of a [Rejects] file.
//
// What may be a secret, by its column's name or by its content, is shown nowhere (rules F5, U2).
package sheet
