package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"tenantry/client"
)

// users measures an import of users with passwords against what it cannot do without: as many
// argon2id hashes with the program's own parameters, on all cores.
type users struct {
	programs
	rows, rounds, hashes int
}

func (u *users) run(ctx context.Context) error {
	if u.rows < 1 || u.rounds < 1 || u.hashes < 1 {
		return errors.New("at least one of everything")
	}
	versions, end, err := u.versions(ctx, false, large(u.rows))
	defer end()
	if err != nil {
		return err
	}
	parameters, err := versions[0].argon2id(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("argon2id with %d KiB, %d passes, %d lanes\n", parameters.memory, parameters.passes, parameters.lanes)
	bound := &way{name: "argon2id on all cores", take: func(context.Context, int) (leg, error) { return parameters.hash(u.hashes), nil }}
	var ways []*way
	for _, v := range versions {
		if _, err := v.ready(ctx); err != nil {
			return err
		}
		ways = append(ways, &way{name: v.name, take: func(ctx context.Context, round int) (leg, error) {
			file, err := csvFile(v.dir, "users.csv", "email,first_name,last_name,password", u.rows, func(i int) string {
				return fmt.Sprintf("user.%d.%d@example.org,First%d,Last%d,a password of number %d", round, i, i, i, i)
			})
			if err != nil {
				return leg{}, err
			}
			_, user, err := v.company(ctx, fmt.Sprint("Users", round))
			if err != nil {
				return leg{}, err
			}
			l, state, err := v.imports(ctx, user, client.Upload{Kind: "USERS"}, file, u.rows)
			if err == nil && state.CreatedCount != u.rows {
				err = fmt.Errorf("the import ended as %+v", state)
			}
			return l, err
		}})
	}
	if err := inTurn(ctx, u.rounds, append(ways, bound)); err != nil {
		return err
	}
	for i, v := range versions {
		pace := ways[i].pace(bound)
		fmt.Printf("%s against the bound: pace %s\n", v.name, spread(pace, "%.2f"))
		v.figure(fmt.Sprintf("users %d", u.rows), median(pace))
	}
	return nil
}

type argon2id struct {
	memory, passes uint32
	lanes          uint8
}

// argon2id are the parameters that the program hashes passwords with, as the operator's hash
// says.
func (s *stack) argon2id(ctx context.Context) (a argon2id, err error) {
	db, err := s.postgres.Open("bench")
	if err != nil {
		return a, err
	}
	defer db.Close()
	var hash string
	if err := db.QueryRowContext(ctx, `SELECT password_hash FROM users WHERE email = $1`, operatorEmail).Scan(&hash); err != nil {
		return a, err
	}
	if _, err = fmt.Sscanf(hash, "$argon2id$v=19$m=%d,t=%d,p=%d$", &a.memory, &a.passes, &a.lanes); err != nil {
		err = fmt.Errorf("the operator's password hash is none of argon2id: %w", err)
	}
	return a, err
}

// hash makes n hashes on all cores.
func (a argon2id) hash(n int) leg {
	own, began := ownTime(), time.Now()
	var next atomic.Int64
	var work sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			salt := make([]byte, 16)
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				_, _ = rand.Read(salt) // never fails
				argon2.IDKey(fmt.Appendf(nil, "a password of number %d", i), salt, a.passes, a.memory, a.lanes, 32)
			}
		})
	}
	work.Wait()
	return leg{rows: n, took: time.Since(began), cpu: usage{"argon2id": ownTime() - own}}
}
