package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"

	"tenantry/internal/fault"
)

// The bounds of a password (rule U2).
const (
	LeastCodePoints = 6    // the least that MinLength may be, and its default
	MostBytes       = 1024 // of UTF-8
)

// Cost is what one hash takes. The zero value is the cost of rule U2's hashes in
// production: 19 MiB, two passes, one lane, about 16 ms on one core.
type Cost struct {
	MemoryKiB uint32 // default 19,456
	Passes    uint32 // default 2
}

// PasswordOptions sets up Passwords; the zero value is what production wants.
type PasswordOptions struct {
	MinLength  int  // code points; default 6, and 6 to 256 are allowed
	Cost       Cost // lower it in tests only
	Concurrent int  // hashes computed at a time; default GOMAXPROCS
	MaxWaiting int  // those that wait for their turn; default 64 for each of Concurrent, about a second
}

// Passwords checks, hashes and compares passwords. Because each hash takes 19 MiB and
// a core, only Concurrent of them run at a time, MaxWaiting wait for their turn, and the rest is
// refused as UNAVAILABLE: a flood of sign-ins can slow signing in, but not take the memory or the
// processors from everything else. Imports have turns of their own: see Background. It is safe for
// concurrent use.
type Passwords struct {
	minLength int
	params    argon2id.Params
	slots     chan struct{}
	admitted  chan struct{} // those with a slot and those that wait for one; nil: any number
	decoy     string        // see makeDecoy
	compare   func(password, hash string) (bool, error)
}

// NewPasswords fails where MinLength is outside 6 to 256.
func NewPasswords(o PasswordOptions) (*Passwords, error) {
	if o.MinLength == 0 {
		o.MinLength = LeastCodePoints
	}
	// 256 code points fit into the 1,024 bytes whatever they are.
	if most := MostBytes / utf8.UTFMax; o.MinLength < LeastCodePoints || o.MinLength > most {
		return nil, fmt.Errorf("a least password length of %d is not possible: it must be %d to %d code points",
			o.MinLength, LeastCodePoints, most)
	}
	if o.Cost.MemoryKiB == 0 {
		o.Cost.MemoryKiB = 19 * 1024
	}
	if o.Cost.Passes == 0 {
		o.Cost.Passes = 2
	}
	if o.Concurrent <= 0 {
		o.Concurrent = runtime.GOMAXPROCS(0)
	}
	if o.MaxWaiting <= 0 {
		o.MaxWaiting = 64 * o.Concurrent
	}
	p := &Passwords{
		minLength: o.MinLength,
		params: argon2id.Params{
			Memory: o.Cost.MemoryKiB, Iterations: o.Cost.Passes, Parallelism: 1,
			SaltLength: 16, KeyLength: 32,
		},
		slots:    make(chan struct{}, o.Concurrent),
		admitted: make(chan struct{}, o.Concurrent+o.MaxWaiting),
		compare:  compare,
	}
	p.decoy = p.makeDecoy()
	return p, nil
}

// Background is the same with as many turns of its own, for work that bounds itself, such as imports:
// neither waits for the other, and no more than twice Concurrent hashes are computed at a time.
func (p *Passwords) Background() *Passwords {
	own := *p
	own.slots, own.admitted = make(chan struct{}, cap(p.slots)), nil
	return &own
}

// MinLength is the least number of code points that a password has.
func (p *Passwords) MinLength() int { return p.minLength }

// Check refuses, as INVALID_ARGUMENT, a password that is too short (code points, 6 or
// as configured) or too long (1,024 bytes). A password is taken exactly as it is:
// nothing is trimmed or normalised. The message never holds the password.
func (p *Passwords) Check(password string) *fault.Error {
	if len(password) > MostBytes {
		return fault.New(fault.Invalid, "The password is too long: it has %d bytes, and at most %d are allowed.",
			len(password), MostBytes)
	}
	if n := utf8.RuneCountInString(password); n < p.minLength {
		return fault.New(fault.Invalid, "The password is too short: it has %d characters, and at least %d are needed.",
			n, p.minLength)
	}
	return nil
}

// Hash makes the argon2id hash of a password, in PHC form, with a salt of its own. It
// refuses what Check refuses, and gives up when ctx ends while it waits for its turn.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if refused := p.Check(password); refused != nil {
		return "", refused
	}
	var hash string
	err := p.inTurn(ctx, func() (err error) {
		hash, err = argon2id.CreateHash(password, &p.params)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return hash, nil
}

// Fingerprint recognises data again that has passwords in it, and is as slow to guess by as
// a password's hash: the same data and salt, which has 8 bytes at least, give the same 32
// bytes. It gives up when ctx ends while it waits for its turn.
func (p *Passwords) Fingerprint(ctx context.Context, data, salt []byte) (sum []byte, err error) {
	err = p.inTurn(ctx, func() error {
		sum = argon2.IDKey(data, salt, p.params.Iterations, p.params.Memory, p.params.Parallelism, p.params.KeyLength)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("taking a fingerprint: %w", err)
	}
	return sum, nil
}

// Verify reports whether the hash is the password's. An error means that the hash is
// no argon2id hash in PHC form, or that ctx ended while waiting for a turn.
func (p *Passwords) Verify(ctx context.Context, password, hash string) (bool, error) {
	var same bool
	err := p.inTurn(ctx, func() (err error) {
		same, err = p.compare(password, hash)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("verifying a password: %w", err)
	}
	return same, nil
}

// crowdedRetry is in how many seconds those that wait for a turn have had theirs.
const crowdedRetry = 2

// inTurn runs f when one of the slots is free. Those who wait are served in order.
func (p *Passwords) inTurn(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.admitted != nil {
		select {
		case p.admitted <- struct{}{}:
			defer func() { <-p.admitted }()
		default:
			return fault.New(fault.Unavailable, "the server is verifying too many passwords at the moment: try again in %d seconds", crowdedRetry).
				With("retryAfter", crowdedRetry)
		}
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.slots }()
	return f()
}

// compare does the computation, in constant time for a given cost. A hash that would
// make the library panic is an error like any other malformed one.
func compare(password, hash string) (bool, error) {
	params, _, key, err := argon2id.DecodeHash(hash)
	if err != nil {
		return false, err
	}
	if params.Iterations == 0 || params.Parallelism == 0 || len(key) == 0 {
		return false, errors.New("the stored hash has no passes, no lanes or no key")
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// makeDecoy is a hash of this cost that no password has: random bytes in the place of
// the key. Comparing with it takes what comparing with a user's hash takes.
func (p *Passwords) makeDecoy() string {
	random := make([]byte, p.params.SaltLength+p.params.KeyLength)
	_, _ = rand.Read(random) // never fails since Go 1.24: it ends the process instead
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.params.Memory, p.params.Iterations, p.params.Parallelism,
		b64(random[:p.params.SaltLength]), b64(random[p.params.SaltLength:]))
}
