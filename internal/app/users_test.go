package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

const (
	updateUser = `mutation($i:UpdateUserInput!){updateUser(input:$i){user{email firstName role active}}}`
	deleteUser = `mutation($id:ID!){deleteUser(input:{id:$id}){userId}}`
)

// U3: a change of email, password, role or activity ends that user's sessions, is audited
// and told; a change of the name does not.
func TestChangedUsersSignInAgain(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		companyID, admin := s.company("Acme", "own@acme.example")
		signedIn := func(token string) bool {
			return !strings.Contains(string(s.gql(token, `{viewer{user{id}}}`, nil).Data), `"viewer":null`)
		}
		for name, c := range map[string]struct {
			change vars
			ends   bool
		}{
			"name":     {vars{"firstName": "New"}, false},
			"email":    {vars{"email": "new@acme.example"}, true},
			"password": {vars{"password": "another-password"}, true},
			"role":     {vars{"role": "ADMIN"}, true},
			"activity": {vars{"active": false}, true},
			"same":     {vars{"role": "MEMBER", "active": true}, false},
		} {
			id, theirs := s.user(admin, companyID, name+"@acme.example", "MEMBER")
			c.change["id"] = id
			s.want("", admin, updateUser, vars{"i": c.change})
			if signedIn(theirs) == c.ends {
				t.Errorf("%s: the session goes on: %v, want %v", name, !c.ends, !c.ends)
			}
		}
		if got := s.log(admin); !slices.Contains(got, "user.credentials_changed") || !slices.Contains(got, "user.updated") {
			t.Errorf("the log has %v", got)
		}
		r := s.want("INVALID_ARGUMENT", admin, updateUser, vars{"i": vars{"id": companyID, "email": nil}})
		if f := r.Errors[0].Extensions.Field; !slices.Equal(f, []string{"input", "email"}) {
			t.Errorf("field %v", f)
		}
		s.want("NOT_FOUND", admin, updateUser, vars{"i": vars{"id": companyID, "firstName": "X"}})
	})
}

// U6: one's own password changes only by changePassword, which ends the other sessions.
func TestChangingOnesOwnPassword(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, admin := s.company("Acme", "own@acme.example")
		other := s.signIn("own@acme.example", "own-password")
		var who struct {
			Viewer struct{ User struct{ ID string } }
		}
		s.must(admin, `{viewer{user{id}}}`, nil, &who)
		const change = `mutation($c:String!,$n:String!){changePassword(input:{currentPassword:$c,newPassword:$n}){user{id}}}`
		s.want("FORBIDDEN", admin, updateUser, vars{"i": vars{"id": who.Viewer.User.ID, "password": "new-password"}})
		s.want("UNAUTHENTICATED", "", change, vars{"c": "own-password", "n": "new-password"})
		s.want("INVALID_ARGUMENT", admin, change, vars{"c": "wrong", "n": "new-password"})
		s.want("INVALID_ARGUMENT", admin, change, vars{"c": "own-password", "n": "short"})
		s.want("", admin, change, vars{"c": "own-password", "n": "new-password"})
		s.want("", admin, `{customers{totalCount}}`, nil)
		s.want("UNAUTHENTICATED", other, `{customers{totalCount}}`, nil)
		s.want("UNAUTHENTICATED", "", `mutation{signIn(input:{email:"own@acme.example",password:"own-password"}){token}}`, nil)
		s.signIn("own@acme.example", "new-password")
	})
}

// U4: a company that no partner manages keeps an active administrator, also when two of
// them deactivate each other at the same moment; a managed one may have none.
func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		companyID, one := s.company("Acme", "one@acme.example")
		var who struct {
			Viewer struct{ User struct{ ID string } }
		}
		s.must(one, `{viewer{user{id}}}`, nil, &who)
		oneID := who.Viewer.User.ID
		s.want("FAILED_PRECONDITION", one, updateUser, vars{"i": vars{"id": oneID, "active": false}})
		s.want("FAILED_PRECONDITION", one, updateUser, vars{"i": vars{"id": oneID, "role": "MEMBER"}})
		s.want("FORBIDDEN", one, deleteUser, vars{"id": oneID})
		for range 5 {
			twoID, two := s.user(one, companyID, "two@acme.example", "ADMIN")
			codes := make(chan string, 2)
			for token, victim := range map[string]string{one: twoID, two: oneID} {
				go func() { codes <- s.gql(token, deleteUser, vars{"id": victim}).code() }()
			}
			a, b := <-codes, <-codes
			if (a == "") == (b == "") {
				t.Fatalf("two who delete each other: %q and %q; one must win", a, b)
			}
			if s.gql(one, `{customers{totalCount}}`, nil).code() != "" {
				one, oneID = two, twoID
				s.want("", one, updateUser, vars{"i": vars{"id": oneID, "email": "one@acme.example"}})
			}
		}
		_, maria, _ := s.partner("Partner", "partner.example")
		managed := s.customer(maria, "Managed")
		id, theirs := s.user(maria, managed, "own@managed.example", "ADMIN")
		s.want("", theirs, updateUser, vars{"i": vars{"id": id, "active": false}})
	})
}

