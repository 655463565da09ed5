package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// crowd queues imports of many companies, so many each, without their files.
func (w *world) crowd(companies, each int) (last id.ID) {
	w.T.Helper()
	names := make([]*ent.CompanyCreate, companies)
	for c := range names {
		name := fmt.Sprintf("crowd-%d-%d", companies, c)
		names[c] = w.DB.Ent().Company.Create().SetName(name).SetSlug(name).SetNameSlug(name).SetNameKey(name)
	}
	var runs []*ent.ImportRunCreate
	for from := 0; from < companies; from += 500 {
		made, err := w.DB.Ent().Company.CreateBulk(names[from:min(from+500, companies)]...).Save(w.System)
		w.Must(err)
		for _, of := range made {
			for range each {
				last = id.New(id.ImportRun)
				runs = append(runs, w.DB.Ent().ImportRun.Create().SetID(last).SetCompanyID(of.ID).SetCreatedByName("x").SetKind(enum.Contacts).
					SetFileName("x").SetFileSize(1).SetUploadKey("x").SetFormat(json.RawMessage("{}")).SetTotalRows(1_000_000))
			}
		}
	}
	for from := 0; from < len(runs); from += 1_000 {
		w.Must(w.DB.Ent().ImportRun.CreateBulk(runs[from:min(from+1_000, len(runs))]...).Exec(w.System))
	}
	d := w.DB.Dialect()
	w.Exec(`INSERT INTO import_turns (company_id, waiting, turn_at, since) SELECT company_id, $1, `+d.Now()+`, `+d.Now()+`
		FROM import_runs WHERE status = 'QUEUED' GROUP BY company_id ON CONFLICT DO NOTHING`, true)
	if d == database.Postgres {
		w.Exec(`ANALYZE import_runs; ANALYZE import_turns`)
	}
	return last
}

// What a claim, a look for whoever waits and the sweep read does not grow with what is queued.
func TestTheQueueIsReadByIndexes(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e, d := w.engine(Options{}), w.DB.Dialect()
		w.crowd(50, 10)
		company := w.plain.ID
		queries := map[string]string{ // as next, awaited and Claimable ask
			"abandoned": `SELECT r.id FROM import_runs r WHERE r.id IN ` + abandoned(d) + ` ORDER BY r.claimed_at, r.id LIMIT 1`,
			"company":   `SELECT t.company_id FROM import_turns t WHERE t.waiting AND t.company_id NOT IN ` + busy(d) + ` ORDER BY ` + fairOrder + ` LIMIT 1`,
			"busy company": `SELECT t.company_id FROM import_turns t JOIN (SELECT b.company_id, count(*) AS n FROM ` + busy(d) + ` AS b GROUP BY b.company_id) AS b
				ON b.company_id = t.company_id WHERE t.waiting ORDER BY b.n, ` + fairOrder + ` LIMIT 1`,
			"heads": `SELECT r.id FROM import_runs r WHERE ` + e.free("'"+company.String()+"'") + ` ORDER BY r.claimed_at NULLS FIRST, r.created_at, r.id LIMIT 1`,
			"waiting": `SELECT 1 FROM (SELECT t.company_id FROM import_turns t WHERE t.waiting ORDER BY ` + fairOrder + ` LIMIT 32) AS f
				JOIN import_runs r ON ` + e.free("f.company_id"),
		}
		read := func() map[string]int {
			all := map[string]int{}
			for name, query := range queries {
				all[name] = w.pages(query)
			}
			return all
		}
		before := read()
		w.crowd(2_000, 3)
		for name, pages := range read() {
			if pages > 2*before[name]+8 {
				t.Errorf("%s: %d pages with 6,500 imports of 2,050 companies queued, %d with 500 of 50", name, pages, before[name])
			}
		}
		if runs, err := e.Claimable(w.System, 64); err != nil || len(runs) != 64 {
			t.Errorf("%d can be claimed, %v", len(runs), err)
		}
	})
}

