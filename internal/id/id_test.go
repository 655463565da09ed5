package id_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"tenantry/internal/id"
)

// An id is a UUIDv7 that bears its kind, differs from every other and sorts by its making.
func TestNew(t *testing.T) {
	t.Parallel()
	made := make([]id.ID, 20_000)
	for i := range made {
		made[i] = id.New(id.Company)
		if made[i].Version() != 7 || made[i].Variant() != uuid.RFC4122 || id.KindOf(made[i]) != id.Company {
			t.Fatalf("%v: version %d, %v, kind %d", made[i], made[i].Version(), made[i].Variant(), id.KindOf(made[i]))
		}
	}
	if !slices.IsSortedFunc(made, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) }) {
		t.Error("ids of one process do not rise")
	}
	if unique := slices.Compact(slices.Clone(made)); len(unique) != len(made) {
		t.Errorf("%d of %d ids are new", len(unique), len(made))
	}
}

// Those that are made together are as New's, and rise among them.
func TestMany(t *testing.T) {
	t.Parallel()
	var made []id.ID
	for _, n := range []int{1, 0, 63, 64, 65, 5_000, 3} {
		many := id.Many(id.Contact, n)
		if len(many) != n {
			t.Fatalf("%d ids in place of %d", len(many), n)
		}
		made = append(append(made, many...), id.New(id.Contact))
	}
	random, ones := map[[7]byte]bool{}, [7]byte{}
	for i, u := range made {
		if u.Version() != 7 || u.Variant() != uuid.RFC4122 || id.KindOf(u) != id.Contact {
			t.Fatalf("%v: version %d, %v, kind %d", u, u.Version(), u.Variant(), id.KindOf(u))
		}
		if i > 0 && bytes.Compare(made[i-1][:], u[:]) >= 0 {
			t.Fatalf("%v is before %v", made[i-1], u)
		}
		random[[7]byte(u[8:15])] = true
		for n := range ones {
			ones[n] |= u[8+n]
		}
		if seconds, _ := u.Time().UnixTime(); time.Since(time.Unix(seconds, 0)).Abs() > 10*time.Second {
			t.Fatalf("%v is of another time", u)
		}
	}
	if len(random) != len(made) || ones != [7]byte{0xBF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF} {
		t.Errorf("%d random parts in %d ids, with the bits %x", len(random), len(made), ones)
	}
}

// Many goroutines make many ids, each once.
func TestNewInParallel(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[id.ID]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			mine := make([]id.ID, 5_000)
			for i := range mine {
				if mine[i] = id.Maker(id.User)(); i%100 == 99 {
					copy(mine[i-9:], id.Many(id.User, 10))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for _, u := range mine {
				seen[u] = true
			}
		})
	}
	all.Wait()
	if len(seen) != 40_000 {
		t.Errorf("%d of 40000 are new", len(seen))
	}
}

// One record has one name: the canonical text, of version 7, of the kind that is wanted.
func TestParse(t *testing.T) {
	t.Parallel()
	u := id.New(id.User)
	for _, s := range []string{u.String(), strings.ToUpper(u.String())} {
		if got, err := id.Parse(s, id.User); err != nil || got != u {
			t.Errorf("Parse(%q) is %v, %v", s, got, err)
		}
	}
	if _, err := id.Parse(u.String(), id.Company); err == nil {
		t.Error("a user's id is taken for a company's")
	}
	for _, s := range []string{
		"", "x", "urn:uuid:" + u.String(), "{" + u.String() + "}", strings.ReplaceAll(u.String(), "-", ""), u.String() + " ", " " + u.String()[1:],
		uuid.NewString(), uuid.Nil.String(), strings.Repeat("0", 36), strings.Repeat("é", 18), u.String()[:35] + "g",
	} {
		if got, err := id.ParseAny(s); err == nil {
			t.Errorf("ParseAny(%q) is %v", s, got)
		}
	}
}

// The kinds' numbers stand in stored ids: none is used twice, none ever changes.
func TestKindsStay(t *testing.T) {
	t.Parallel()
	for kind, number := range map[id.Kind]byte{
		id.Company: 1, id.Project: 2, id.Desk: 3, id.User: 4, id.Session: 5, id.PartnerAdmin: 6, id.ImportRun: 7, id.ImportIssue: 8, id.Notification: 9,
		id.TransferToken: 10, id.AuditEvent: 11,
	} {
		if byte(kind) != number {
			t.Errorf("kind %d was %d", kind, number)
		}
	}
}
