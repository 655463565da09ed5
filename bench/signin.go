package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tenantry/client"
)

// signIn measures whether the time of a failed sign-in tells if there is such an account (rule
// U12), and how long sign-ins take beside a flood of them.
type signIn struct {
	sqlite   bool
	attempts int
	flood    int
	binary   string
}

func (m *signIn) run(ctx context.Context) error {
	if m.attempts < 1 || m.flood < 0 {
		return errors.New("at least one attempt, and a flood of none or more")
	}
	// Limits are not what is measured: those of the settings would end it after ten.
	s, err := newStack(ctx, m.binary, m.sqlite, map[string]string{
		"RATE_LIMIT_SIGN_INS_PER_ACCOUNT": "1000000/1s", "RATE_LIMIT_SIGN_INS_PER_ADDRESS": "1000000/1s",
	})
	defer s.end()
	if err != nil {
		return err
	}
	if _, _, err := s.run(ctx); err != nil {
		return err
	}
	if _, _, err := s.company(ctx, "Known"); err != nil {
		return err
	}
	accounts := []struct{ name, email string }{{"known", "ada@known.example"}, {"unknown", "nobody@known.example"}}
	measure := func(how string, attempts int) error {
		took := map[string][]time.Duration{}
		for i := range 2 * attempts {
			// In turn, and the first one in turn too: every other hash may be one whose memory is collected.
			a := accounts[(i+i/2)%2]
			began := time.Now()
			code, err := m.try(ctx, s, a.email)
			if err != nil {
				return err
			}
			if code == "UNAUTHENTICATED" {
				took[a.name] = append(took[a.name], time.Since(began))
			}
		}
		for _, a := range accounts {
			if len(took[a.name]) == 0 {
				return fmt.Errorf("no sign-in of the %s account was answered", a.name)
			}
			fmt.Printf("%d failed sign-ins of the %s account %s: %s\n", len(took[a.name]), a.name, how, percentiles(took[a.name]))
		}
		known, unknown := median(took["known"]), median(took["unknown"])
		fmt.Printf("medians %s differ by %.2f ms\n", how, (known-unknown).Seconds()*1000)
		figure("signin known/unknown "+how, known.Seconds()/unknown.Seconds())
		return nil
	}
	if err := measure("alone", m.attempts); err != nil || m.flood == 0 {
		return err
	}
	flooding, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	for i := range m.flood {
		go func() {
			for flooding.Err() == nil {
				_, _ = m.try(flooding, s, fmt.Sprintf("flood%d@known.example", i))
			}
			ended <- struct{}{}
		}()
	}
	err = measure(fmt.Sprintf("beside %d others", m.flood), max(1, m.attempts/10))
	stop()
	for range m.flood {
		<-ended
	}
	return err
}

// try gives the code of a failed sign-in.
func (*signIn) try(ctx context.Context, s *stack, email string) (code string, err error) {
	_, err = s.operator.SignIn(ctx, email, "a wrong password")
	if e, ok := errors.AsType[*client.Error](err); ok && e.Code() != "" {
		return e.Code(), nil
	}
	if err == nil {
		err = errors.New("a wrong password signs in")
	}
	return "", err
}