// pages is how many pages the statement reads. SQLite does not count them: there its plan must
// scan no table.
func (w *world) pages(query string) (n int) {
	w.T.Helper()
	if w.DB.Dialect() == database.SQLite {
		rows, err := w.DB.SQL().QueryContext(w.System, `EXPLAIN QUERY PLAN `+query)
		w.Must(err)
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var step string
			w.Must(rows.Scan(&id, &parent, &unused, &step))
			table, scans := strings.CutPrefix(step, "SCAN ")
			ours := strings.HasPrefix(table, "o") || strings.HasPrefix(table, "r") || strings.HasPrefix(table, "t")
			if scans && ours && !strings.HasSuffix(table, "INDEX import_turns_waiting") { // which is left after the first
				w.T.Errorf("%s\nscans: %s", query, step)
			}
		}
		w.Must(rows.Err())
		return 0
	}
	var raw string
	w.Must(w.DB.SQL().QueryRowContext(w.System, `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) `+query).Scan(&raw))
	var plans []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	w.Must(json.Unmarshal([]byte(raw), &plans))
	return plans[0].Plan.Hit + plans[0].Plan.Read
}

// A long queue is read once for all who ask for their place in it, and who comes later is
// told a place behind what its company had.
func TestALongQueueIsReadOnceForAll(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		last := w.crowd(500, 6)
		at, err := e.QueuePositions(w.System, []id.ID{last})
		w.Must(err)
		if at[last] < 2_500 || at[last] >= 3_000 {
			t.Errorf("the last of 3,000 has place %d", at[last])
		}
		e.queued.until = time.Now().Add(time.Hour)
		read := e.queued.last
		mine, later := w.queued(e, w.maria), w.queued(e, w.maria)
		for range 100 {
			at, err = e.QueuePositions(w.System, []id.ID{mine.ID, last})
			w.Must(err)
		}
		if e.queued.last != read {
			t.Error("it was read again")
		}
		if at[mine.ID] > 500 {
			t.Errorf("a newcomer has place %d; each of 500 companies has one before it at most", at[mine.ID])
		}
		e.queued.until = time.Time{}
		at, err = e.QueuePositions(w.System, []id.ID{mine.ID, later.ID})
		w.Must(err)
		testenv.Equal(t, "the newcomer's", at, map[id.ID]int{mine.ID: 0, later.ID: 501})
	})
}

// What an older release queued and knows no turns for is found by the sweep.
func TestJ3WhatHasNoTurnIsFound(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.queued(e, w.maria)
		w.Exec(`DELETE FROM import_turns`)
		if c := w.claimed(e); c != nil {
			t.Fatalf("claimed %v", c.ID)
		}
		if runs, err := e.Claimable(w.System, 10); err != nil || len(runs) != 1 || runs[0] != run.ID {
			t.Errorf("%v can be claimed, %v", runs, err)
		}
		if c := w.claimed(e); c == nil || c.ID != run.ID {
			t.Errorf("claimed %+v", c)
		}
	})
}

// An import that is accepted in the instant in which another of its company is claimed, ends
// or is canceled is not overlooked.
func TestJ3AnImportAcceptedBesideAClaimWaits(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		if w.DB.Dialect() == database.SQLite {
			t.Skip("one writer at a time")
		}
		e := w.engine(Options{})
		w.queued(e, w.maria)
		c := w.claimed(e)
		late := w.queued(e, w.maria)
		w.Exec(`UPDATE import_runs SET status = 'CANCELED' WHERE id = $1`, late.ID) // and now anew, in a transaction that stays open
		accepted, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			ended <- w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
				if _, err := tx.ExecContext(ctx, `UPDATE import_runs SET status = 'QUEUED' WHERE id = $1`, late.ID); err != nil {
					return err
				}
				if err := e.updateTurn(ctx, tx, late.CompanyID, false); err != nil {
					return err
				}
				close(accepted)
				w.Await("the end to wait for the turn", func() bool {
					var n int
					err := w.DB.SQL().QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE application_name = current_setting('application_name') AND wait_event_type = 'Lock'`).Scan(&n)
					return err != nil || n > 0
				})
				return nil
			})
		}()
		<-accepted
		w.Must(e.work(w.System, c)) // its end waits for the acceptance
		w.Must(errors.Join(<-ended))
		if next := w.claimed(e); next == nil || next.ID != late.ID {
			t.Errorf("claimed %+v", next)
		}
	})
}
