// Package faultpoint lets a test build of the program die, stop, panic or dawdle at named
// places, so that the campaign in chaos/ can prove what survives it.
//
// It promises that a normal build pays nothing: there [Hit] is empty and inlined, and
// nothing reads the environment. With the build tag `faultpoints` each Hit is counted by
// its name, and FAULTPOINT says what happens at which:
//
//	FAULTPOINT='batch.before-commit=kill@3'            the third hit of this process
//	FAULTPOINT='batch.mid=sleep:50ms@1+'               from the first on, each
//	FAULTPOINT='batch.mid=kill@1+/0198c0de'            hits whose detail holds that text
//	FAULTPOINT='claim.after=stop@2;batch.mid=panic@7'  several
//
// An action is kill (SIGKILL to this process), stop (SIGSTOP: it goes on at SIGCONT),
// panic, or sleep:<duration>. Without @ it is the first hit. Hits are counted by entry,
// and only those whose detail fits.
//
// FAULTPOINT_ONCE names a file: of all the processes that share it, only the one that
// makes it acts, once; for kill, stop and panic.
//
// A FAULTPOINT that cannot be read ends the process with status 2: a campaign whose
// faults do not happen would prove nothing.
package faultpoint
