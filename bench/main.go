// Bench measures what the documentation says of large files and of many tenants at once, on
// the program as its users run it: processes of its own, PostgreSQL and Redis, and the public
// API.
//
//	go run ./bench million                         a million contacts, 50,000 of them bad
//	go run ./bench million -sqlite                 the same in one process, on SQLite
//	go run ./bench fairness                        50 companies with 20 imports each, and one with a million rows
//	go run ./bench burden                          long values, and what is done by hand beside an import
//	go run ./bench burden -against ./older         the same, in turn with the program of another version
//	go run ./bench idle                            what a worker without work costs, and how quickly it wakes up
//	go run ./bench parallel                        what loading on two connections could gain
//	go run ./bench bounds                          operations, lists, deletions and indexes on much data
//
// It builds the program, starts everything that it needs behind Unix sockets and on this
// machine's loopback alone, and ends it. It needs Linux, Go, PostgreSQL's and Redis's servers,
// and nothing that runs already. What it prints beside times are ratios between things that
// were done in turn on the same machine, which noise moves less. docs/performance.md has what
// came out.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	var measure func(context.Context) error
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	flags := flag.NewFlagSet("bench "+name, flag.ContinueOnError)
	switch name {
	case "million":
		m := million{}
		flags.IntVar(&m.rows, "rows", 1_000_000, "rows of the file")
		flags.IntVar(&m.bad, "bad", 50_000, "how many of them are bad")
		flags.IntVar(&m.rounds, "rounds", 1, "how often the file is imported, each time into another company")
		flags.BoolVar(&m.sqlite, "sqlite", false, "one process on SQLite in place of PostgreSQL, Redis, api and worker")
		measure = m.run
	case "fairness":
		f := fairness{}
		flags.IntVar(&f.companies, "companies", 50, "companies with many imports")
		flags.IntVar(&f.imports, "imports", 20, "imports that each of them has queued")
		flags.IntVar(&f.rows, "rows", 200, "rows of a small import")
		flags.IntVar(&f.large, "large", 1_000_000, "rows of the large import")
		flags.IntVar(&f.larges, "larges", 1, "companies with a large import each")
		flags.IntVar(&f.probes, "probes", 30, "small imports that are measured in each environment")
		flags.IntVar(&f.workers, "workers", 1, "worker processes")
		flags.IntVar(&f.concurrency, "concurrency", 4, "imports that a worker process runs at once")
		measure = f.run
	case "burden":
		b := burden{}
		flags.StringVar(&b.against, "against", "", "the program, as it was built from another commit, with which all is measured in turn")
		flags.BoolVar(&b.sqlite, "sqlite", false, "one process on SQLite in place of PostgreSQL, Redis, api and worker")
		flags.IntVar(&b.contacts, "contacts", 1_000, "contacts with long values")
		flags.IntVar(&b.values, "values", 20, "values that each of them has")
		flags.IntVar(&b.bytes, "bytes", 10_000, "bytes of a value")
		flags.IntVar(&b.rows, "rows", 200_000, "rows of the import beside which a customer is deleted")
		flags.IntVar(&b.rounds, "rounds", 3, "customers that are deleted")
		measure = b.run
	case "idle":
		m := idle{settle: 5 * time.Second}
		flags.StringVar(&m.binary, "binary", "", "the program, as it was built from another commit; empty: built from this one")
		flags.BoolVar(&m.sqlite, "sqlite", false, "one process on SQLite in place of PostgreSQL, Redis, api and worker")
		flags.IntVar(&m.rounds, "rounds", 3, "how often the idle process is measured")
		flags.DurationVar(&m.measure, "for", 20*time.Second, "how long each time")
		flags.IntVar(&m.imports, "imports", 101, "imports that wake it up")
		measure = m.run
	case "parallel":
		p := parallel{}
		flags.IntVar(&p.rows, "rows", 200_000, "rows of the file")
		flags.IntVar(&p.rounds, "rounds", 7, "how often both ways are taken in turn")
		measure = p.run
	case "bounds":
		b := bounds{}
		flags.StringVar(&b.binary, "binary", "", "the program, as it was built from another commit; empty: built from this one")
		flags.IntVar(&b.administrators, "administrators", 12_000, "administrators of the partner")
		flags.IntVar(&b.customers, "customers", 20, "customers with labels")
		flags.IntVar(&b.labels, "labels", 1_000, "labels of each")
		flags.IntVar(&b.contacts, "contacts", 300_000, "contacts of the project and of the label that are deleted")
		measure = b.run
	default:
		fmt.Fprintln(os.Stderr, "bench: say what to measure: million, fairness, burden, idle, parallel or bounds; -h behind it lists its flags")
		return 2
	}
	if err := flags.Parse(args[1:]); err != nil {
		return 2
	}
	if err := measure(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}
