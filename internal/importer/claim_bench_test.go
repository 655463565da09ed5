package importer

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// BenchmarkClaim is what it costs a worker to find the next import, a watcher to count those
// before its own, and an import to ask whether others wait, while fifty companies have so
// many queued each.
func BenchmarkClaim(b *testing.B) {
	for _, dialect := range []database.Dialect{database.Postgres, database.SQLite} {
		for _, each := range []int{2, 20, 100} {
			w := newWorld(b, testenv.Open(b, dialect))
			e := w.engine(Options{})
			var runs []*ent.ImportRunCreate
			var last id.ID
			for c := range 50 {
				of := w.company(fmt.Sprint("Crowd ", c), false, nil)
				for range each {
					last = id.New(id.ImportRun)
					runs = append(runs, w.db.Ent().ImportRun.Create().SetID(last).SetCompanyID(of.ID).SetCreatedByName("x").SetKind(enum.Contacts).
						SetFileName("x").SetFileSize(1).SetUploadKey("x").SetFormat(json.RawMessage("{}")).SetTotalRows(1))
				}
			}
			for some := range slices.Chunk(runs, 1_000) {
				w.must(w.db.Ent().ImportRun.CreateBulk(some...).Exec(w.system))
			}
			b.Run(fmt.Sprintf("%s/%d-queued/claim", dialect, 50*each), func(b *testing.B) {
				for b.Loop() {
					c, err := e.claim(w.system, true)
					w.must(err)
					w.must(e.release(w.system, c, true))
				}
			})
			b.Run(fmt.Sprintf("%s/%d-queued/position", dialect, 50*each), func(b *testing.B) {
				for b.Loop() {
					_, err := e.QueuePositions(w.system, []id.ID{last})
					w.must(err)
				}
			})
			b.Run(fmt.Sprintf("%s/%d-queued/awaited", dialect, 50*each), func(b *testing.B) {
				for b.Loop() {
					_, err := e.awaited(w.system, &claim{company: w.plain.ID}, true)
					w.must(err)
				}
			})
			b.Run(fmt.Sprintf("%s/%d-queued/claimable", dialect, 50*each), func(b *testing.B) {
				for b.Loop() {
					_, err := e.Claimable(w.system, 64)
					w.must(err)
				}
			})
		}
	}
}
