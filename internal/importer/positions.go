package importer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tenantry/internal/database"
	"tenantry/internal/id"
)

// QueuePositions says for each of the queued imports how many, of all tenants, will start
// before it: companies take turns, in the order of the claim, with what each has queued.
// Imports that run or have ended are left out. What is said of a long queue is up to five
// seconds old.
func (e *Engine) QueuePositions(ctx context.Context, runs []id.ID) (map[id.ID]int, error) {
	queued, err := e.stillQueued(ctx, runs)
	if err != nil || len(queued) == 0 {
		return map[id.ID]int{}, err
	}
	view, err := e.places(ctx)
	if err != nil {
		return nil, err
	}
	positions := make(map[id.ID]int, len(queued))
	for run, company := range queued {
		if n, ok := view.at[run]; ok {
			positions[run] = n
			continue
		}
		// It came since: behind all that its company had.
		p, ok := view.next[company]
		if !ok {
			p = place{round: 1, turn: never, since: time.Now(), of: company}
		}
		positions[run] = view.ahead(p)
	}
	return positions, nil
}

// stillQueued has the company of each of the imports that is queued.
func (e *Engine) stillQueued(ctx context.Context, runs []id.ID) (map[id.ID]id.ID, error) {
	texts := make([]string, len(runs))
	for i, r := range runs {
		texts[i] = r.String()
	}
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT id, company_id FROM import_runs WHERE status = 'QUEUED' AND id`+e.db.Dialect().AmongIDTexts("$1"), database.Texts(texts))
	if err != nil {
		return nil, fmt.Errorf("reading which imports are queued: %w", err)
	}
	defer rows.Close()
	queued := map[id.ID]id.ID{}
	for rows.Next() {
		var run, company id.ID
		if err := rows.Scan(&run, &company); err != nil {
			return nil, err
		}
		queued[run] = company
	}
	return queued, rows.Err()
}

// places is the queue as it is, or was a moment ago where it is long.
func (e *Engine) places(ctx context.Context) (*places, error) {
	v := &e.queued
	v.mu.Lock() // whoever comes meanwhile waits for one reading, and has it too
	defer v.mu.Unlock()
	if v.last != nil && time.Now().Before(v.until) {
		return v.last, nil
	}
	read, err := e.readPlaces(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the queue: %w", err)
	}
	v.last, v.until = read, time.Time{}
	if n := len(read.order); n > shortQueue {
		v.until = time.Now().Add(min(time.Duration(n)*perQueued, longestStale))
	}
	return read, nil
}

func (e *Engine) readPlaces(ctx context.Context) (*places, error) {
	waiting, err := e.waitingCompanies(ctx)
	if err != nil {
		return nil, err
	}
	// What waits for another of its kind to end comes after what can start at once.
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT q.id, q.company_id FROM import_runs q
		LEFT JOIN import_runs w ON w.company_id = q.company_id AND w.kind = q.kind AND w.status = 'RUNNING'
		WHERE q.status = 'QUEUED' ORDER BY q.company_id, w.id IS NOT NULL, q.created_at, q.id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type entry struct {
		run id.ID
		place
	}
	var entries []entry
	next := map[id.ID]place{}
	for rows.Next() {
		var q entry
		if err := rows.Scan(&q.run, &q.of); err != nil {
			return nil, err
		}
		p, known := next[q.of]
		if !known {
			p = place{round: 1, turn: never, of: q.of}
			if w, ok := waiting[q.of]; ok {
				p.busy, p.turn, p.since = w.busy, w.turn, w.since
			}
		}
		q.place = p
		p.round++
		next[q.of] = p
		entries = append(entries, q)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b entry) int { return a.compare(b.place) })
	read := &places{order: make([]place, len(entries)), at: make(map[id.ID]int, len(entries)), next: next}
	for i, q := range entries {
		read.order[i], read.at[q.run] = q.place, i
	}
	return read, nil
}

// waitingCompanies has, of each company that has an import queued, what decides on its turn.
func (e *Engine) waitingCompanies(ctx context.Context) (map[id.ID]place, error) {
	d := e.db.Dialect()
	rows, err := e.db.SQL().QueryContext(ctx, `SELECT t.company_id, t.turn_at, t.since, COALESCE(b.n, 0) FROM import_turns t
		LEFT JOIN (SELECT b.company_id, count(*) AS n FROM `+busy(d)+` AS b GROUP BY b.company_id) AS b ON b.company_id = t.company_id
		WHERE t.company_id IN (SELECT q.company_id FROM import_runs q WHERE q.status = 'QUEUED')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[id.ID]place{}
	for rows.Next() {
		var p place
		var turn, since database.Time
		if err := rows.Scan(&p.of, &turn, &since, &p.busy); err != nil {
			return nil, err
		}
		p.turn, p.since = turn.Time, since.Time
		all[p.of] = p
	}
	return all, rows.Err()
}
