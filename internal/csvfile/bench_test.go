package csvfile

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

const benchRows = 50_000

// benchFile has rows of about 100 bytes as contacts have them.
func benchFile() string {
	var b strings.Builder
	b.WriteString("email,first_name,last_name,username,project,desk,active,type,created\n")
	for i := range benchRows {
		fmt.Fprintf(&b, "person.%07d@example.com,Maria,\"Keller, %d\",maria%07d,default,default,true,Personal,2024-06-13T15:06:02Z\n", i, i%7, i)
	}
	return b.String()
}

func benchmark(b *testing.B, file string, run func(string) int) {
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		rows += run(file)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mrows/s")
	if rows != b.N*benchRows {
		b.Fatalf("%d rows in %d runs", rows, b.N)
	}
}

func BenchmarkInspect(b *testing.B) {
	utf8 := benchFile()
	for _, c := range []struct{ name, file string }{
		{"ASCII", utf8},
		{"UTF-8", strings.ReplaceAll(utf8, "Maria", "Mária")},
		{"windows-1252", strings.ReplaceAll(utf8, "Maria", "M\xE1ria")},
		{"UTF-16", wide(utf8, false)},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchmark(b, c.file, func(file string) int {
				report, err := Inspect(strings.NewReader(file), Options{})
				if err != nil {
					b.Fatal(err)
				}
				return report.Rows
			})
		})
	}
}

func BenchmarkReader(b *testing.B) {
	utf8 := benchFile()
	for _, c := range []struct{ name, file string }{
		{"ASCII", utf8},
		{"windows-1252", strings.ReplaceAll(utf8, "Maria", "M\xE1ria")},
		{"UTF-16", wide(utf8, false)},
	} {
		report, err := Inspect(strings.NewReader(c.file), Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			benchmark(b, c.file, func(file string) int {
				at := report.Start()
				r := NewReader(strings.NewReader(file[at.Offset:]), report.Format, at)
				for rows := 0; ; rows++ {
					if _, err := r.Next(); err == io.EOF {
						return rows
					} else if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func BenchmarkUnsafeContent(b *testing.B) {
	for _, cell := range []string{"Maria", "+49 (0)123 456-78", "2024-06-13T15:06:02Z", "a < b & c > d", strings.Repeat("<a x='", 5000)} {
		b.Run(cell[:5], func(b *testing.B) {
			for b.Loop() {
				_ = Unsafe(cell) || Markup(cell)
			}
		})
	}
}
