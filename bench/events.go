package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"tenantry/client"
)

// events measures how soon a watcher hears of small imports: the first event and the last one,
// from the request's first byte, and that the import runs, from the upload's last byte.
type events struct {
	programs
	imports, rows, runningRows int
}

// heard is what came of one import.
type heard struct{ first, running, last time.Duration }

func (e *events) run(ctx context.Context) error {
	if e.imports < 1 || e.rows < 1 || e.runningRows < 1 {
		return errors.New("at least one of everything")
	}
	versions, end, err := e.versions(ctx, false, large(max(e.rows, e.runningRows)))
	defer end()
	if err != nil {
		return err
	}
	for _, v := range versions {
		if _, err := v.ready(ctx); err != nil {
			return err
		}
	}
	for _, rows := range []int{e.rows, e.runningRows} {
		file := make([]string, len(versions))
		all := make([][]heard, len(versions))
		users := make([]*client.Client, len(versions))
		for i, v := range versions {
			if _, users[i], err = v.company(ctx, fmt.Sprint("Events", rows)); err != nil {
				return err
			}
		}
		for n := range e.imports {
			for i, v := range versions {
				file[i], err = csvFile(v.dir, "events.csv", "email,first_name", rows, func(row int) string { return fmt.Sprintf("p%d.%d.%d@example.org,Ann", rows, n, row) })
				if err != nil {
					return err
				}
				h, err := hear(ctx, users[i], file[i])
				if err != nil {
					return err
				}
				all[i] = append(all[i], h)
			}
		}
		for i, v := range versions {
			var first, running, last []time.Duration
			for _, h := range all[i] {
				first, running, last = append(first, h.first), append(running, h.running), append(last, h.last)
			}
			fmt.Printf("%s, %d imports of %d rows\n  first byte to first event: %s\n  first byte to final event: %s\n  last byte to RUNNING (or its end): %s\n",
				v.name, e.imports, rows, percentiles(first), percentiles(last), percentiles(running))
			if rows == e.runningRows {
				v.figure("events running", median(running).Seconds()*1e3)
				v.figure("events running p99", quantile(running, 0.99).Seconds()*1e3)
			} else {
				v.figure(fmt.Sprintf("events final %d p99", rows), quantile(last, 0.99).Seconds()*1e3)
			}
		}
	}
	return nil
}

// hear imports the file and watches.
func hear(ctx context.Context, user *client.Client, path string) (h heard, err error) {
	file, err := os.Open(path)
	if err != nil {
		return h, err
	}
	defer file.Close()
	began := time.Now()
	sent := began
	run, err := user.ImportCSV(ctx, client.Upload{Kind: "CONTACTS", Name: "events.csv", File: file, Sent: func(int64) { sent = time.Now() }})
	if err != nil {
		return h, err
	}
	state, err := user.WatchImport(ctx, run.ID, func(i client.Import) error {
		if h.first == 0 {
			h.first = time.Since(began)
		}
		if h.running == 0 && i.Status != "QUEUED" {
			h.running = time.Since(sent)
		}
		return nil
	})
	h.last = time.Since(began)
	if err == nil && (state.Status != "COMPLETED" || state.FailedCount > 0) {
		err = fmt.Errorf("an import ended as %+v", state)
	}
	return h, err
}
