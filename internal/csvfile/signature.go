package csvfile

import "bytes"

// peeked is how much of a file is looked at for signatures: enough for an Office
// document's list of parts to show whether it is a workbook.
const peeked = 4096

// signatures are the beginnings of files that are not text (F3). Where letters alone make the
// signature a NUL must follow in what was peeked at, for a column may be called MZ.
var signatures = []struct {
	begin string
	what  string
	nul   bool
}{
	{begin: "\x1F\x8B", what: "a gzip archive"},
	{begin: "\xFD7zXZ\x00", what: "an xz archive"},
	{begin: "\x28\xB5\x2F\xFD", what: "a Zstandard archive"},
	{begin: "7z\xBC\xAF\x27\x1C", what: "a 7-Zip archive"},
	{begin: "Rar!\x1A\x07", what: "a RAR archive"},
	{begin: "%PDF-", what: "a PDF document"},
	{begin: "{\\rtf", what: "an RTF document"},
	{begin: "MZ", what: "a Windows program", nul: true},
	{begin: "\x7FELF", what: "a Linux program"},
	{begin: "\xFE\xED\xFA\xCE", what: "a macOS program"},
	{begin: "\xFE\xED\xFA\xCF", what: "a macOS program"},
	{begin: "\xCE\xFA\xED\xFE", what: "a macOS program"},
	{begin: "\xCF\xFA\xED\xFE", what: "a macOS program"},
	{begin: "\xCA\xFE\xBA\xBE", what: "a program"},
	{begin: "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", what: "an old Excel workbook (.xls), another Office document of its time, or one with a password"},
	{begin: "\x89PNG\r\n\x1A\n", what: "a PNG picture"},
	{begin: "\xFF\xD8\xFF", what: "a JPEG picture"},
	{begin: "GIF87a", what: "a GIF picture", nul: true},
	{begin: "GIF89a", what: "a GIF picture", nul: true},
	{begin: "RIFF", what: "a picture, a sound or a video", nul: true},
	{begin: "bplist00", what: "a property list of macOS", nul: true},
	{begin: "PAR1", what: "a Parquet file", nul: true},
	{begin: "!BDN", what: "an Outlook mailbox (.pst)", nul: true},
	{begin: "\x00\x01\x00\x00Standard ", what: "an Access database"},
	{begin: "\x00asm", what: "a WebAssembly program"},
	{begin: "SQLite format 3\x00", what: "an SQLite database"},
}

// notText gives the problem of a file whose first bytes say that it is no text, or nil.
func notText(first []byte) *Problem {
	if bytes.HasPrefix(first, bomUTF32LE) || bytes.HasPrefix(first, bomUTF32BE) {
		return problem(UnsupportedEncoding, 1, acceptedEncoding, "the file is UTF-32")
	}
	what := ""
	for _, s := range signatures {
		if bytes.HasPrefix(first, []byte(s.begin)) && (!s.nul || bytes.IndexByte(first, 0) >= 0) {
			what = s.what
			break
		}
	}
	for _, begin := range []string{"PK\x03\x04", "PK\x05\x06", "PK\x07\x08"} {
		if bytes.HasPrefix(first, []byte(begin)) {
			what = zipped(first)
		}
	}
	if len(first) >= 10 && string(first[:3]) == "BZh" && string(first[4:10]) == "1AY&SY" {
		what = "a bzip2 archive"
	}
	if len(first) > 262 && string(first[257:262]) == "ustar" && bytes.IndexByte(first, 0) >= 0 {
		what = "a tar archive"
	}
	if what == "" {
		return nil
	}
	return somethingElse(what)
}

func somethingElse(what string) *Problem {
	return problem(NotCSV, 0, acceptedFile,
		"the file is no CSV file, whatever its name says; it seems to be %s: open it where it was made and save it as CSV UTF-8", what)
}

// zipped tells what kind of ZIP archive it is, by the names of its first parts.
func zipped(first []byte) string {
	for _, part := range []struct{ name, what string }{
		{"xl/", "an Excel workbook (.xlsx)"},
		{"word/", "a Word document (.docx)"},
		{"ppt/", "a PowerPoint presentation (.pptx)"},
		{"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)"},
		{"opendocument", "an OpenDocument file"},
		{"Index/", "a Numbers or another iWork document"},
		{"[Content_Types].xml", "an Excel workbook (.xlsx) or another Office document"},
		{"_rels/", "an Excel workbook (.xlsx) or another Office document"},
	} {
		if bytes.Contains(first, []byte(part.name)) {
			return part.what
		}
	}
	return "a ZIP archive"
}
