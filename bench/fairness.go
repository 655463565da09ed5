package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"tenantry/chaos/harness"
	"tenantry/client"
)

// fairness measures rule J8: how long a small import takes, from the beginning of its upload
// to its final event, when nothing else is there, beside one large import, and beside many
// companies with many imports each and the large one.
//
// A probe is a small import of a company that has nothing else under way. With a thousand
// imports queued those that queue wait for each other whatever is done, as long as the
// machine's work lasts; what fairness can promise is that a company which asks for little
// does not wait for those that ask for much.
type fairness struct {
	binary                                                                string
	companies, imports, rows, large, larges, probes, workers, concurrency int
}

// probing is how many companies the small imports come from, one after another.
const probing = 20

// tenant is a company of the bench and its administrator.
type tenant struct {
	id   string
	user *client.Client
}

func (f *fairness) run(ctx context.Context) error {
	if f.companies < 0 || f.imports < 1 || f.rows < 1 || f.larges < 1 || f.probes < 3 || f.workers < 1 {
		return errors.New("at least one of everything but companies, and three probes")
	}
	s, err := newStack(ctx, f.binary, false, map[string]string{
		"IMPORT_MAX_ROWS_CONTACTS": fmt.Sprint(f.large), "UPLOAD_MAX_BYTES": "2GiB", "WORKER_CONCURRENCY": fmt.Sprint(f.concurrency),
	})
	defer s.end()
	if err != nil {
		return err
	}
	if _, err := s.start(ctx, "api"); err != nil {
		return err
	}
	makeTenants := func(name string, n int) (all []tenant) {
		for i := range n {
			if err != nil {
				return nil
			}
			var t tenant
			t.id, t.user, err = s.company(ctx, fmt.Sprint(name, i))
			all = append(all, t)
		}
		return all
	}
	probes, crowd, large := makeTenants("Probe", min(f.probes, probing)), makeTenants("Crowd", f.companies), makeTenants("Large", 2*f.larges)
	if err != nil {
		return err
	}
	workers, err := s.workers(ctx, f.workers)
	if err != nil {
		return err
	}
	for i := range 3 { // what is slow the first time
		if _, err := f.probe(ctx, probes[i], fmt.Sprint("warm", i)); err != nil {
			return err
		}
	}
	idle, err := f.measure(ctx, "idle", probes, nil)
	if err != nil {
		return err
	}
	runs, err := f.start(ctx, large[:f.larges])
	if err != nil {
		return err
	}
	for i, run := range runs {
		if err := started(ctx, large[i].user, run); err != nil {
			return err
		}
	}
	beside, err := f.measure(ctx, fmt.Sprintf("beside %d large", f.larges), probes, func() (bool, error) { return s.all(ctx, large, runs) })
	if err != nil {
		return err
	}
	compare(idle, beside)
	figure(fmt.Sprintf("fairness %d p99", f.large), quantile(beside.all, 0.99).Seconds()/quantile(idle.all, 0.99).Seconds())
	if f.companies == 0 {
		return nil
	}
	for i, run := range runs {
		if _, err := large[i].user.WatchImport(ctx, run, nil); err != nil {
			return err
		}
	}

	// The crowd's imports are all there before the first of them is worked on.
	for _, w := range workers {
		if err := w.Stop(syscall.SIGTERM, 30*time.Second); err != nil {
			return err
		}
	}
	if runs, err = f.start(ctx, large[f.larges:]); err != nil {
		return err
	}
	if err := f.queue(ctx, crowd); err != nil {
		return err
	}
	db, err := s.postgres.Open("bench")
	if err != nil {
		return err
	}
	defer db.Close()
	left := func() (n int, err error) {
		err = db.QueryRowContext(ctx, `SELECT count(*) FROM import_runs r JOIN companies c ON c.id = r.company_id
			WHERE c.name LIKE 'Crowd%' AND r.status IN ('QUEUED', 'RUNNING')`).Scan(&n)
		return n, err
	}
	began := time.Now()
	if _, err := s.workers(ctx, f.workers); err != nil {
		return err
	}
	if err := harness.Until(ctx, time.Minute, "every company of the crowd to have had a turn", func() bool {
		var n int
		err = db.QueryRowContext(ctx, `SELECT count(*) FROM companies c WHERE c.name LIKE 'Crowd%' AND NOT EXISTS
			(SELECT 1 FROM import_runs r WHERE r.company_id = c.id AND r.claimed_at IS NOT NULL)`).Scan(&n)
		return err != nil || n == 0
	}); err != nil {
		return err
	}
	fmt.Printf("each of the %d companies had had its first turn after %v\n", f.companies, time.Since(began).Round(time.Millisecond))
	crowded, err := f.measure(ctx, "beside all of them", probes, func() (bool, error) {
		n, err := left()
		return n > 0, err
	})
	if err != nil {
		return err
	}
	compare(idle, crowded)
	n, err := left()
	if err != nil {
		return err
	}
	still, err := s.all(ctx, large[f.larges:], runs)
	fmt.Printf("when the last probe was over %d of the crowd's %d imports were left, and what is large was under way: %v\n", n, f.companies*f.imports, still)
	return err
}

