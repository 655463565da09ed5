package importer

import (
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// J9: whatever the upload looked like, its failed rows import again once mended, with the mapping that
// it had and nothing said of its form.
func TestJ9MendedRejectsImportWhateverTheUpload(t *testing.T) {
	const rows = "Имя;email;Fax\nИван;ivan@ex.test;1\nМария;nobody;2\n"
	marked := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	for what, c := range map[string]struct {
		text, label string
		in          encoding.Encoding
	}{
		"windows-1251":       {rows, "windows-1251", charmap.Windows1251},
		"KOI8-R":             {rows, "koi8-r", charmap.KOI8R},
		"UTF-16":             {rows, "", marked},
		"a sep line":         {"sep=;\n" + rows, "", encoding.Nop},
		"title rows":         {"Отчёт;;\n;;\nfirst_name;email;Fax\nИван;ivan@ex.test;1\nМария;nobody;2\n", "", encoding.Nop},
		"blank cells behind": {strings.ReplaceAll(strings.Replace(rows, "\n", "\x00", 1), "\n", ";;;\n"), "", encoding.Nop},
	} {
		t.Run(what, func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w *world) {
				file, err := c.in.NewEncoder().String(strings.Replace(c.text, "\x00", "\n", 1))
				w.Must(err)
				leave := mapping(out("Fax"))
				if !strings.Contains(c.text, "first_name") {
					leave = mapping(to("Имя", "first_name"), out("Fax"))
				}
				e := w.engine(Options{})
				run := w.of(e, w.maria, enum.Contacts, w.partner, file, leave, func(in *StartInput) { in.Format.Encoding = c.label })
				w.work(e)
				testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 1+0+0+0+1 of 2")
				rejects := w.rejects(w.state(run.ID))
				mended := strings.Replace(rejects, ";nobody;", ";maria@ex.test;", 1)
				if mended == rejects || strings.Contains(rejects, "nobody;2") || !strings.HasPrefix(rejects, "\ufeff") {
					t.Fatalf("the rejects are %q", rejects)
				}
				again := w.of(e, w.maria, enum.Contacts, w.partner, mended, leave)
				w.work(e)
				testenv.Equal(t, "counts once mended", counts(w.state(again.ID)), "COMPLETED 1+0+0+0+0 of 1")
				maria := w.DB.Ent().Contact.Query().Where(contact.EmailKey("maria@ex.test")).OnlyX(w.System)
				testenv.Equal(t, "the name", maria.FirstName, "Мария")
			})
		})
	}
}

// F5, J9: a column that looks like a password is shown nowhere in a file of any kind: not in previews,
// issues, rejects, notifications and logs, nor in what the store has of the upload.
func TestJ9PasswordsOfAFileOfContactsAreShownNowhere(t *testing.T) {
	text, err := os.ReadFile("../../testdata/cases/password-hidden.csv")
	testenv.Must(t, err)
	notes := "notes"
	for what, change := range map[string]func(*StartInput){
		"left out":                 mapping(out("password")),
		"mapped to a field":        mapping(sheet.Mapping{Header: "password", Field: &notes}),
		"left out with all others": func(in *StartInput) { in.Options.UnknownColumns = enum.LeaveOutUnknown },
		"refused":                  mapping(),
	} {
		t.Run(what, func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w *world) {
				w.furnish(w.partner, "", nil, "TEXT:notes")
				e := w.engine(Options{})
				shown := func(where, text string) {
					t.Helper()
					for _, secret := range []string{"Tr0ub4dor", "0ther-secret"} {
						if strings.Contains(text, secret) {
							t.Errorf("%s of a file whose passwords are %s: %q", where, what, text)
						}
					}
				}
				in := StartInput{Request: Request{File: File{Name: "people.csv", Body: strings.NewReader(string(text))}, Kind: enum.Contacts, Company: &w.partner.ID}}
				change(&in)
				p, err := e.Preview(w.As(w.maria), in.Request)
				w.Must(err)
				for _, row := range p.Samples {
					shown("a sample", strings.Join(row, ","))
				}
				for _, i := range p.Issues {
					shown("a preview's issue", i.Message+deref(i.Value)+deref(i.Suggestion)+strings.Join(i.Accepted, ","))
				}
				if p.Problem != nil {
					shown("a problem", p.Problem.Message+strings.Join(p.Problem.Accepted, ","))
				}
				in.File.Body = strings.NewReader(string(text))
				run, err := e.Start(w.As(w.maria), in)
				if what == "refused" {
					if err == nil {
						t.Fatal("it is accepted")
					}
					shown("the refusal", err.Error())
					return
				}
				w.Must(err)
				stored := func() {
					for _, key := range w.blobKeys("") {
						file, err := w.blobs.OpenAt(w.System, key, 0)
						w.Must(err)
						content, err := io.ReadAll(file)
						w.Must(err)
						w.Must(file.Close())
						shown(key, string(content))
					}
				}
				if len(w.blobKeys("uploads/")) != 1 {
					t.Error("there is no stored upload to look into")
				}
				stored()
				w.work(e)
				stored()
				shown("the rejects", w.rejects(w.state(run.ID)))
				for _, i := range w.ledger(run.ID) {
					shown("an issue", i.Message+deref(i.Value)+deref(i.Suggestion)+strings.Join(i.Accepted, ","))
				}
				for _, n := range w.DB.Ent().Notification.Query().AllX(w.System) {
					shown("a notification", n.Title+n.Body)
				}
				shown("the log", strings.Join(w.importLog(w.partner.ID), "\n"))
			})
		})
	}
}