// U6: a partner admin cannot take over the customer's own active administrators.
func TestPartnerAdminsDoNotTakeAdministratorsOver(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		acme := s.customer(maria, "Acme")
		adminID, admin := s.user(maria, acme, "own@acme.example", "ADMIN")
		memberID, _ := s.user(maria, acme, "member@acme.example", "MEMBER")
		for _, change := range []vars{{"email": "maria@partner.example"}, {"password": "known-to-maria"}, {"role": "MEMBER"}, {"active": false}} {
			change["id"] = adminID
			s.want("FORBIDDEN", maria, updateUser, vars{"i": change})
		}
		s.want("FORBIDDEN", maria, deleteUser, vars{"id": adminID})
		s.want("", maria, updateUser, vars{"i": vars{"id": adminID, "firstName": "Renamed"}})
		s.want("", maria, updateUser, vars{"i": vars{"id": memberID, "password": "member-password"}})
		s.want("", maria, deleteUser, vars{"id": memberID})
		s.want("", admin, `{customers{totalCount}}`, nil)
	})
}

// J7: what a user is told comes live, on whichever node they watch, once; nobody else's.
func TestNotificationsComeLive(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		var who struct {
			Viewer struct{ User struct{ ID string } }
		}
		s.must(tom, `{viewer{user{id}}}`, nil, &who)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		socket, _, err := websocket.Dial(ctx, s.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
		if err != nil {
			t.Fatal(err)
		}
		defer socket.CloseNow()
		type message struct {
			ID      string          `json:"id,omitempty"`
			Type    string          `json:"type"`
			Payload json.RawMessage `json:"payload,omitempty"`
		}
		say := func(m message) {
			if err := wsjson.Write(ctx, socket, m); err != nil {
				t.Fatal(err)
			}
		}
		hear := func() (m message) {
			if err := wsjson.Read(ctx, socket, &m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		say(message{Type: "connection_init", Payload: json.RawMessage(`{"Authorization":"Bearer ` + tom + `"}`)})
		hear()
		say(message{ID: "1", Type: "subscribe", Payload: json.RawMessage(`{"query":"subscription{notificationReceived{kind title company{name}}}"}`)})
		// The answer to a query on the same socket shows that the subscription has been read, and
		// it tells what comes from then on.
		say(message{ID: "2", Type: "subscribe", Payload: json.RawMessage(`{"query":"{viewer{isOperator}}"}`)})
		for m := hear(); m.Type != "complete"; m = hear() {
			if m.ID != "2" {
				t.Fatalf("unasked: %+v", m)
			}
		}
		for _, name := range []string{"Acme", "Beta"} {
			c := s.customer(maria, name)
			s.want("", maria, addAdmin, vars{"c": c, "u": who.Viewer.User.ID})
			if m := hear(); m.ID != "1" || !strings.Contains(string(m.Payload), `"company":{"name":"`+name+`"}`) {
				t.Fatalf("heard %s %s", m.Type, m.Payload)
			}
		}
		s.want("", tom, `mutation{markNotificationsRead(input:{}){unreadCount}}`, nil)
		if got := s.notes(maria); len(got) != 0 {
			t.Errorf("maria was told %v", got)
		}
		s.want("UNAUTHENTICATED", "", `mutation{markNotificationsRead(input:{}){unreadCount}}`, nil)
	})
}

// J7: news comes to whoever watches on another node than the one where it happened.
func TestNotificationsComeLiveOnEveryNode(t *testing.T) {
	t.Parallel()
	env := production(t)
	one := startServer(t, env)
	two := startServer(t, map[string]string{
		"DATABASE_URL": env["DATABASE_URL"], "REDIS_URL": env["REDIS_URL"], "DATABASE_MAX_CONNS": "6", "DATA_DIR": env["DATA_DIR"],
	})
	_, maria, tom := one.partner("Partner", "partner.example")
	socket := two.subscribe(tom, `subscription{notificationReceived{kind company{name}}}`)
	one.want("", maria, addAdmin, vars{"c": one.customer(maria, "Acme"), "u": one.viewerID(tom)})
	if m := socket.hear(); !strings.Contains(m, `{"kind":"PARTNER_ADMIN_ADDED","company":{"name":"Acme"}}`) {
		t.Errorf("heard %s", m)
	}
}
