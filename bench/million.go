package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"tenantry/chaos/harness"
	"tenantry/client"
)

// million imports one large file with bad rows in it and checks what an import is to keep
// whatever its size: the counts add up, memory stays flat, the issues page by an index, the
// rejects file streams.
type million struct {
	binary    string
	rows, bad int
	sqlite    bool
}

func (m *million) run(ctx context.Context) (err error) {
	if m.bad < 1 || m.rows < 10*m.bad {
		return fmt.Errorf("%d bad rows of %d: at least one, and at most one in ten", m.bad, m.rows)
	}
	s, err := newStack(ctx, m.binary, m.sqlite, map[string]string{"IMPORT_MAX_ROWS_CONTACTS": fmt.Sprint(m.rows), "UPLOAD_MAX_BYTES": "2GiB"})
	defer s.end()
	if err != nil {
		return err
	}
	api, worker, err := s.run(ctx)
	if err != nil {
		return err
	}
	_, user, err := s.company(ctx, "Large")
	if err != nil {
		return err
	}
	run, err := m.imported(ctx, user, api, worker)
	if err != nil {
		return err
	}
	return errors.Join(m.page(ctx, s, user, run), m.rejects(ctx, user, run, api))
}

// file writes the rows; the bad ones are as far from each other as they can be.
func (m *million) file(out io.Writer) error {
	w := bufio.NewWriterSize(out, 256<<10)
	_, _ = w.WriteString("email,first_name,last_name,active,type\n") // the first error comes back with Flush
	bad := 0
	for i := range m.rows {
		if bad < m.bad && i == bad*(m.rows/m.bad) {
			_, _ = fmt.Fprintf(w, badRows[bad%len(badRows)]+"\n", i)
			bad++
			continue
		}
		_, _ = fmt.Fprintf(w, "person.%d@example.org,First%d,Last%d,true,personal\n", i, i, i)
	}
	return w.Flush()
}

// badRows have one problem each.
var badRows = []string{
	"person.%d at example.org,First,Last,true,personal", "person.%d@example.org,,Last,true,personal",
	"person.%d@example.org,First,Last,perhaps,personal", "person.%d@example.org,First,=1+1,true,personal",
	"person.%d@example.org,First,Last,true,robot",
}

// imported uploads the file and follows it to its end.
func (m *million) imported(ctx context.Context, user *client.Client, api, worker *harness.Process) (run string, err error) {
	body, out := io.Pipe()
	go func() { out.CloseWithError(m.file(out)) }()
	began := time.Now()
	if run, err = upload(ctx, user, "", body); err != nil {
		return "", err
	}
	accepted := time.Since(began)
	var processed atomic.Int64
	stop, sampled := make(chan struct{}), make(chan []tenth)
	go func() { sampled <- sample(worker, m.rows, &processed, stop) }()
	began = time.Now()
	p, err := user.WatchImport(ctx, run, func(p client.Import) error {
		processed.Store(int64(p.ProcessedRows))
		return nil
	})
	took := time.Since(began)
	close(stop)
	tenths := <-sampled
	if err != nil {
		return run, err
	}
	sum := p.CreatedCount + p.UpdatedCount + p.UnchangedCount + p.SkippedCount + p.FailedCount
	fmt.Printf("accepted after %v; imported in %v, %.0f rows/s: %s, %d created, %d failed, %d in all of %d\n", accepted.Round(time.Millisecond),
		took.Round(time.Millisecond), float64(m.rows)/took.Seconds(), p.Status, p.CreatedCount, p.FailedCount, sum, p.TotalRows)
	if p.Status != "COMPLETED" || sum != m.rows || p.FailedCount != m.bad || p.CreatedCount != m.rows-m.bad {
		err = fmt.Errorf("the counts do not add up: %+v", p)
	}
	fmt.Print("memory of the worker, MiB, by tenths of the file:")
	for _, t := range tenths {
		fmt.Printf(" %d", t.mean()>>20)
	}
	_, most, merr := resident(worker.PID())
	_, mostAPI, aerr := resident(api.PID())
	fmt.Printf("; at most %d MiB, and of the api process %d MiB\n", most>>20, mostAPI>>20)
	return run, errors.Join(err, merr, aerr)
}

// tenth gathers how much memory a process held while a tenth of the file was imported.
type tenth struct{ sum, n int64 }

func (t tenth) mean() int64 { return t.sum / max(t.n, 1) }

