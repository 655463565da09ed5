// Bench measures the program as its users run it (processes of its own, PostgreSQL and Redis,
// the public API) against what it is compared with, in turn in one run.
//
//	go run ./bench contacts      new contacts against psql's \copy and ent's CreateBulk
//	go run ./bench again         the same file twice, and every other row changed, against ent's upsert
//	go run ./bench users         users with passwords against argon2id on all cores
//	go run ./bench sqlite        new contacts on SQLite against .import by sqlite3
//	go run ./bench events        how soon a watcher hears of small imports
//	go run ./bench fairness      small imports beside a large one and a crowd, against idle
//	go run ./bench pages         pages of contacts against hand-written SQL and encoding/json
//	go run ./bench watchers      many WebSockets that watch one import, and the restart of a process
//	go run ./bench million       a million contacts, 50,000 of them bad: counts, memory, issues, rejects
//	go run ./bench burden        long values, and what is done by hand beside an import
//	go run ./bench idle          what a worker without work costs, and how quickly it wakes up
//	go run ./bench journal       what the journal of imports costs, in bytes and CPU time
//	go run ./bench undo          undos of imports against the imports, with the worker's memory
//	go run ./bench signin        failed sign-ins of known and unknown accounts, alone and beside a flood
//	go run ./bench bounds        operations, lists, deletions and indexes on much data
//	go run ./bench all           the first eight, and a table of results; -short in under ten minutes
//
// A name with -h lists its flags. Most take -against ./older, a program that was built from
// another commit, and measure both in turn.
//
// It builds the program, starts everything that it needs behind Unix sockets and on this
// machine's loopback alone, and ends it. It needs Linux, Go, PostgreSQL's and Redis's servers,
// for one measurement sqlite3, and nothing that runs already. Ratios between what was done in
// turn on the same machine say most: noise moves them less than times. CPU time is that of all
// processes, those in the background included. bench/RESULTS.md has what came out.
package main

