package ratelimit

import (
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// remembered is how many names of one rule a process remembers. Whoever invents names fills no
// memory: the one that was not tried for longest is forgotten. It is about 2 MB when full.
const remembered = 10_000

// local is what this process knows: the same as Redis's script, in Go, and what that has last said.
type local struct {
	now func() int64 // microseconds since the process began: the wall clock may be set

	mu    sync.Mutex
	rules map[string]*lru[state]
}

// state is a name's: see shared.
type state struct {
	forgiven int64
	strikes  int
	alone    bool // it was counted by this process alone, and Redis does not know
}

func (l *local) of(rule string) *lru[state] {
	r := l.rules[rule]
	if r == nil {
		if l.rules == nil {
			l.rules = map[string]*lru[state]{}
		}
		r = &lru[state]{}
		l.rules[rule] = r
	}
	return r
}

func (l *local) load(a asked, now int64) state {
	if s, ok := l.of(a.rule.Name).get(a.key); ok && s.forgiven > now {
		return s
	}
	return state{forgiven: now}
}

func (l *local) store(rule, key string, s state, now int64) {
	if s.forgiven <= now {
		l.of(rule).remove(key)
	} else {
		l.of(rule).put(key, s)
	}
}

// take decides as Redis's script does.
func (l *local) take(now int64, all []asked) (results []result, r refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	states := make([]state, len(all))
	for i, a := range all {
		states[i] = l.load(a, now)
		late := states[i].forgiven - now + int64(a.units-1)*a.rule.Limit.Every.Microseconds() - a.rule.Limit.tolerated()
		if late > r.wait {
			r = refusal{i, late}
		}
	}
	for i, a := range all {
		var res result
		s := &states[i]
		if r.wait == 0 {
			limit := a.rule.Limit
			res.cost = int64(a.units) * limit.Every.Microseconds()
			if limit.Longest > limit.Every && s.forgiven-now+res.cost > limit.tolerated() {
				grown := float64(res.cost) * math.Pow(2, float64(min(s.strikes, 30)))
				res.cost, res.struck = int64(min(float64(limit.Longest.Microseconds()), grown)), 1
			}
			s.forgiven += res.cost
			s.strikes += res.struck
			s.alone = true
			l.store(a.rule.Name, a.key, *s, now)
		}
		res.ahead, res.strikes = s.forgiven-now, s.strikes
		results = append(results, res)
	}
	return results, r
}

// countedAlone is how far ahead each name is by what this process has counted alone, in microseconds.
func (l *local) countedAlone(now int64, all []asked) []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	ahead := make([]int64, len(all))
	for i, a := range all {
		if s := l.load(a, now); s.alone {
			ahead[i] = s.forgiven - now
		}
	}
	return ahead
}

// keep remembers what Redis has said, for when it does not answer. What this process has counted alone
// stays until Redis knows it: a refusal has told it nothing, and others may have counted meanwhile.
func (l *local) keep(now int64, all []asked, results []result, admitted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, a := range all {
		if s := l.load(a, now); !s.alone || admitted && s.forgiven <= now+results[i].ahead {
			l.store(a.rule.Name, a.key, state{forgiven: now + results[i].ahead, strikes: results[i].strikes}, now)
		}
	}
}

func (l *local) giveBack(now int64, t Taken, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rule := t.counter.rule.Name
	if s, ok := l.of(rule).get(key); ok {
		l.store(rule, key, state{s.forgiven - t.cost, max(0, s.strikes-t.strikes), s.alone}, now)
	}
}

func (l *local) forget(rule, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(rule).remove(key)
}

// lru is a map of so many entries at most; the zero value is empty.
type lru[V any] struct{ entries *simplelru.LRU[string, V] }

func (m *lru[V]) get(key string) (v V, ok bool) {
	if m.entries == nil {
		return v, false
	}
	return m.entries.Get(key)
}

func (m *lru[V]) put(key string, v V) {
	if m.entries == nil {
		m.entries, _ = simplelru.NewLRU[string, V](remembered, nil) // fails for sizes below 1 only
	}
	m.entries.Add(key, v)
}

func (m *lru[V]) remove(key string) {
	if m.entries != nil {
		m.entries.Remove(key)
	}
}
