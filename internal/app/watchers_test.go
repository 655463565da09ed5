package app

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"tenantry/internal/config"
	"tenantry/internal/testenv"
)

// J4: a database that answers nobody for a while, with every connection of the process waiting for
// it, closes no watcher and refuses none who comes meanwhile: each gets its final event on the
// connection that it has.
func TestJ4ASaturatedDatabaseClosesNoWatcher(t *testing.T) {
	t.Parallel()
	env := production(t)
	env["DATABASE_MAX_CONNS"] = "2"
	s := startRole(t, env, config.RoleAPI, roles{api: true}) // nobody works: the import waits
	_, maria, _ := s.partner("Partner", "partner.example")
	run, r := s.importCsv(maria, "customers.csv", []byte("name\nAcme\n"), vars{"kind": "CUSTOMERS"})
	if r.code() != "" {
		t.Fatal(r.Errors)
	}
	watch := func(begun func()) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		socket, _, err := websocket.Dial(ctx, s.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
		if err != nil {
			t.Errorf("connecting: %v", err)
			return
		}
		defer socket.CloseNow()
		for _, text := range []string{
			`{"type":"connection_init","payload":{"Authorization":"Bearer ` + maria + `"}}`,
			`{"id":"1","type":"subscribe","payload":{"query":"subscription{importProgress(id:\"` + run + `\"){status}}"}}`,
		} {
			if err := socket.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
				t.Errorf("asking: %v", err)
				return
			}
			var m struct {
				Type    string
				Payload any
			}
			if err := wsjson.Read(ctx, socket, &m); err != nil || m.Type == "error" {
				t.Errorf("beginning to watch: %v, %v", err, m)
				return
			}
		}
		begun()
		for last := ""; ; {
			var m struct {
				Type    string
				Payload struct {
					Data struct{ ImportProgress struct{ Status string } }
				}
			}
			if err := wsjson.Read(ctx, socket, &m); err != nil {
				t.Errorf("watching: %v", err)
				return
			}
			if m.Type == "complete" {
				testenv.Equal(t, "the last state", last, "CANCELED")
				return
			}
			last = m.Payload.Data.ImportProgress.Status
		}
	}
	var all, begun sync.WaitGroup
	come := func(n int) {
		begun.Add(n)
		for range n {
			all.Go(func() {
				done := sync.OnceFunc(begun.Done)
				defer done()
				watch(done)
			})
		}
	}
	come(50)
	begun.Wait()

	db, err := sql.Open("postgres", env["DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `LOCK TABLE sessions, users, import_runs IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	come(20)
	// Longer than a look-up may take, twice than two rechecks are apart.
	if _, err := tx.ExecContext(t.Context(), `SELECT pg_sleep(8)`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	begun.Wait()
	testenv.Await(t, "the import to be canceled", func() bool {
		return !strings.Contains(s.gql(maria, `mutation($id:ID!){cancelImport(input:{id:$id}){importRun{status}}}`, vars{"id": run}).code(), "INTERNAL")
	})
	all.Wait()
}