import (
	"context"
	"errors"
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
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	flags := flag.NewFlagSet("bench "+name, flag.ContinueOnError)
	measure := measurement(name, flags)
	if measure == nil {
		fmt.Fprintln(os.Stderr, "bench: say what to measure: contacts, again, users, sqlite, events, fairness, pages, watchers, million, burden, idle, journal, undo, signin, bounds or all; -h behind it lists its flags")
		return 2
	}
	if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if name != "reference" {
		fmt.Println(about(ctx))
	}
	if err := measure(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// measurement is what the name stands for, with its flags; nil: nothing.
func measurement(name string, flags *flag.FlagSet) func(context.Context) error {
	binary := func(p *string) {
		flags.StringVar(p, "binary", "", "the program, as it was built before; empty: built from this commit")
	}
	compared := func(p *programs) {
		binary(&p.binary)
		flags.StringVar(&p.against, "against", "", "the program, as it was built from another commit, with which all is measured in turn")
	}
	rounds := func(p *int, n int) { flags.IntVar(p, "rounds", n, "how often everything is measured in turn") }
	onSQLite := func(p *bool) {
		flags.BoolVar(p, "sqlite", false, "one process on SQLite in place of PostgreSQL, Redis, api and worker")
	}
	switch name {
	case "contacts":
		m := &contactsLoad{}
		compared(&m.programs)
		rounds(&m.rounds, 5)
		flags.IntVar(&m.rows, "rows", 200_000, "rows of the file")
		flags.IntVar(&m.entRows, "ent", 20_000, "rows that ent inserts at most, compared by the row; 0: none")
		return m.run
	case "again":
		m := &again{}
		compared(&m.programs)
		rounds(&m.rounds, 5)
		flags.IntVar(&m.rows, "rows", 200_000, "rows of the file")
		flags.IntVar(&m.entRows, "ent", 50_000, "rows that ent upserts, compared by the row")
		return m.run
	case "journal":
		m := &journalCost{}
		compared(&m.programs)
		rounds(&m.rounds, 5)
		flags.IntVar(&m.rows, "rows", 200_000, "rows of each file")
		return m.run
	case "undo":
		m := &undoCost{}
		binary(&m.binary)
		onSQLite(&m.sqlite)
		rounds(&m.rounds, 3)
		flags.IntVar(&m.rows, "rows", 200_000, "rows of each file")
		return m.run
	case "users":
		m := &users{}
		compared(&m.programs)
		rounds(&m.rounds, 3)
		flags.IntVar(&m.rows, "rows", 5_000, "rows of the file")
		flags.IntVar(&m.hashes, "hashes", 1_000, "hashes that the bound is made of, compared by the row")
		return m.run
	case "sqlite":
		m := &sqliteLoad{}
		compared(&m.programs)
		rounds(&m.rounds, 5)
		flags.IntVar(&m.rows, "rows", 100_000, "rows of the file")
		return m.run
	case "events":
		m := &events{}
		compared(&m.programs)
		flags.IntVar(&m.imports, "imports", 100, "imports of each size")
		flags.IntVar(&m.rows, "rows", 200, "rows of those whose first and last event are measured")
		flags.IntVar(&m.runningRows, "running", 5_000, "rows of those whose RUNNING is measured")
		return m.run
	case "fairness":
		m := &fairness{}
		binary(&m.binary)
		flags.IntVar(&m.companies, "companies", 50, "companies with many imports; 0: only the large import")
		flags.IntVar(&m.imports, "imports", 20, "imports that each of them has queued")
		flags.IntVar(&m.rows, "rows", 200, "rows of a small import")
		flags.IntVar(&m.large, "large", 1_000_000, "rows of the large import")
		flags.IntVar(&m.larges, "larges", 1, "companies with a large import each")
		flags.IntVar(&m.probes, "probes", 200, "small imports that are measured in each environment at most")
		flags.IntVar(&m.workers, "workers", 1, "worker processes")
		flags.IntVar(&m.concurrency, "concurrency", 4, "imports that a worker process runs at once")
		return m.run
	case "signin":
		m := &signIn{}
		binary(&m.binary)
		onSQLite(&m.sqlite)
		flags.IntVar(&m.attempts, "attempts", 200, "sign-ins of each account, in turn")
		flags.IntVar(&m.flood, "flood", 50, "clients that sign in without a pause at the end; 0: none")
		return m.run
	case "pages":
		m := &pages{}
		compared(&m.programs)
		onSQLite(&m.sqlite)
		rounds(&m.rounds, 5)
		flags.IntVar(&m.contacts, "contacts", 20_000, "contacts of the company")
		flags.IntVar(&m.connections, "connections", 64, "connections that ask at once")
		flags.DurationVar(&m.each, "for", 3*time.Second, "how long each side is asked in a round")
		return m.run
	case "reference": // started by pages
		m := &reference{}
		flags.StringVar(&m.postgres, "postgres", "", "URL of the database")
		flags.StringVar(&m.sqlite, "sqlite", "", "file of the database")
		flags.StringVar(&m.company, "company", "", "whose contacts are read")
		return m.run
	case "watchers":
		m := &watchers{}
		compared(&m.programs)
		flags.IntVar(&m.n, "n", 3_000, "watchers")
		flags.IntVar(&m.users, "users", 20, "users that they belong to")
		flags.DurationVar(&m.measure, "for", 20*time.Second, "how long messages are measured")
		flags.BoolVar(&m.restart, "restart", true, "restart one of two api processes at the end")
		return m.run
	case "million":
		m := &million{}
		binary(&m.binary)
		onSQLite(&m.sqlite)
		flags.IntVar(&m.rows, "rows", 1_000_000, "rows of the file")
		flags.IntVar(&m.bad, "bad", 50_000, "how many of them are bad")
		return m.run
	case "burden":
		m := &burden{}
		compared(&m.programs)
		onSQLite(&m.sqlite)
		flags.IntVar(&m.contacts, "contacts", 1_000, "contacts with long values")
		flags.IntVar(&m.values, "values", 20, "values that each of them has")
		flags.IntVar(&m.bytes, "bytes", 10_000, "bytes of a value")
		flags.IntVar(&m.rows, "rows", 200_000, "rows of the import beside which a customer is deleted")
		flags.IntVar(&m.rounds, "rounds", 3, "customers that are deleted")
		return m.run
	case "idle":
		m := &idle{settle: 5 * time.Second}
		binary(&m.binary)
		onSQLite(&m.sqlite)
		rounds(&m.rounds, 3)
		flags.DurationVar(&m.measure, "for", 20*time.Second, "how long each time")
		flags.IntVar(&m.imports, "imports", 101, "imports that wake it up")
		return m.run
	case "bounds":
		m := &bounds{}
		binary(&m.binary)
		flags.IntVar(&m.administrators, "administrators", 12_000, "administrators of the partner")
		flags.IntVar(&m.customers, "customers", 20, "customers with labels")
		flags.IntVar(&m.labels, "labels", 1_000, "labels of each")
		flags.IntVar(&m.contacts, "contacts", 300_000, "contacts of the project and of the label that are deleted")
		return m.run
	case "all":
		m := &series{}
		compared(&m.programs)
		flags.BoolVar(&m.short, "short", false, "smaller files and fewer rounds: under ten minutes")
		flags.StringVar(&m.write, "write", "", "a document whose results, between two comments, are replaced, such as bench/RESULTS.md")
		return m.run
	}
	return nil
}
