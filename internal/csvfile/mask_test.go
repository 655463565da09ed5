package csvfile

import "testing"

func TestMasked(t *testing.T) {
	for cell, want := range map[string]bool{
		"*": true, "****": true, "********": true, "••••••": true, "●●●●": true, " **** ": true, "**••": true, "＊＊＊": true,
		"": false, " ": false, "a": false, "***a": false, "*** ***": false, "xxxx": false, "a-new-password-9": false, "----": false, "....": false,
	} {
		if Masked(cell) != want {
			t.Errorf("F9: %q is a mask: %v", cell, !want)
		}
	}
}
