package importer

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// BenchmarkSearchIndexes imports new contacts into two databases in alternation, one of them
// without the indexes and blocks that only search needs, and reports what these cost an
// import as a ratio: where emails begin with the first name, as most do, and where half of them begin
// with a customer's number, which is the dearest case, as both names are then in an index.
func BenchmarkSearchIndexes(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		for what, numbered := range map[string]bool{"named": false, "numbered": true} {
			b.Run(string(dialect)+"/"+what, func(b *testing.B) { searchCost(b, dialect, numbered) })
		}
	}
}

func searchCost(b *testing.B, dialect database.Dialect, numbered bool) {
	const rows = 50_000
	var worlds [2]*world
	for i := range worlds {
		worlds[i] = newWorld(testenv.NewWorld(b, testenv.Open(b, dialect)))
	}
	for _, key := range []string{"username", "first_name", "last_name"} {
		if _, err := worlds[0].DB.SQL().ExecContext(b.Context(), "DROP INDEX contact_company_id_"+key+"_key"); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := worlds[0].DB.SQL().ExecContext(b.Context(), refuseBlocks[dialect]); err != nil {
		b.Fatal(err)
	}
	var took [2]time.Duration // the quickest: whatever else is at work only ever adds
	random := rand.New(rand.NewPCG(1, 2))
	for turn := 0; b.Loop(); turn++ {
		var file strings.Builder
		file.WriteString("email,first_name,last_name\n")
		for i := range rows {
			first, last := madeUp(random, 400), madeUp(random, 4_000)
			email := fmt.Sprintf("%s.%s%d.%d@firm%d.example", first, last, turn, i, i%97)
			if numbered && i%2 == 0 {
				email = fmt.Sprintf("c%07d.%d.%d@firm%d.example", random.IntN(10_000_000), turn, i, i%97)
			}
			fmt.Fprintf(&file, "%s,%s,%s\n", email, first, last)
		}
		for i := range worlds {
			at := (i + turn) % 2
			w := worlds[at]
			e := w.engine(Options{MaxUploadBytes: 1 << 30})
			run := w.of(e, w.outside, enum.Contacts, w.plain, file.String())
			began := spent(dialect)
			w.work(e)
			if t := spent(dialect) - began; turn == 0 || t < took[at] {
				took[at] = t
			}
			if r := w.state(run.ID); r.CreatedCount != rows {
				b.Fatal(counts(r))
			}
		}
	}
	b.ReportMetric(float64(took[1])/float64(took[0]), "with/without")
	b.ReportMetric(rows/took[1].Seconds(), "rows/s")
}

// refuseBlocks makes a database pass over the blocks that it is given.
var refuseBlocks = map[database.Dialect]string{
	database.SQLite: `CREATE TRIGGER no_blocks BEFORE INSERT ON search_blocks BEGIN SELECT RAISE(IGNORE); END`,
	database.Postgres: `CREATE FUNCTION no_block() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
		CREATE TRIGGER no_blocks BEFORE INSERT ON search_blocks FOR EACH ROW EXECUTE FUNCTION no_block()`,
}

// spent is the process's own time on SQLite, which runs in it, so that others on the machine
// do not count; on PostgreSQL the clock's.
func spent(dialect database.Dialect) time.Duration {
	if dialect == database.Postgres {
		return time.Duration(time.Now().UnixNano())
	}
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// madeUp is one of so many made-up names, the common ones common.
func madeUp(random *rand.Rand, n int) string {
	syllables := [...]string{"an", "na", "mar", "ko", "lu", "pe", "ter", "sa", "to", "mi", "el", "ra", "jo", "han", "wil", "be"}
	var name strings.Builder
	for at := min(random.IntN(n), random.IntN(n)) + 16; at > 0; at /= 16 {
		name.WriteString(syllables[at%16])
	}
	return name.String()
}
