// Chaos is the campaign that holds the product to its promise: no row lost, none twice,
// each accounted for, whatever dies.
//
//	go run ./chaos -short                      a selection, in under three minutes
//	go run ./chaos -seeds 1-5                  everything, five seeds each
//	go run ./chaos -case worker-killed -seeds 17 -keep
//
// It builds the program with its fault points (internal/faultpoint), starts PostgreSQL,
// Redis, api and worker processes of its own, imports files whose every row's fate is
// known (chaos/model), breaks things by a schedule drawn from the seed, and then checks
// ten invariants on the tables, the API and the diaries of those who watched. Cases are
// in the files whose names begin with cases_; docs/reliability.md has what came out.
//
// It needs Linux, Go, PostgreSQL's and Redis's servers, and nothing that runs already. It
// listens on this machine alone, and ends what it started, also when it is interrupted or
// killed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// options are the command line.
type options struct {
	cases     *regexp.Regexp
	seeds     []int
	parallel  int
	short     bool
	keep      bool
	asJSON    bool
	binary    string
	previous  string
	markdown  string
	results   string
	report    bool
	verbosely bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx)
	stop()
	os.Exit(code)
}

func run(ctx context.Context) int {
	o, list, err := parse()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 2
	}
	chosen := choose(o)
	if list {
		for _, e := range chosen {
			fmt.Printf("%-24s %s\n", e.name, e.what)
		}
		return 0
	}
	if len(chosen) == 0 {
		fmt.Fprintln(os.Stderr, "chaos: no case has such a name; -list shows them all")
		return 2
	}
	var outcomes []outcome
	if !o.report {
		outcomes, err = campaign(ctx, o, chosen)
	}
	failed := writeReport(o, outcomes)
	if err = errors.Join(err, failed); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 1
	}
	for _, outcome := range outcomes {
		if outcome.failed() {
			return 1
		}
	}
	return 0
}

// writeReport writes what came out where the options want it: the table is of these runs, and with
// -results of all that stand there.
func writeReport(o options, outcomes []outcome) error {
	all := outcomes
	var err error
	if o.results != "" {
		all, err = readResults(o.results)
	}
	if o.asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(all)
	} else {
		fmt.Printf("\n%s", table(all))
	}
	if o.markdown != "" {
		err = errors.Join(err, write(o.markdown, table(all)))
	}
	return err
}

func parse() (options, bool, error) {
	var o options
	pattern := flag.String("case", "", "run the cases whose name fits this regular `expression`")
	seeds := flag.String("seeds", "1", "so many `seeds`, or a range such as 3-7; one number with = is that one alone: =17")
	flag.IntVar(&o.parallel, "parallel", 2, "cases at once")
	flag.BoolVar(&o.short, "short", false, "the selection for CI, or what -case names, with shorter pauses")
	list := flag.Bool("list", false, "list the cases and end")
	flag.BoolVar(&o.keep, "keep", false, "keep the logs of failures, and say where they are")
	flag.BoolVar(&o.asJSON, "json", false, "write the outcomes as JSON")
	flag.StringVar(&o.binary, "binary", "", "use this program, built with -tags faultpoints, rather than build one")
	flag.StringVar(&o.previous, "previous", "", "the `commit` of the version before, for the case that runs both")
	flag.StringVar(&o.markdown, "markdown", "", "write the table to this `file` too, such as docs/reliability.md")
	flag.StringVar(&o.results, "results", "", "add each outcome to this `file`; the table is of all that stand there, the last of each case and seed")
	flag.BoolVar(&o.report, "report", false, "run nothing: write the table of what stands in -results")
	flag.BoolVar(&o.verbosely, "v", false, "say what is done as it is done")
	flag.Parse()
	if flag.NArg() > 0 {
		return o, false, fmt.Errorf("what is %q for?", flag.Arg(0))
	}
	var err error
	if o.cases, err = regexp.Compile(*pattern); err != nil {
		return o, false, fmt.Errorf("-case: %w", err)
	}
	if o.report && o.results == "" {
		return o, false, errors.New("-report wants -results")
	}
	if o.parallel < 1 {
		return o, false, fmt.Errorf("-parallel is %d; want 1 or more", o.parallel)
	}
	o.seeds, err = parseSeeds(*seeds)
	return o, *list, err
}

// parseSeeds reads 5 (1 to 5), 3-7 or =17.
func parseSeeds(text string) ([]int, error) {
	from, to, ranged := strings.Cut(text, "-")
	switch one, exact := strings.CutPrefix(text, "="); {
	case exact:
		from, to = one, one
	case !ranged:
		from, to = "1", text
	}
	a, aerr := strconv.Atoi(from)
	b, berr := strconv.Atoi(to)
	if aerr != nil || berr != nil || a < 1 || b < a || b-a > 9_999 {
		return nil, fmt.Errorf("-seeds is %q; want 5, 3-7 or =17", text)
	}
	seeds := make([]int, 0, b-a+1)
	for s := a; s <= b; s++ {
		seeds = append(seeds, s)
	}
	return seeds, nil
}

// choose gives the cases that the options ask for.
func choose(o options) []experiment {
	var chosen []experiment
	for _, e := range experiments() {
		if o.cases.MatchString(e.name) && (!o.short || e.short || o.cases.String() != "") {
			chosen = append(chosen, e)
		}
	}
	return chosen
}
