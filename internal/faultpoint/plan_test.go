//go:build faultpoints

package faultpoint

import (
	"testing"
	"time"
)

func one(t *testing.T, text string) *entry {
	t.Helper()
	entries, err := parse(text)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%s: %v, %v", text, entries, err)
	}
	return entries[0]
}

func TestTheNthHitStrikesAlone(t *testing.T) {
	e := one(t, "batch.mid=kill@3")
	for n, want := range []bool{false, false, true, false} {
		if e.strikes("batch.after-commit", nil) || e.strikes("batch.mid", nil) != want {
			t.Errorf("hit %d: want %v", n+1, want)
		}
	}
}

func TestOnwardStrikesEachThatFits(t *testing.T) {
	e := one(t, " batch.mid=sleep:50ms@2+/abc ")
	if e.pause != 50*time.Millisecond || e.action != sleep {
		t.Errorf("%+v", e)
	}
	for n, hit := range []struct {
		detail string
		want   bool
	}{{"xabcx", false}, {"other", false}, {"abc", true}, {"abc", true}} {
		if e.strikes("batch.mid", []string{hit.detail}) != hit.want {
			t.Errorf("hit %d: want %v", n+1, hit.want)
		}
	}
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	for _, text := range []string{"batch.mid", "=kill", "x=burn", "x=kill@0", "x=kill@a", "x=sleep:long"} {
		if _, err := parse(text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	if entries, err := parse("a=kill;;b=stop;"); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}
