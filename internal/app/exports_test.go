package app

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// exported is the address of a company's records, and what it gives; the own company's
// where companyID is empty.
func (s *server) exported(token, kind, companyID string) (address, file string) {
	s.t.Helper()
	var of any
	if companyID != "" {
		of = companyID
	}
	var out struct {
		ExportCsv struct {
			URL       string
			ExpiresAt time.Time
		}
	}
	s.must(token, `mutation($k:ImportKind!,$c:ID){exportCsv(input:{kind:$k,companyId:$c}){url expiresAt}}`, vars{"k": kind, "c": of}, &out)
	if left := time.Until(out.ExportCsv.ExpiresAt); left < 14*time.Minute || left > 15*time.Minute {
		s.t.Errorf("the address is good for %v, want 15 minutes", left)
	}
	return out.ExportCsv.URL, s.get(out.ExportCsv.URL)
}

// answers is the HTTP status of an address.
func (s *server) answers(address string) int {
	s.t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// J12, through HTTP: what is exported imports again, customers all skipped, contacts and
// users all unchanged; who exported stands in the log.
func TestExportsComeBack(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		s.finished(maria, s.accepted(maria, string(sample(t, "customers.csv")), nil))
		contacts := "email,first_name,last_name,username,id\n" +
			"ann@example.org,Ann,\"O'Hara, \"\"Annie\"\"\",007,0012\n" +
			"+49 30 1234567@example.org,'''x,\"two\nlines\",+49 30 1234567,\n" +
			"\u05e9@example.org,\u05e9\u05dc\u05d5\u05dd \u202eabc,zero\u200bwidth,1E+11,-5\n"
		if got := s.finished(maria, s.accepted(maria, contacts, vars{"kind": "CONTACTS"})).counts(); got != "COMPLETED 2+0+0+0+1 of 3" {
			t.Fatal(got) // a space is none of an address
		}
		for kind, want := range map[string]string{"CUSTOMERS": "COMPLETED 0+0+0+3+0 of 3", "CONTACTS": "COMPLETED 0+0+2+0+0 of 2", "USERS": "COMPLETED 0+0+2+0+0 of 2"} {
			address, file := s.exported(maria, kind, "")
			end := s.finished(maria, s.accepted(maria, file, vars{"kind": kind}))
			if got := end.counts(); got != want {
				t.Errorf("%s come back as %s %v, want %s:\n%s", kind, got, end.codes(), want, file)
			}
			for _, wrong := range []string{strings.Replace(address, "/exports/", "/rejects/", 1), strings.Replace(address, ".csv", ".txt", 1), address + "0"} {
				if status := s.answers(wrong); status != http.StatusNotFound {
					t.Errorf("%s: HTTP %d, want 404", wrong, status)
				}
			}
		}
		exports := 0
		for _, action := range s.log(maria) {
			if action == "records.exported" {
				exports++
			}
		}
		if exports != 3 {
			t.Errorf("%d exports stand in the log, want 3: %v", exports, s.log(maria))
		}
	})
}

// U5, C6: the address is checked against the rights of when it is opened.
func TestAnExportsAddressEndsWithTheRights(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		customer := s.customer(maria, "Alpha")
		s.want("FORBIDDEN", tom, `mutation{exportCsv(input:{kind:USERS}){url}}`, nil)
		var who struct {
			Viewer struct{ User struct{ ID string } }
		}
		s.must(tom, `{viewer{user{id}}}`, nil, &who)
		admin := vars{"input": vars{"customerId": customer, "userId": who.Viewer.User.ID}}
		s.must(maria, `mutation($input:PartnerAdminInput!){addPartnerAdmin(input:$input){customer{id}}}`, admin, nil)
		address, file := s.exported(tom, "CONTACTS", customer)
		if want := "\ufeffemail,first_name,middle_name,last_name,username,id,project,desk,active,type,created,labels,labels_id\n"; file != want {
			t.Errorf("the file of no contacts is %q", file)
		}
		s.must(maria, `mutation($input:PartnerAdminInput!){removePartnerAdmin(input:$input){customer{id}}}`, admin, nil)
		if status := s.answers(address); status != http.StatusNotFound {
			t.Errorf("once the rights had ended: HTTP %d, want 404", status)
		}
	})
}

// J12, J1: a large export streams, whole and in order.
func TestALargeExportStreams(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		const rows = 4500
		_, maria, _ := s.partner("Partner", "partner.example")
		var b strings.Builder
		b.WriteString("email,first_name\n")
		for i := range rows {
			fmt.Fprintf(&b, "c%05d@example.org,C\n", (i*7)%rows)
		}
		if got := s.finished(maria, s.accepted(maria, b.String(), vars{"kind": "CONTACTS"})).counts(); got != fmt.Sprintf("COMPLETED %d+0+0+0+0 of %d", rows, rows) {
			t.Fatal(got)
		}
		_, file := s.exported(maria, "CONTACTS", "")
		lines := strings.Split(strings.TrimSpace(file), "\n")
		if len(lines) != rows+1 {
			t.Fatalf("%d lines, want %d", len(lines), rows+1)
		}
		for i, line := range lines[1:] {
			if want := fmt.Sprintf("c%05d@example.org,", i); !strings.HasPrefix(line, want) {
				t.Fatalf("row %d is %q, want %s", i+1, line, want)
			}
		}
	})
}
