package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tenantry/internal/testenv"
)

// Rule U7: a key with WRITE access imports customers, and does not take that back, since it deletes no
// customer, by no way; it takes back its imports of contacts. Whoever made it undoes both in person.
func TestU7NoKeyUndoesOverHTTPAnImportOfCustomers(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Northwind", "northwind.example")
		key := s.key(maria, "WRITE")
		customers := s.accepted(key, "name\nAcme\n", vars{"kind": "CUSTOMERS"})
		contacts := s.accepted(key, "email,first_name\na@x.example,A\n", vars{"kind": "CONTACTS"})
		for _, run := range []string{customers, contacts} {
			if got := s.finished(key, run); got.CreatedCount != 1 {
				t.Fatalf("%+v", got)
			}
		}
		can := `query($i:ID!){importRun(id:$i){canUndo}}`
		undo := `mutation($i:ID!,$d:Boolean){undoImport(input:{id:$i,dryRun:$d}){importRun{id}}}`
		for who, answers := range map[string][2]string{key: {"false", "true"}, maria: {"true", "true"}} {
			for i, run := range []string{customers, contacts} {
				if r := s.gql(who, can, vars{"i": run}); !strings.Contains(string(r.Data), `"canUndo":`+answers[i]) {
					t.Errorf("canUndo: %s, want %s", r.Data, answers[i])
				}
			}
		}
		for _, dry := range []bool{false, true} {
			r := s.want("FORBIDDEN", key, undo, vars{"i": customers, "d": dry})
			if !strings.Contains(r.Errors[0].Message, "API key") {
				t.Errorf("%+v", r.Errors[0])
			}
		}
		s.must(key, undo, vars{"i": contacts, "d": false}, nil)
		if got := s.customerNames(maria); len(got) != 2 {
			t.Errorf("the customers are %v", got)
		}
		s.must(maria, undo, vars{"i": customers, "d": false}, nil)
		testenv.Await(t, "the undo", func() bool { return len(s.customerNames(maria)) == 1 })
	})
}

// Rule U7, over HTTP and on sockets: what READ and WRITE may, and what ends a key at once: its revocation,
// its expiry, and its creator's being demoted or deactivated.
func TestU7KeysActForTheirCreator(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		northwind, maria, _ := s.partner("Northwind", "northwind.example")
		db := s.database()
		read, write := s.key(maria, "READ"), s.key(maria, "WRITE")
		addCustomer := `mutation($n:String!){addCustomer(input:{name:$n}){customer{id}}}`
		for _, key := range []string{read, write} {
			s.must(key, `{customers{totalCount} viewer{apiKey{name} user{id}}}`, nil, nil)
		}
		s.want("FORBIDDEN", read, addCustomer, vars{"n": "By READ"})
		if _, r := s.importCsv(read, "x.csv", []byte("name\nX\n"), nil); r.code() != "FORBIDDEN" {
			t.Errorf("an upload by READ: %+v", r.Errors)
		}
		s.must(write, addCustomer, vars{"n": "By WRITE"}, nil)
		for _, query := range []string{
			`mutation{createApiKey(input:{name:"k",access:READ}){secret}}`, `mutation{changePassword(input:{currentPassword:"a",newPassword:"b"}){user{id}}}`,
			`mutation{signOut{signedOut}}`, `mutation{endSessions(input:{}){endedCount}}`, `mutation{startTwoFactor(input:{password:"maria-password"}){secret}}`,
		} {
			s.want("FORBIDDEN", write, query, nil)
		}

		nobody := func(what, key string) {
			t.Helper()
			if r := s.gql(key, `{viewer{company{id}}}`, nil); string(r.Data) != `{"viewer":null}` {
				t.Errorf("%s: %s %+v", what, r.Data, r.Errors)
			}
		}
		last := write[len(write)-1:]
		if last == "0" {
			nobody("a wrong checksum", write[:len(write)-1]+"1")
		} else {
			nobody("a wrong checksum", write[:len(write)-1]+"0")
		}
		resp, err := http.Get(s.url + "/graphql?query={viewer{company{id}}}&key=" + write)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("a key in the address: HTTP %d", resp.StatusCode)
		}

		expired := s.key(maria, "READ")
		s.must(expired, `{customers{totalCount}}`, nil, nil)
		if _, err := db.SQL().ExecContext(t.Context(), `UPDATE api_keys SET expires_at = `+db.Dialect().NowPlus("$1")+` WHERE prefix = $2`, -1, expired[:10]); err != nil {
			t.Fatal(err)
		}
		nobody("an expired key", expired)

		// Revoked: an open socket ends within five seconds.
		socket := s.subscribe(read, `subscription{notificationReceived{kind}}`)
		var mine struct {
			Viewer struct{ APIKey struct{ ID string } }
		}
		s.must(read, `{viewer{apiKey{id}}}`, nil, &mine)
		began := time.Now()
		s.must(maria, `mutation($i:ID!){revokeApiKey(input:{id:$i}){apiKeyId}}`, vars{"i": mine.Viewer.APIKey.ID}, nil)
		nobody("a revoked key", read)
		if code, _ := socket.ended(); code != 4403 || time.Since(began) > 5*time.Second {
			t.Errorf("the socket of a revoked key ended with %d after %v", code, time.Since(began))
		}

		for name, change := range map[string]vars{"demoted": {"role": "MEMBER"}, "deactivated": {"active": false}} {
			userID, theirs := s.user(maria, northwind, name+"@northwind.example", "ADMIN")
			key := s.key(theirs, "WRITE")
			s.must(key, `{customers{totalCount}}`, nil, nil)
			change["id"] = userID
			s.want("", maria, updateUser, vars{"i": change})
			nobody("the key of a "+name+" creator", key)
		}
	})
}
