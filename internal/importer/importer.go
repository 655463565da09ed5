// Package importer runs an import from its upload to its result.
//
// Every row of an accepted file is processed exactly once and accounted for, whatever fails on
// the way:
//
//   - The database is the record. Accepting a file, claiming it, each batch and the end
//     are one transaction each. The queue and the events are hints that may be lost.
//   - A claim increases the import's epoch and takes a lease by the database's clock. Every
//     later write is conditional on the epoch, so that a worker that was thought dead and
//     continues changes nothing.
//   - The records of a batch, its issues, the counters and the position in the file are one
//     transaction. The next worker continues after the last commit.
//   - The result is that of processing the rows one after another (rule R2).
//
// Where a kind allows it (see inflight.go) a batch is planned and written while the one before it is,
// on a connection of its own, and commits behind it.
//
// Package kind defines what a kind of import is, package sheet what a file contains. The engine
// receives the kinds and names none. The files, in order: start, input, upload, mappings, spans,
// columnmemory, seal and idempotency accept a file; next, queue, claim, slots and lease decide who works on which
// import; run, batch, inflight and issues work on it; finish, summary, named, otherrows and rejects
// end it, audit writes the company's log. Besides: watch and watchpace (progress), pace, positions
// and places (queue positions), kinds, cancel, undo, undone, undosummary, forget, preview, template, download, sharing, owner and clean.
package importer

import (
	"context"
	"log/slog"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/blob"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/progress"
)

// Queue wakes a worker somewhere: the import may be claimed, or another one.
type Queue interface {
	Enqueue(ctx context.Context, run id.ID) error
}

// Rights finds what a caller may do now (rule J6).
type Rights interface {
	ViewerOf(ctx context.Context, p viewer.Principal) (viewer.Viewer, error)
}

// Fingerprints are of files that have passwords: nobody is to guess those by them (rule U2).
type Fingerprints interface {
	Fingerprint(ctx context.Context, data, salt []byte) ([]byte, error)
}

// Options bound the engine; the zero value of each means its default.
type Options struct {
	MaxRows        map[enum.ImportKind]int // rows per file (rule F4); default what the kind says
	MaxUploadBytes int64                   // default 64 MiB
	BatchRows      int                     // rows per transaction, at most; default 2,500
	BatchBytes     int64                   // bytes of the file per transaction, at most; default 4 MiB
	InFlight       int                     // batches of one import that are worked on at once, where its kind allows it; default 2; 1 on SQLite, which has one writer
	Lease          time.Duration           // how long a silent worker keeps its claim; default 10 s
	Turn           time.Duration           // how long an import is worked on while others wait that are not short (rule J8); default 1 s
	MaxClaims      int                     // claims in a row without a commit before it is FAILED (rule J3); default 5
	AnswerWithin   time.Duration           // what a caller waits for the database at most, the upload itself apart; default 12 s
	Refresh        time.Duration           // how often watchers read even without events; default 2 s
	UploadsKept    time.Duration           // after the end (rule J11); default 7 days
	RejectsKept    time.Duration           // after the end (rule J11); default 30 days
	UndoPeriod     time.Duration           // how long it is kept what batches replaced (rule J14); default 30 days
}

func (o Options) withDefaults(all kind.Set) Options {
	rows := map[enum.ImportKind]int{}
	for _, k := range all {
		rows[k.Name()] = k.MaxRows()
	}
	for k, n := range o.MaxRows {
		if n > 0 {
			rows[k] = n
		}
	}
	o.MaxRows = rows
	def(&o.MaxUploadBytes, 64<<20)
	def(&o.BatchRows, 2_500)
	def(&o.BatchBytes, 4<<20)
	def(&o.InFlight, 2)
	def(&o.Lease, 10*time.Second)
	def(&o.Turn, time.Second)
	def(&o.MaxClaims, 5)
	def(&o.AnswerWithin, 12*time.Second)
	def(&o.Refresh, 2*time.Second)
	def(&o.UploadsKept, 7*24*time.Hour)
	def(&o.RejectsKept, 30*24*time.Hour)
	def(&o.UndoPeriod, 30*24*time.Hour)
	return o
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Engine runs imports. Make it with New; it is safe for concurrent use.
type Engine struct {
	db     *database.DB
	blobs  *blob.Store
	events *progress.Hub
	queue  Queue
	rights Rights
	shared sharing
	log    *slog.Logger
	o      Options

	fingerprints Fingerprints

	kinds   kind.Set
	watched *watchedRuns
	slots   slots
	queued  queueView
}

// Parts are what an Engine works with; all but Sharing are needed.
type Parts struct {
	DB           *database.DB
	Blobs        *blob.Store
	Events       *progress.Hub
	Queue        Queue
	Rights       Rights
	Fingerprints Fingerprints
	Kinds        kind.Set // that can be imported
	Sharing      Sharing  // nil: there is nobody to share with
	Log          *slog.Logger
}

// New returns an engine.
func New(p Parts, o Options) *Engine {
	e := &Engine{
		db: p.DB, blobs: p.Blobs, events: p.Events, queue: p.Queue, rights: p.Rights, log: p.Log, o: o.withDefaults(p.Kinds),
		shared:       sharing{with: p.Sharing, log: p.Log},
		fingerprints: p.Fingerprints, kinds: p.Kinds,
	}
	e.watched = newWatchedRuns(e)
	return e
}

// publish wakes the watchers of the topics; it may fail, since watchers read by themselves too.
func (e *Engine) publish(ctx context.Context, topics ...string) {
	for _, topic := range topics {
		if err := e.events.Publish(ctx, topic); err != nil {
			e.log.DebugContext(ctx, "event not published", "topic", topic, "error", err)
		}
	}
}

// enqueue asks for a worker; if the queue is down the sweep does it later.
func (e *Engine) enqueue(ctx context.Context, run id.ID) {
	if err := e.queue.Enqueue(ctx, run); err != nil {
		e.log.WarnContext(ctx, "the queue did not take the task; the sweep will queue it again", "import", run, "error", err)
	}
}
