// Package csvfile reads and writes CSV files.
//
// A file that [Inspect] accepts can be read to its end, from any of its records, by any
// process, with the same rows each time.
//
// Inspect reads an upload once, while it is being stored, and refuses a file that is not CSV
// as a whole and at once (rules F1, F2, F3). The bytes decide, never the name. The result, the
// [Format], is stored with the import. A [Reader] takes the Format and a [Position], which is a
// byte of the stored file whatever its encoding, and continues there. A worker that takes over
// an import therefore neither repeats nor loses a row (J2).
//
// The header is found by what the caller recognizes ([Options].Score and Suffices), below title rows too.
// Rows are taken as spreadsheets leave them: blank cells behind the columns do not count, nor do
// columns without a name, which [Report].Filled lists where they have data (F1). All of it follows
// from the Format and a position alone.
//
// Both use the same scanner, so they agree on what a row is. It is our own, because
// encoding/csv does not support CR line ends, changes CRLF inside quotes and keeps records of
// any size in memory. This one keeps slightly more than [MaxColumns] cells of at most
// [MaxCell] bytes, so that memory grows neither with the file nor with a record or a cell.
//
// Cells are returned as they are (F6): decoded to UTF-8, not trimmed, with the apostrophe
// that escapes a formula. [Unsafe], [UnescapeFormula] and [Markup] check them (F7); [Writer] and
// [EscapeFormula] escape what is written.
//
// The package is pure: it imports nothing of ours but its package language, and knows columns only through
// its Options.
package csvfile