// sample looks ten times a second until stop is closed.
func sample(p *harness.Process, rows int, processed *atomic.Int64, stop <-chan struct{}) []tenth {
	tenths := make([]tenth, 10)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return tenths
		case <-tick.C:
		}
		now, _, err := resident(p.PID())
		if err != nil {
			continue
		}
		t := &tenths[min(9, int(processed.Load())*10/rows)]
		t.sum, t.n = t.sum+now, t.n+1
	}
}

// page goes through all issues, a hundred at a time.
func (m *million) page(ctx context.Context, s *stack, user *client.Client, run string) error {
	scans := func() (seq, index int64, err error) { return 0, 0, nil }
	if s.postgres != nil {
		db, err := s.postgres.Open("bench")
		if err != nil {
			return err
		}
		defer db.Close()
		scans = func() (seq, index int64, err error) {
			err = db.QueryRowContext(ctx, `SELECT seq_scan, idx_scan FROM pg_stat_user_tables WHERE relname = 'import_issues'`).Scan(&seq, &index)
			return seq, index, err
		}
	}
	seqBefore, indexBefore, err := scans()
	if err != nil {
		return err
	}
	var took []time.Duration
	seen, after, last := 0, (*string)(nil), 0
	for {
		var out struct {
			ImportRun struct {
				Issues struct {
					Nodes    []struct{ Row int }
					PageInfo struct {
						HasNextPage bool
						EndCursor   *string
					}
				}
			}
		}
		began := time.Now()
		err := user.Do(ctx, `query($id:ID!,$a:Cursor){importRun(id:$id){issues(first:100,after:$a){nodes{row line column value code message} pageInfo{hasNextPage endCursor}}}}`,
			client.Vars{"id": run, "a": after}, &out)
		if err != nil {
			return err
		}
		took = append(took, time.Since(began))
		for _, i := range out.ImportRun.Issues.Nodes {
			if i.Row <= last {
				return fmt.Errorf("row %d comes behind row %d", i.Row, last)
			}
			last = i.Row
			seen++
		}
		if after = out.ImportRun.Issues.PageInfo.EndCursor; !out.ImportRun.Issues.PageInfo.HasNextPage {
			break
		}
	}
	first, end := median(took[:len(took)/10]), median(took[len(took)-len(took)/10:])
	fmt.Printf("issues: %d on %d pages; a page of the first tenth takes %v, one of the last %v (%.2f of it), the slowest %v\n", seen, len(took),
		first.Round(10*time.Microsecond), end.Round(10*time.Microsecond), end.Seconds()/first.Seconds(), slices.Max(took).Round(time.Millisecond))
	if seen != m.bad {
		return fmt.Errorf("%d issues were seen, %d rows are bad", seen, m.bad)
	}
	if s.postgres == nil {
		return nil
	}
	var seq, index int64
	err = harness.Until(ctx, 30*time.Second, "the server's statistics", func() bool { // sessions tell with some delay
		seq, index, err = scans()
		return err != nil || index-indexBefore >= int64(len(took))
	})
	if err == nil {
		fmt.Printf("meanwhile the table was scanned %d times as a whole, %d times by an index\n", seq-seqBefore, index-indexBefore)
		if seq != seqBefore {
			err = errors.New("pages were read without an index")
		}
	}
	return err
}

// rejects downloads the file of the failed rows.
func (m *million) rejects(ctx context.Context, user *client.Client, run string, api *harness.Process) error {
	var out struct{ ImportRun struct{ RejectsURL string } }
	if err := user.Do(ctx, `query($id:ID!){importRun(id:$id){rejectsUrl}}`, client.Vars{"id": run}, &out); err != nil {
		return err
	}
	_, before, err := resident(api.PID())
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, out.ImportRun.RejectsURL, nil)
	if err != nil {
		return err
	}
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	counted := &counter{r: resp.Body}
	lines := csv.NewReader(counted)
	lines.ReuseRecord, lines.FieldsPerRecord = true, -1 // a row that was misshapen still is
	rows := -1                                          // the header
	var first time.Duration
	for {
		if _, err := lines.Read(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if rows++; rows == 0 {
			first = time.Since(began)
		}
	}
	_, most, err := resident(api.PID())
	fmt.Printf("rejects: %d rows, %.1f MiB; the first line after %v, all after %v; the api process's most memory grew by %d MiB\n",
		rows, float64(counted.n)/(1<<20), first.Round(10*time.Microsecond), time.Since(began).Round(time.Millisecond), (most-before)>>20)
	if rows != m.bad {
		err = errors.Join(err, fmt.Errorf("%d rejected rows, %d are bad", rows, m.bad))
	}
	return err
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
