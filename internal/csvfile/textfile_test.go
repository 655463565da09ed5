package csvfile

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestTextThatIsNoCSVIsCalledByItsName(t *testing.T) { // F3
	for _, c := range []struct{ name, file, says string }{
		{"HTML", "<!DOCTYPE html>\n<html><head><title>Sign in</title>", "web page (HTML)"},
		{"HTML below blank lines", "\r\n  <HTML lang=en>", "web page"},
		{"a table as .xls", "<table border=\"1\"><tr><td>email</td></tr></table>", "web page"},
		{"a table of Excel's", "<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\">", "web page"},
		{"XHTML", "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\">\n<html>", "web page"},
		{"HTML below a comment", "<!-- saved -->\n<div>", "web page"},
		{"XML", "<?xml version=\"1.0\"?><contacts><contact/></contacts>", "XML"},
		{"XML without a declaration", "<contacts>\n<contact id=\"1\">Ann</contact></contacts>", "XML"},
		{"SpreadsheetML", "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">", "Excel 2003"},
		{"flat ODS", "<?xml version=\"1.0\"?>\n<office:document xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\">", "OpenDocument"},
		{"JSON", "{\n  \"contacts\": [{\"email\": \"a@b.example\"}]}", "JSON"},
		{"a list in JSON", "[\n {\"email\": \"a@b.example\"}]", "JSON"},
		{"a list of texts in JSON", "[\"a@b.example\", \"c\\\"d\"]", "JSON"},
		{"lines of JSON", "{\"email\":\"a@b.example\"}\n{\"email\":\"c@d.example\"}\n", "JSON"},
		{"empty JSON", "{}", "JSON"},
		{"an empty list", "[]\n", "JSON"},
		{"vCard", "begin:vcard\r\nVERSION:3.0\r\nFN:Ann Archer\r\n", "vCard"},
		{"iCalendar", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "iCalendar"},
		{"LDIF", "dn: cn=Ann Archer,ou=people\nmail: a@b.example\n", "LDIF"},
		{"LDIF of version 1", "version: 1\n\n# people\ndn:: Y249\n", "LDIF"},
		{"SYLK", "ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K\"email\"\r\n", "SYLK"},
		{"DIF", "TABLE\r\n0,1\r\n\"EXCEL\"\r\n", "Data Interchange"},
		{"mbox", "From ann@b.example Thu Jan  1 00:00:00 2026\nSubject: x\n", "mailbox"},
		{"email", "From: Ann <a@b.example>\r\nSubject: Hello,\r\n you\r\nMIME-Version: 1.0\r\n", "an email"},
		{"an email that came", "Return-Path: <a@b.example>\nReceived: from x\n", "an email"},
		{"PostScript", "%!PS-Adobe-3.0\n", "PostScript"},
		{"script", "#!/bin/sh\nrm -rf /\n", "script"},
		{"SQL", "-- a dump\nCREATE TABLE contacts (email text);\n", "SQL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, file := range []string{c.file, "\xEF\xBB\xBF" + c.file, wide(c.file, true), c.file + "\n\xFF\xFE\x81"} {
				_, err := Inspect(strings.NewReader(file), Options{Score: known, HeaderLine: 3})
				var p *Problem
				if !errors.As(err, &p) || p.Reason != NotCSV || !strings.Contains(p.Message, c.says) {
					t.Errorf("%q: got %v", file, err)
				}
				_, cut := Inspect(iotest.OneByteReader(strings.NewReader(file)), Options{Score: known, HeaderLine: 3})
				if cut == nil || err == nil || cut.Error() != err.Error() {
					t.Errorf("byte by byte %v", cut)
				}
			}
		})
	}
}

func TestCSVThatLooksLikeSomethingElse(t *testing.T) { // F3
	for _, file := range []string{
		"<email>,<name>\na,b\n", "<b>,name\na,b\n", "[Required] email,name\na,b\n", "{email},{name}\na,b\n", "ID;Phone;Name\nA;1;b\nC;2;c\n", "ID;P\nX;Y\n",
		"From: 2026-01-01\nTo: 2026-11-20\nemail,name\na,b\n", "dn,email\na,b\n", "Table\nemail,name\na,b\n", "From Monday to Friday\nemail,name\na,b\n",
		"Subject: contacts\n\nemail,name\na,b\n", "# contacts\nemail,name\na,b\n", "Version: 1\nemail,name\na,b\n", "create,insert into\na,b\n", "begin,vcard\na,b\n", "\"{\"\"a\"\":1}\",email\na,b\n",
		"email,name\n<html>,{\"a\":1}\n",
	} {
		if _, err := Inspect(strings.NewReader(file), Options{Score: known}); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestLookingForOtherTextTakesLinearTime(t *testing.T) { // F3
	for _, part := range []string{"<?xml ", "<!--", "<a>", "{\"", "[\"\\", "# x\n", "A: b\n ", "-- x\n", "/* */"} {
		from := time.Now()
		notCSV([]byte(strings.Repeat(part, peeked/len(part))))
		if took := time.Since(from); took > 500*time.Millisecond {
			t.Errorf("%q takes %v", part, took)
		}
	}
}