// workers starts so many worker processes.
func (s *stack) workers(ctx context.Context, n int) (all []*harness.Process, err error) {
	for range n {
		w, err := s.start(ctx, "worker")
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// start sends a large file for each of the tenants.
func (f *fairness) start(ctx context.Context, tenants []tenant) (runs []string, err error) {
	for _, t := range tenants {
		run, err := upload(ctx, t.user, "", contacts("large", f.large))
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// all reports whether all of the tenants' imports are still under way.
func (s *stack) all(ctx context.Context, tenants []tenant, runs []string) (bool, error) {
	for i, run := range runs {
		var out struct{ ImportRun client.Import }
		err := tenants[i].user.Do(ctx, `query($id:ID!){importRun(id:$id){`+client.ImportFields+`}}`, client.Vars{"id": run}, &out)
		if err != nil || out.ImportRun.Ended() {
			return false, err
		}
	}
	return true, nil
}

// contacts is a file of new contacts; those of another tag are others.
func contacts(tag string, rows int) io.Reader {
	body, out := io.Pipe()
	go func() {
		var text strings.Builder
		text.WriteString("email,first_name,last_name,active,type\n")
		for i := range rows {
			fmt.Fprintf(&text, "%s.%d@example.org,First%d,Last%d,true,personal\n", tag, i, i, i)
			if text.Len() > 64<<10 {
				if _, err := io.WriteString(out, text.String()); err != nil {
					return // whoever read has gone
				}
				text.Reset()
			}
		}
		_, err := io.WriteString(out, text.String())
		out.CloseWithError(err)
	}()
	return body
}

// times are a small import's: all of it as its user sees it, how long it lay until a worker
// took it, and how long it was worked on.
type times struct{ all, waited, worked time.Duration }

// probe imports a small file and gives how long it took.
func (f *fairness) probe(ctx context.Context, t tenant, tag string) (took times, err error) {
	began := time.Now()
	run, err := upload(ctx, t.user, "", contacts(tag, f.rows))
	if err != nil {
		return took, err
	}
	p, err := t.user.WatchImport(ctx, run, nil)
	took.all = time.Since(began)
	if err == nil && (p.Status != "COMPLETED" || p.CreatedCount != f.rows) {
		err = fmt.Errorf("a probe ended as %+v", p)
	}
	if err != nil {
		return took, err
	}
	var out struct {
		ImportRun struct{ CreatedAt, StartedAt, FinishedAt time.Time }
	}
	err = t.user.Do(ctx, `query($id:ID!){importRun(id:$id){createdAt startedAt finishedAt}}`, client.Vars{"id": run}, &out)
	r := out.ImportRun
	took.waited, took.worked = r.StartedAt.Sub(r.CreatedAt), r.FinishedAt.Sub(r.StartedAt)
	return took, err
}

// measure makes one probe after another, each of another company, for as long as the
// load beside them lasts (still).
func (f *fairness) measure(ctx context.Context, what string, probes []tenant, still func() (bool, error)) (measured, error) {
	var m measured
	var waited, worked []time.Duration
	for i := range f.probes {
		d, err := f.probe(ctx, probes[i%len(probes)], strings.ReplaceAll(what, " ", "-")+fmt.Sprint(i))
		if err != nil {
			return m, err
		}
		if still != nil {
			if yes, err := still(); err != nil {
				return m, err
			} else if !yes {
				break // this one may have had less company
			}
		}
		m.all, m.inside = append(m.all, d.all), append(m.inside, d.waited+d.worked)
		waited, worked = append(waited, d.waited), append(worked, d.worked)
	}
	if len(m.all) < 3 {
		return m, fmt.Errorf("%s: only %d probes were over before the rest was; make the load larger", what, len(m.all))
	}
	fmt.Printf("%-22s %d small imports of %d rows: %s; waiting %.1f ms, at work %.1f\n", what+":", len(m.all), f.rows,
		percentiles(m.all), 1e3*median(waited).Seconds(), 1e3*median(worked).Seconds())
	return m, nil
}

// measured are the probes in one environment: as their users see them, and from the moment
// they are accepted to the moment they are over, without the upload and the delivery of events.
type measured struct{ all, inside []time.Duration }

func compare(idle, loaded measured) {
	of := func(a, b []time.Duration) (text string) {
		for _, share := range []float64{0.5, 0.9, 0.99} {
			text += fmt.Sprintf(" p%.0f %.2f", 100*share, quantile(a, share).Seconds()/quantile(b, share).Seconds())
		}
		return text
	}
	fmt.Printf("%-22s to the final event, against idle:%s\n%-22s from accepted to over, against idle:%s\n", "", of(loaded.all, idle.all), "", of(loaded.inside, idle.inside))
}

// queue uploads the crowd's imports, each company's one after another.
func (f *fairness) queue(ctx context.Context, crowd []tenant) error {
	var all sync.WaitGroup
	failed, places := make(chan error, len(crowd)), make(chan struct{}, 4)
	for c, t := range crowd {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			for i := range f.imports {
				if _, err := upload(ctx, t.user, "", contacts(fmt.Sprintf("crowd.%d.%d", c, i), f.rows)); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	return <-failed
}
