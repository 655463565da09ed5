package demo

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rows is how many customers the file has; the names are enough for 6,000.
const rows = 5000

// FilePrefix is how the names of the uploaded files begin.
const FilePrefix = "demo-customers-"

// file is a CSV and what importing it must give.
type file struct {
	name    string
	content []byte
	want    expectation
}

// expectation is a file's result, known before it is imported.
type expectation struct {
	total, created, skipped, failed int
	issues                          map[string]int // by code; a row can have several
}

// The words of the names: 20 × 20 × 15 of them, each once.
var (
	adjectives = strings.Fields("Amber Bright Cedar Dorset Evergreen Fjord Golden Highland Ivory Juniper Kestrel Lindgren Málaga Northern Oakwood Pacific Quiet Río Silver Tórshavn")
	nouns      = strings.Fields("Anchor Bakery Canyon Delta Elm Forge Garden Harbor Island Junction Kiln Lantern Meadow Needle Orchard Quarry River Summit Timber Valley")
	trades     = strings.Fields("Analytics Builders Clinic Dental Energy Foods Hotels Legal Logistics Media Optics Pharmacy Robotics Studios Textiles")
)

// company is the i-th name; neighbours differ in every word.
func company(i int, suffix string) string {
	i = i * 2741 % (len(adjectives) * len(nouns) * len(trades)) // 2741 is prime: no name comes twice
	return fmt.Sprintf("%s %s %s %s", adjectives[i%20], nouns[i/20%20], trades[i/400], suffix)
}

// newFile makes the file of a run; its rows name the admins in turn. Of every 250 rows
// six are bad, and some more here and there; the partner's own name is in it once.
func newFile(partner, suffix string, admins []string) file {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	f := file{name: FilePrefix + suffix + ".csv", want: expectation{total: rows, issues: map[string]int{}}}
	fail := func(codes ...string) {
		f.want.failed++
		for _, code := range codes {
			f.want.issues[code]++
		}
	}
	skip := func(code string) {
		f.want.skipped++
		f.want.issues[code]++
	}
	_ = w.Write([]string{"name", "contact_email", "partner_admin_email"}) // bytes.Buffer takes everything
	for row := 1; row <= rows; row++ {
		name, email, admin := company(row, suffix), fmt.Sprintf("office@customer-%d.%s", row, Domain(suffix)), admins[row%len(admins)]
		record := []string{name, email, admin}
		switch row % 250 {
		case 5: // blank lines are no rows
			_ = w.Write([]string{"", "", ""})
			f.want.created++
		case 12:
			record[2] = "nobody@" + Domain(suffix)
			fail("UNKNOWN_PARTNER_ADMIN")
		case 29: // letter case makes no difference
			record[0] = strings.ToUpper(company(row-5, suffix))
			skip("DUPLICATE_IN_FILE")
		case 47:
			record[1] = "office at customer"
			fail("INVALID_EMAIL")
		case 63:
			record[0] = `=HYPERLINK("https://` + Domain(suffix) + `","` + name + `")`
			fail("UNSAFE_CONTENT")
		case 88:
			record[1] = ""
			fail("REQUIRED")
		case 110: // all that is wrong with a row is told
			record[1], record[2] = "office@", "nobody@"+Domain(suffix)
			fail("INVALID_EMAIL", "UNKNOWN_PARTNER_ADMIN")
		case 141:
			if row != 141 { // the second time it would be a duplicate in the file
				f.want.created++
				break
			}
			record[0] = partner
			skip("ALREADY_EXISTS")
		case 190: // a comma that should have been quoted
			record = []string{name, " Ltd", email, admin}
			fail("WRONG_FIELD_COUNT")
		case 200:
			record[0] = name + ", Ltd"
			f.want.created++
		default:
			f.want.created++
		}
		_ = w.Write(record)
	}
	w.Flush()
	f.content = b.Bytes()
	return f
}

// check says what in the result is not as expected; nil where nothing is.
func (e expectation) check(r Result) error {
	var errs []error
	differ := func(what string, got, want int) {
		if got != want {
			errs = append(errs, fmt.Errorf("%s: %d instead of %d", what, got, want))
		}
	}
	i := r.Import
	if i.Status != "COMPLETED" {
		why := ""
		if i.Failure != nil {
			why = fmt.Sprintf(": %s (%s)", i.Failure.Message, i.Failure.Code)
		}
		errs = append(errs, fmt.Errorf("the import ended %s instead of COMPLETED%s", i.Status, why))
	}
	differ("rows", i.TotalRows, e.total)
	differ("processed", i.ProcessedRows, e.total)
	differ("created", i.CreatedCount, e.created)
	differ("updated", i.UpdatedCount, 0)
	differ("unchanged", i.UnchangedCount, 0)
	differ("skipped", i.SkippedCount, e.skipped)
	differ("failed", i.FailedCount, e.failed)
	differ("customers in the partner's list", r.Customers, e.created)
	for _, code := range slices.Sorted(maps.Keys(r.ByCode)) {
		differ("problems "+code, r.ByCode[code], e.issues[code])
	}
	if len(errs) > 0 {
		return fmt.Errorf("the result is not what the file was made to give: %w", errors.Join(errs...))
	}
	return nil
}
