package ratelimit

import "time"

// SetClock replaces the clock of the process: the time since it began.
func (l *Limiter) SetClock(now func() time.Duration) {
	l.local.now = func() int64 { return now().Microseconds() }
}
