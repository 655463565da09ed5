package demo

import (
	"encoding/csv"
	"strings"
	"testing"

	"tenantry/client"
)

// The expectation, which is counted while the file is made, against the file itself.
func TestTheFileIsWhatItIsSaidToBe(t *testing.T) {
	f := newFile("The Partner", "abc123", []string{"a@abc123.demo.example", "b@abc123.demo.example"})
	if again := newFile("The Partner", "abc123", []string{"a@abc123.demo.example", "b@abc123.demo.example"}); string(again.content) != string(f.content) {
		t.Error("it is another one each time")
	}
	r := csv.NewReader(strings.NewReader(string(f.content)))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var total, skipped, failed int
	seen := map[string]bool{"the partner": true}
	for _, rec := range records[1:] {
		if strings.Join(rec, "") == "" {
			continue
		}
		total++
		name := strings.ToLower(rec[0])
		switch {
		case len(rec) != 3, strings.HasPrefix(name, "="), !strings.HasPrefix(rec[1], "office@customer-"), strings.HasPrefix(rec[2], "nobody"):
			failed++
		case seen[name]:
			skipped++
		default:
			seen[name] = true
		}
	}
	if w := f.want; total != w.total || skipped != w.skipped || failed != w.failed || w.created != total-skipped-failed {
		t.Errorf("%d rows, %d skipped, %d failed; expected is %+v", total, skipped, failed, w)
	}
}

func TestAWrongCountIsAnError(t *testing.T) {
	e := expectation{total: 3, created: 1, skipped: 1, failed: 1, issues: map[string]int{"REQUIRED": 1, "ALREADY_EXISTS": 1}}
	right := func() Result {
		return Result{
			Import:    client.Import{Status: "COMPLETED", TotalRows: 3, ProcessedRows: 3, CreatedCount: 1, SkippedCount: 1, FailedCount: 1},
			Customers: 1, ByCode: map[string]int{"REQUIRED": 1, "ALREADY_EXISTS": 1, "TOO_LONG": 0},
		}
	}
	if err := e.check(right()); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Result){
		"created: 2 instead of 1":           func(r *Result) { r.Import.CreatedCount++ },
		"failed: 0 instead of 1":            func(r *Result) { r.Import.FailedCount-- },
		"customers in the partner's list: ": func(r *Result) { r.Customers-- },
		"problems TOO_LONG: 1 instead of 0": func(r *Result) { r.ByCode["TOO_LONG"]++ },
		"ended FAILED": func(r *Result) {
			r.Import.Status, r.Import.Failure = "FAILED", &client.ImportFailure{Code: "INTERNAL", Message: "gone"}
		},
	} {
		r := right()
		spoil(&r)
		if err := e.check(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v instead of %q", err, want)
		}
	}
}

func TestAnImportThatDoesNotAccountForItsRowsIsAnError(t *testing.T) {
	if err := accounted(client.Import{ProcessedRows: 7, CreatedCount: 4, FailedCount: 3}); err != nil {
		t.Error(err)
	}
	err := accounted(client.Import{ProcessedRows: 7, CreatedCount: 6})
	if err == nil || !strings.Contains(err.Error(), "7 rows are processed, but 6") {
		t.Error(err)
	}
}

func TestATerminalGetsABarAndNothingElseDoes(t *testing.T) {
	pace, left := 2000.0, 2
	states := []client.Import{
		{Status: "QUEUED", TotalRows: 5000},
		{Status: "RUNNING", TotalRows: 5000, ProcessedRows: 2500, RowsPerSecond: &pace, SecondsLeft: &left},
		{Status: "COMPLETED", TotalRows: 5000, ProcessedRows: 5000, RowsPerSecond: &pace},
	}
	show := func(terminal bool) string {
		var out strings.Builder
		d := newDisplay(&out, terminal)
		for _, i := range states {
			d.state(i)
		}
		d.end()
		return out.String()
	}
	bar := show(true)
	for _, want := range []string{"  50% ██", "(2500/5000) rows, 2,000 rows/s, 2 s left", " 100% ██", "(5000/5000)"} {
		if !strings.Contains(bar, want) {
			t.Errorf("the bar never shows %q: %q", want, bar)
		}
	}
	const lines = "Import    QUEUED, 0 of 5,000 rows\nImport    COMPLETED, 5,000 of 5,000 rows, 2,000 rows/s\n"
	if got := show(false); got != lines {
		t.Errorf("without a terminal:\n%q", got)
	}
}
