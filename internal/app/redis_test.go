package app

import (
	"fmt"
	"testing"
	"time"

	"tenantry/internal/testenv"
)

// An import is safe before it is queued, so its answer does not wait for Redis, and what is
// published of an act is no part of it either (rules J1, J3).
func TestJ3NoAnswerWaitsForAHungRedis(t *testing.T) {
	t.Parallel()
	redis := testenv.RedisServer(t)
	env := production(t)
	env["REDIS_URL"] = redis.URL()
	s := startServer(t, env)
	_, maria, _ := s.partner("Frozen Partner", "frozen.example")
	round := func(name string) (runs []string, took time.Duration) {
		began := time.Now()
		for i := range 10 {
			runs = append(runs, s.accepted(maria, customersNamed(3, fmt.Sprintf("%s %d %%d", name, i)), nil))
			canceled := s.accepted(maria, customersNamed(3, fmt.Sprintf("Canceled %s %d %%d", name, i)), nil)
			s.gql(maria, `mutation($id:ID!){cancelImport(input:{id:$id}){importRun{status}}}`, vars{"id": canceled}) // which publishes
		}
		return runs, time.Since(began)
	}
	idle, running := round("Idle")
	redis.Pause()
	frozen, hung := round("Frozen")
	// The old way each import waited for two times of three seconds.
	if hung > 5*running+3*time.Second {
		t.Errorf("with Redis hung 10 imports took %v, with Redis %v", hung, running)
	}
	redis.Resume()
	for _, run := range append(idle, frozen...) {
		if got := s.finished(maria, run).counts(); got != "COMPLETED 3+0+0+0+0 of 3" {
			t.Error(got)
		}
	}
}
