package importer

import (
	"fmt"
	"testing"

	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/testenv"
)

// BenchmarkClaim is what it costs a worker to find the next import, a watcher to count those
// before its own, and an import to ask whether others wait, while fifty companies have so
// many queued each.
func BenchmarkClaim(b *testing.B) {
	for _, dialect := range []database.Dialect{database.Postgres, database.SQLite} {
		for _, each := range []int{2, 100, 400} {
			w := newWorld(testenv.NewWorld(b, testenv.Open(b, dialect)))
			e := w.engine(Options{})
			last := w.crowd(50, each)
			b.Run(fmt.Sprintf("%s/%d-queued/claim", dialect, 50*each), func(b *testing.B) {
				for b.Loop() {
					c, err := e.claim(w.System, true)
					w.Must(err)
					w.Must(e.release(w.System, c, true))
				}
			})
			b.Run(fmt.Sprintf("%s/%d-queued/position", dialect, 50*each), func(b *testing.B) {
				for b.Loop() {
					_, err := e.QueuePositions(w.System, []id.ID{last})
					w.Must(err)
				}
			})
			b.Run(fmt.Sprintf("%s/%d-queued/awaited", dialect, 50*each), func(b *testing.B) {
				for b.Loop() {
					_, err := e.awaited(w.System, &claim{Run: kind.Run{Company: w.plain.ID}}, true)
					w.Must(err)
				}
			})
			b.Run(fmt.Sprintf("%s/%d-queued/claimable", dialect, 50*each), func(b *testing.B) {
				for b.Loop() {
					_, err := e.Claimable(w.System, 64)
					w.Must(err)
				}
			})
		}
	}
}
