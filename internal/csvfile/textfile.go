package csvfile

import (
	"bytes"
	"regexp"
)

// textFile is a kind of file that is text, but not CSV, and is known by how it begins.
type textFile struct {
	begin *regexp.Regexp // of the text behind blanks
	what  string
}

// textFiles are tried in this order (F3). Each asks for more than a column name could be.
var textFiles = []textFile{
	{beginning(`<\?xml[\s\S]*?(?:urn:schemas-microsoft-com:office:spreadsheet|<(?:\w+:)?Workbook\b)`), "an Excel 2003 workbook in XML (SpreadsheetML)"},
	{beginning(`<\?xml[\s\S]*?urn:oasis:names:tc:opendocument`), "an OpenDocument file in XML"},
	{beginning(`(?:<\?xml[\s\S]{0,200}?)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|style|script|table|div|p|br|h1|center|font)\b`), "a web page (HTML), as some systems export under the name .xls, or give to who is not signed in"},
	{beginning(`<\?xml\b|<!doctype\b|<!\[CDATA\[`), "an XML document"},
	{beginning(`<([A-Za-z_][\w:.-]*)(?:\s[^<>]*)?>[\s\S]*?</[A-Za-z_]`), "an XML document"},
	{beginning(`\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\})`), "JSON"},
	{beginning(`\[\s*(?:[{[]|"(?:[^"\\]|\\.)*"\s*[,\]]|\](?:\s|\z))`), "JSON"},
	{beginning(`BEGIN:VCARD\b`), "a vCard file (.vcf)"},
	{beginning(`BEGIN:VCALENDAR\b`), "an iCalendar file (.ics)"},
	{beginning(`(?:version:\s*\d+\s+|#[^\n]*\n\s*)*dn::?\s*\S`), "an LDIF file of a directory"},
	{beginning(`(?-i:ID;P[A-Z0-9]+[^\r\n]*[\r\n]+(?:P;[PF]|F;[A-Z]|B;[XY]\d|C;[XYK]|O;[A-Z]))`), "a SYLK spreadsheet (.slk)"},
	{beginning(`TABLE\r?\n0,1\r?\n`), "a spreadsheet in the Data Interchange Format (.dif)"},
	{beginning(`From [^\s,;]+@?\S* +\w{3} \w{3} `), "a mailbox of emails"},
	{beginning(`(?:[A-Za-z][A-Za-z0-9-]*: [^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*)*?(?:Received|MIME-Version|Message-ID|Return-Path|Delivered-To): `), "an email"},
	{beginning(`%!PS\b`), "a PostScript document"},
	{beginning(`#![ \t]*/`), "a program (a script)"},
	{beginning(`(?:--[^\n]*\n\s*|/\*[\s\S]*?\*/;?\s*)*(?:CREATE\s+(?:TABLE|DATABASE)|INSERT\s+INTO|DROP\s+TABLE)\s+[^,;|\t]`), "an SQL script"},
}

func beginning(pattern string) *regexp.Regexp { return regexp.MustCompile(`\A(?i:` + pattern + `)`) }

// notCSV gives the problem of a text whose beginning says that it is something else than CSV, or nil.
func notCSV(text []byte) *Problem {
	text = bytes.TrimLeftFunc(text, blank)
	for _, f := range textFiles {
		if f.begin.Match(text) {
			return somethingElse(f.what)
		}
	}
	return nil
}
