// Package faultpoint lets a test build of the program die, stop, panic or sleep at named
// places. The fault campaign in chaos/ uses it.
//
// A normal build pays nothing: [Hit] is empty and inlined, and nothing reads the environment.
// With the build tag `faultpoints` each Hit is counted by its name, and FAULTPOINT says what
// happens at which:
//
//	FAULTPOINT='batch.before-commit=kill@3'            the third hit of this process
//	FAULTPOINT='batch.mid=sleep:50ms@1+'               every hit from the first on
//	FAULTPOINT='batch.mid=kill@1+/0198c0de'            hits whose detail contains that text
//	FAULTPOINT='claim.after=stop@2;batch.mid=panic@7'  several
//
// An action is kill (SIGKILL to this process), stop (SIGSTOP: it continues at SIGCONT), panic,
// or sleep:<duration>. Without @ it is the first hit. Hits are counted by entry, and only those
// whose detail matches.
//
// FAULTPOINT_ONCE names a file: of all the processes that share it, only the one that creates
// it acts, once; for kill, stop and panic.
//
// A FAULTPOINT that cannot be parsed ends the process with status 2: a campaign whose faults do
// not happen would prove nothing.
package faultpoint
