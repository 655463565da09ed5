// Package csvfile promises that a file which Inspect accepts can be read to its end,
// from any of its records, by any process, with the same rows each time.
//
// Inspect reads an upload once, while it is being stored, and refuses what is no CSV
// file as a whole and at once (rules F1, F2, F3): the bytes decide, never the name.
// What it found out, the Format, is kept with the import. A Reader takes the Format and
// a Position, which is a byte of the stored file whatever its encoding, and goes on
// there; so a worker that takes over an import neither repeats nor loses a row (J2).
//
// Both use one scanner, so they cannot disagree about what a row is. It is our own:
// encoding/csv knows no CR line ends, changes CRLF inside quotes and keeps a record of
// any size in memory. This one keeps a few more than MaxColumns cells of at most MaxCell bytes,
// so that memory does not grow with the file, nor with one record or one cell of it.
//
// Cells come out as they were (F6): decoded to UTF-8, not trimmed, with the apostrophe
// that guards a formula still in front. Unsafe, Denature and Markup judge them (F7);
// Writer and Neutralise guard what goes out.
//
// The package is pure: it imports nothing of ours, and knows columns only by Options.Score.
package csvfile
