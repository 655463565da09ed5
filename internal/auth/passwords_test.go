package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"tenantry/internal/fault"
)

// cheap makes hashing take a fraction of a millisecond.
func cheap() PasswordOptions { return PasswordOptions{Cost: Cost{MemoryKiB: 8, Passes: 1}} }

func newPasswords(t *testing.T, o PasswordOptions) *Passwords {
	t.Helper()
	p, err := NewPasswords(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// U2: 6 code points (configurable upwards) to 1,024 bytes.
func TestU2PasswordBounds(t *testing.T) {
	for name, c := range map[string]struct {
		least    int
		password string
		says     string // part of the message; empty: accepted
	}{
		"five":                      {0, "abcde", "it has 5 characters, and at least 6"},
		"six":                       {0, "abcdef", ""},
		"five of many bytes":        {0, "😀😀😀😀😀", "it has 5 characters"},
		"six of many bytes":         {0, "üüüüüü", ""},
		"empty":                     {0, "", "it has 0 characters"},
		"blanks count, untrimmed":   {0, "      ", ""},
		"1,024 bytes":               {0, strings.Repeat("x", 1024), ""},
		"1,025 bytes":               {0, strings.Repeat("x", 1025), "it has 1025 bytes, and at most 1024"},
		"1,026 bytes of 513 points": {0, strings.Repeat("ü", 513), "it has 1026 bytes"},
		"eleven where twelve":       {12, "abcdefghijk", "it has 11 characters, and at least 12"},
		"twelve where twelve":       {12, "abcdefghijkl", ""},
	} {
		o := cheap()
		o.MinLength = c.least
		p := newPasswords(t, o)
		refused := p.Check(c.password)
		_, err := p.Hash(t.Context(), c.password)
		if c.says == "" {
			if refused != nil || err != nil {
				t.Errorf("%s: refused: %v, %v", name, refused, err)
			}
			continue
		}
		if refused == nil || refused.Kind != fault.Invalid || !strings.Contains(refused.Message, c.says) {
			t.Errorf("%s: Check says %v, want INVALID_ARGUMENT with %q", name, refused, c.says)
		}
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: Hash says %v, want INVALID_ARGUMENT", name, err)
		}
	}
}

// U2: the least length is configurable upwards only, and never beyond what fits.
func TestU2LeastLengthIsConfigurableUpwardsOnly(t *testing.T) {
	for least, want := range map[int]bool{-1: false, 5: false, 6: true, 256: true, 257: false} {
		_, err := NewPasswords(PasswordOptions{MinLength: least})
		if (err == nil) != want {
			t.Errorf("MinLength %d: got %v", least, err)
		}
	}
	if got := newPasswords(t, PasswordOptions{}).MinLength(); got != 6 {
		t.Errorf("default least length is %d, want 6", got)
	}
}

// U2: stored as argon2id hashes, each with its own salt, at the promised cost.
func TestU2HashesAreArgon2id(t *testing.T) {
	p := newPasswords(t, PasswordOptions{})
	const password = "correct horse"
	hash, err := p.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s is not argon2id of 19 MiB, two passes, one lane", hash)
	}
	again, err := p.Hash(t.Context(), password)
	if err != nil || again == hash {
		t.Errorf("two hashes of one password are the same (%v)", err)
	}
	for candidate, want := range map[string]bool{password: true, "correct horsf": false, "": false, password + " ": false} {
		if got, err := p.Verify(t.Context(), candidate, hash); err != nil || got != want {
			t.Errorf("%q verifies as %v, %v; want %v", candidate, got, err, want)
		}
	}
}

// U2: the decoy costs what a user's hash costs, and is nobody's password.
func TestU2DecoyCostsTheSame(t *testing.T) {
	for _, o := range []PasswordOptions{{}, cheap()} {
		p := newPasswords(t, o)
		hash, err := p.Hash(t.Context(), "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		shape := func(phc string) string {
			parts := strings.Split(phc, "$")
			for i := 4; i < len(parts); i++ { // salt and key: their lengths only
				parts[i] = strings.Repeat("x", len(parts[i]))
			}
			return strings.Join(parts, "$")
		}
		if shape(p.decoy) != shape(hash) {
			t.Errorf("decoy %s has not the form and cost of %s", p.decoy, hash)
		}
		if same, err := p.Verify(t.Context(), "correct horse", p.decoy); same || err != nil {
			t.Errorf("the decoy verifies as %v, %v", same, err)
		}
	}
}

// U2: a hash that was damaged is an error, not a panic and not a match.
func TestU2DamagedHash(t *testing.T) {
	p := newPasswords(t, cheap())
	for _, hash := range []string{
		"", "x", "$2a$10$abc", "$argon2id$v=19$m=8,t=0,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5",
		"$argon2id$v=19$m=8,t=1,p=0$c2FsdHNhbHQ$a2V5a2V5a2V5", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$",
	} {
		if same, err := p.Verify(t.Context(), "correct horse", hash); err == nil || same {
			t.Errorf("%q verifies as %v without an error", hash, same)
		}
	}
}

// Architecture: a flood of sign-ins takes no more processors and memory than the cap,
// and whoever waits can give up.
func TestHashesWaitInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cheap()
		o.Concurrent = 2
		p := newPasswords(t, o)
		running, finish := 0, make(chan struct{})
		for range 3 {
			go func() {
				_ = p.inTurn(context.Background(), func() error {
					running++ // two at most, and synctest.Wait orders what it reads
					<-finish
					return nil
				})
			}()
			synctest.Wait()
		}
		if running != 2 {
			t.Errorf("%d run at a time, want 2", running)
		}

		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan error, 1)
		go func() {
			_, err := p.Hash(ctx, "correct horse")
			waiting <- err
		}()
		synctest.Wait() // it waits for its turn
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("whoever waited with an ended context got %v", err)
		}

		close(finish)
		synctest.Wait()
		if running != 3 {
			t.Errorf("%d had their turn, want 3", running)
		}
		if _, err := p.Hash(t.Context(), "correct horse"); err != nil {
			t.Errorf("the turns were not given back: %v", err)
		}
	})
}

// U12: of a flood of sign-ins only so many wait; the rest is refused at once, and imports, which have
// turns of their own, do not wait for them.
func TestU12AFloodOfPasswordsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cheap()
		o.Concurrent, o.MaxWaiting = 1, 3
		p := newPasswords(t, o)
		finish := make(chan struct{})
		var turns, refused int
		for range 10 {
			go func() {
				err := p.inTurn(context.Background(), func() error {
					<-finish
					turns++
					return nil
				})
				if f := fault.Of(err); f != nil && f.Kind == fault.Unavailable && f.Extra["retryAfter"] == 2 {
					refused++
				}
			}()
			synctest.Wait()
		}
		if refused != 6 {
			t.Errorf("%d of 10 were refused while one ran and three waited, want 6", refused)
		}
		if _, err := p.Background().Hash(t.Context(), "correct horse"); err != nil {
			t.Errorf("an import's password: %v", err)
		}
		close(finish)
		synctest.Wait()
		if turns != 4 {
			t.Errorf("%d had their turn, want 4", turns)
		}
		if _, err := p.Hash(t.Context(), "correct horse"); err != nil {
			t.Errorf("after the flood: %v", err)
		}
	})
}
