package importer

import "time"

// How many states of one import a watcher gets in any second (rule J4). Those that change nothing
// but counts leave room for four others: the first state, the start and the end, which wait for
// nothing, and one that its reader took late.
const (
	sendsPerSecond = 10
	countsSends    = sendsPerSecond - 4
	countsEvery    = time.Second/countsSends + 1 // rounded up
)

// sendPace says when the watchers of an import may be sent its next state. The zero value has sent
// none.
type sendPace struct {
	sent   [sendsPerSecond]time.Time // the last ones, a ring
	next   int                       // the oldest of them
	counts time.Time                 // when one was last sent that changed no status
}

// wait is how long the next state has to wait; 0 or less: not at all.
func (p *sendPace) wait(now time.Time, status bool) time.Duration {
	wait := p.sent[p.next].Add(time.Second).Sub(now) // more than a second ago where none was sent
	if !status {
		wait = max(wait, p.counts.Add(countsEvery).Sub(now))
	}
	return wait
}

// note remembers that a state was sent.
func (p *sendPace) note(now time.Time, status bool) {
	p.sent[p.next] = now
	p.next = (p.next + 1) % sendsPerSecond
	if !status {
		p.counts = now
	}
}
