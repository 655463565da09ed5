package app

import (
	"fmt"
	"slices"
	"testing"
)

// codes lists an import's issues as row:CODE.
func (i importState) codes() []string {
	var out []string
	for _, issue := range i.Issues.Nodes {
		out = append(out, fmt.Sprintf("%d:%s", issue.Row, issue.Code))
	}
	return out
}

// samples/README.md: what must come of each sample, through HTTP.
func TestSamples(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		for _, c := range []struct {
			file, kind, counts string
			codes              []string
		}{
			{"customers.csv", "CUSTOMERS", "COMPLETED 3+0+0+1+3 of 7", []string{"4:UNKNOWN_PARTNER_ADMIN", "5:DUPLICATE_IN_FILE", "6:INVALID_EMAIL", "7:REQUIRED"}},
			{"tenants.csv", "CUSTOMERS", "COMPLETED 3+0+0+1+0 of 4", []string{"3:DUPLICATE_IN_FILE"}},
			{"tenants.csv", "CUSTOMERS", "COMPLETED 0+0+0+4+0 of 4", []string{"1:ALREADY_EXISTS", "2:ALREADY_EXISTS", "3:DUPLICATE_IN_FILE", "4:ALREADY_EXISTS"}},
			{"users.csv", "USERS", "COMPLETED 2+0+0+0+2 of 4", []string{"2:TOO_SHORT", "4:REQUIRED"}},
			{"clients.csv", "CONTACTS", "COMPLETED 4+0+0+0+1 of 5", []string{"4:REQUIRED"}},
			{"clients.csv", "CONTACTS", "COMPLETED 0+0+4+0+1 of 5", []string{"4:REQUIRED"}},
			{"clients-foreign.csv", "CONTACTS", "COMPLETED 0+0+0+0+3 of 3", []string{"1:UNKNOWN_PROJECT", "1:UNKNOWN_DESK", "2:UNKNOWN_PROJECT", "2:UNKNOWN_DESK", "3:UNKNOWN_PROJECT"}},
			{"users.csv", "USERS", "COMPLETED 0+2+0+0+2 of 4", []string{"2:TOO_SHORT", "4:REQUIRED"}},
		} {
			run, r := s.importCsv(maria, c.file, sample(t, c.file), vars{"kind": c.kind})
			if len(r.Errors) > 0 {
				t.Fatalf("%s: %+v", c.file, r.Errors)
			}
			got := s.finished(maria, run)
			if got.counts() != c.counts || !slices.Equal(got.codes(), c.codes) {
				t.Errorf("%s: %s %v, want %s %v", c.file, got.counts(), got.codes(), c.counts, c.codes)
			}
		}
	})
}
