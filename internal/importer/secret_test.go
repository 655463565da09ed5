package importer

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/blob"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// F5, J9, U2: a column that looks like a password is shown nowhere, whatever the kind of the
// file, whatever the column is taken for and whatever is wrong with the row, and the file is
// kept like one of users.
func TestJ9PasswordsAreShownNowhereWhateverTheKind(t *testing.T) {
	const secret = "hunter2hunter2"
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "", nil, "NUMBER:Kennwort", "TEXT:city")
		e := w.engine(Options{})
		for _, c := range []struct {
			what, file, want string
			kind             enum.ImportKind
			mappings         []sheet.Mapping
		}{
			{"a users' file as contacts", "email,first_name,last_name,password\n" +
				"bad,Kim,Park," + secret + "1\n" +
				"lee@example.net,Lee," + secret + "2\n" +
				"max@example.net,Max,Mora,x," + secret + "3\n", "COMPLETED 0+0+0+0+3 of 3", enum.Contacts, []sheet.Mapping{out("password")}},
			{"as the company's own field", "email,first_name,Kennwort\n" +
				"kim@example.net,Kim," + secret + "1\n" +
				"max@example.net,,=" + secret + "2\n", "COMPLETED 0+0+0+0+2 of 2", enum.Contacts, nil},
			{"mapped to another field", "email,first_name,Mot de passe\n" +
				"kim@example.net,Kim," + secret + "1\n", "COMPLETED 0+0+0+0+1 of 1", enum.Contacts, []sheet.Mapping{to("Mot de passe", "type")}},
			{"another header of the company's own field", "email,first_name,Code\n" +
				"kim@example.net,Kim," + secret + "1\n", "COMPLETED 0+0+0+0+1 of 1", enum.Contacts, []sheet.Mapping{to("Code", "Kennwort")}},
			{"as a customer's address", "name,pwd,partner_admin_email\n" +
				"Acme," + secret + "1,tom@partner.example\n", "COMPLETED 0+0+0+0+1 of 1", enum.Customers, []sheet.Mapping{to("pwd", "contact_email")}},
			{"as a user's name", "email,first_name,last_name,password,old password\n" +
				"kim@example.net,Kim,," + secret + "1,=" + secret + "2\n", "COMPLETED 0+0+0+0+1 of 1", enum.Users, []sheet.Mapping{out("last_name"), to("old password", "last_name")}},
		} {
			var shown strings.Builder
			note := func(issues []*ent.ImportIssue) {
				for _, i := range issues {
					shown.WriteString(i.Message + deref(i.Value))
				}
			}
			for _, mappings := range [][]sheet.Mapping{c.mappings, nil} {
				if mappings == nil && strings.Contains(c.file, "Code") {
					continue // nothing says yet what it is
				}
				p, err := e.Preview(w.As(w.maria), Request{File: File{Body: strings.NewReader(c.file)}, Kind: c.kind, Mappings: mappings})
				w.Must(err)
				fmt.Fprint(&shown, p.Samples, p.Columns)
				if p.Problem != nil {
					fmt.Fprint(&shown, *p.Problem)
				}
				note(p.Issues)
			}
			run := w.of(e, w.maria, c.kind, w.partner, c.file, mapping(c.mappings...))
			stored, err := w.blobs.OpenAt(w.System, run.UploadKey, 0)
			w.Must(err)
			bytes, err := io.ReadAll(stored)
			w.Must(err)
			w.Must(stored.Close())
			if !strings.HasPrefix(string(bytes), "age-encryption.org/v1") || run.UploadSecret == nil {
				t.Errorf("%s: the stored file begins %.40q", c.what, bytes)
			}
			w.work(e)
			r := w.state(run.ID)
			testenv.Equal(t, c.what, counts(r), c.want)
			note(w.ledger(run.ID))
			shown.WriteString(w.rejects(r))
			for _, n := range w.DB.Ent().Notification.Query().AllX(w.System) {
				shown.WriteString(n.Title + n.Body)
			}
			if strings.Contains(shown.String(), secret) {
				t.Errorf("%s: a password is shown:\n%s", c.what, shown.String())
			}
			if r.UploadSecret != nil || r.UploadKey != "" || len(w.blobKeys(blob.Uploads)) != 0 {
				t.Errorf("%s: key %q and %v are left", c.what, r.UploadKey, w.blobKeys(blob.Uploads))
			}
		}
		// Any other file is kept as it came.
		run := w.of(e, w.maria, enum.Contacts, w.partner, "email,first_name,city\nann@example.net,Ann,Bonn\n")
		if run.UploadSecret != nil {
			t.Error("a file without passwords is encrypted")
		}
		w.work(e)
	})
}

// J1, U2: what stands above the column names is held back only so far; behind that the file is
// encrypted, whatever it may turn out to be.
func TestU2WhatIsHeldBackIsBounded(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.start(e, strings.Repeat("\n", 3*heldBack)+"name\nAcme\n")
		if run.UploadSecret == nil {
			t.Error("it is not encrypted")
		}
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 1+0+0+0+0 of 1")
	})
}

// F3, U2: where the first row holds data, as it does in a file without column names, nothing
// of the file is shown: any of its cells may be a password.
func TestF3AFileWithoutColumnNamesIsNotShown(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		for _, kind := range []enum.ImportKind{enum.Users, enum.Contacts, enum.Customers} {
			const secret = "hunter2hunter2"
			file := "Kim@Example.net,Kim,Park," + secret + "\nlee@example.net,Lee,Ng," + secret + "\n"
			p, err := e.Preview(w.As(w.maria), Request{File: File{Body: strings.NewReader(file)}, Kind: kind})
			w.Must(err)
			if p.Problem == nil || !strings.Contains(p.Problem.Message, "first row") {
				t.Fatalf("%s: the problem is %+v", kind, p.Problem)
			}
			if shown := fmt.Sprintf("%v %v %+v", p.Samples, p.Columns, *p.Problem); strings.Contains(shown, secret) || len(p.Samples) != 1 || len(p.Columns) != 4 {
				t.Errorf("%s: shown is %s", kind, shown)
			}
			_, err = w.tryStart(e, w.maria, file, func(in *StartInput) { in.Kind = kind })
			if err == nil || strings.Contains(fmt.Sprintf("%+v", err), secret) {
				t.Errorf("%s: %+v", kind, err)
			}
		}
	})
}
