package auth

import (
	"fmt"
	"testing"
	"time"

	"tenantry/internal/fault"
)

func testThrottle(capacity int) (*throttle, *time.Time) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return newThrottle(Limit{Burst: 3, Every: time.Minute}, capacity, func() time.Time { return now }), &now
}

// try counts an attempt, where it is admitted.
func (t *throttle) try(name string) { _ = t.take(name) }

// wantWait checks what admit says: 0 for admitted, else retryAfter in seconds.
func wantWait(t *testing.T, th *throttle, name string, seconds int) {
	t.Helper()
	err := th.admit(name)
	if seconds == 0 {
		if err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
		return
	}
	f := fault.Of(err)
	if f == nil || f.Kind != fault.RateLimited || f.Extra["retryAfter"] != seconds {
		t.Errorf("%s: got %v, want RATE_LIMITED with retryAfter %d", name, err, seconds)
	}
}

// Contract, RATE_LIMITED: a burst of failures is forgiven, then one for each interval,
// and retryAfter is correct.
func TestFailuresAreForgivenWithTime(t *testing.T) {
	th, now := testThrottle(10)
	for range 3 {
		wantWait(t, th, "a", 0)
		th.try("a")
	}
	wantWait(t, th, "a", 60)
	wantWait(t, th, "b", 0)

	*now = now.Add(59*time.Second + time.Millisecond)
	wantWait(t, th, "a", 1)
	*now = now.Add(999 * time.Millisecond)
	wantWait(t, th, "a", 0)
	th.try("a")
	wantWait(t, th, "a", 60)

	*now = now.Add(time.Hour) // long enough for all of the burst, and no more than it
	for range 3 {
		wantWait(t, th, "a", 0)
		th.try("a")
	}
	wantWait(t, th, "a", 60)
}

// Contract, RATE_LIMITED: signing in clears the email's failures.
func TestFailuresAreForgotten(t *testing.T) {
	th, _ := testThrottle(10)
	for range 3 {
		th.try("a")
	}
	th.forget("a")
	th.forget("never seen")
	wantWait(t, th, "a", 0)
	if len(th.entries) != 0 || th.recent.Len() != 0 {
		t.Errorf("%d entries are kept of a name that was forgotten", len(th.entries))
	}
}

// Contract, RATE_LIMITED: whoever invents names fills no memory, and pushes out the
// name that has failed least recently.
func TestThrottleIsBounded(t *testing.T) {
	th, now := testThrottle(5)
	for range 3 {
		th.try("victim")
	}
	for i := range 4 {
		th.try(fmt.Sprint("name ", i))
	}
	wantWait(t, th, "victim", 60)
	*now = now.Add(time.Minute)
	th.try("victim") // the most recent now
	for i := range 4 {
		th.try(fmt.Sprint("other ", i))
	}
	wantWait(t, th, "victim", 60)
	th.try("one more")
	wantWait(t, th, "victim", 0)
	if len(th.entries) != 5 || th.recent.Len() != 5 {
		t.Errorf("%d entries and %d in the list, want 5", len(th.entries), th.recent.Len())
	}
}

// Rule U12: an attempt counts from before it is checked, a refused one does not make the
// wait longer, and one that was no failure counts no more.
func TestAttemptsCountUntilTheyHaveSucceeded(t *testing.T) {
	th, _ := testThrottle(10)
	for range 3 {
		if err := th.take("a"); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		if err := th.take("a"); !fault.Is(err, fault.RateLimited) {
			t.Errorf("a fourth attempt beside three under way: %v", err)
		}
	}
	wantWait(t, th, "a", 60)
	th.giveBack("a")
	th.giveBack("never seen")
	wantWait(t, th, "a", 0)
	th.try("a")
	wantWait(t, th, "a", 60)
}
