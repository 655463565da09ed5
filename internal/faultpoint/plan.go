//go:build faultpoints

package faultpoint

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

type action string

const (
	kill   action = "kill"
	stop   action = "stop"
	panics action = "panic"
	sleep  action = "sleep"
)

// entry is one fault: where, what, and at which hit.
type entry struct {
	name   string
	action action
	pause  time.Duration
	nth    int64
	onward bool   // also at every hit after the nth
	detail string // part of a detail; empty: any
	hits   atomic.Int64
}

// strikes counts the hit, where it is one of ours, and says whether it is the one.
func (e *entry) strikes(name string, detail []string) bool {
	if name != e.name || !strings.Contains(strings.Join(detail, "\n"), e.detail) {
		return false
	}
	n := e.hits.Add(1)
	return n == e.nth || e.onward && n > e.nth
}

func parse(text string) ([]*entry, error) {
	var entries []*entry
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		e, err := parseEntry(part)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", part, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func parseEntry(part string) (*entry, error) {
	e := &entry{nth: 1}
	var what, when string
	var ok bool
	if e.name, what, ok = strings.Cut(part, "="); !ok || e.name == "" {
		return nil, fmt.Errorf("want name=action")
	}
	what, e.detail, _ = strings.Cut(what, "/")
	what, when, ok = strings.Cut(what, "@")
	if ok {
		when, e.onward = strings.CutSuffix(when, "+")
		n, err := strconv.ParseInt(when, 10, 64)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("want @1, @2 … or @1+, got @%s", when)
		}
		e.nth = n
	}
	verb, pause, _ := strings.Cut(what, ":")
	switch e.action = action(verb); e.action {
	case kill, stop, panics:
		return e, nil
	case sleep:
		var err error
		e.pause, err = time.ParseDuration(pause)
		return e, err
	}
	return nil, fmt.Errorf("want kill, stop, panic or sleep:<duration>, got %q", what)
}
