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

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// viewerID is the id of whose token it is.
func (s *server) viewerID(token string) string {
	s.t.Helper()
	var out struct {
		Viewer struct{ User struct{ ID string } }
	}
	s.must(token, `{viewer{user{id}}}`, nil, &out)
	return out.Viewer.User.ID
}

// database opens the server's database beside it, for what the API cannot do: moving time.
func (s *server) database() *database.DB {
	s.t.Helper()
	db, err := database.Open(s.t.Context(), database.Options{URL: s.env["DATABASE_URL"], Dir: s.env["DATA_DIR"], Shared: true, MaxConns: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

const (
	claimBySecret = `mutation($s:String){claimCustomer(input:{transferToken:$s}){customer{name canDelete}}}`
	claimByID     = `mutation($i:ID){claimCustomer(input:{transferTokenId:$i}){customer{name canDelete}}}`
	generateToken = `mutation($c:ID){generateTransferToken(input:{companyId:$c}){transferToken{id} secret}}`
)

// generated gives the id and the secret of a new transfer token of the company.
func (s *server) generated(token, companyID string) (tokenID, secret string) {
	s.t.Helper()
	var out struct {
		GenerateTransferToken struct {
			TransferToken struct{ ID string }
			Secret        string
		}
	}
	s.must(token, generateToken, vars{"c": companyID}, &out)
	return out.GenerateTransferToken.TransferToken.ID, out.GenerateTransferToken.Secret
}

// C9: whoever guesses a transfer token, and whoever has half of one, another token or the
// right one at the wrong place, is told the same each time; none of it uses the token up.
func TestTransferTokensAreNotGuessed(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		acme, own := s.company("Acme", "own@acme.example")
		tokenID, secret := s.generated(own, acme)
		last := secret[len(secret)-1]
		answers := map[string]bool{}
		for _, guess := range []string{
			"", " ", "tnt_t_", secret[:len(secret)-1], secret + "x", secret[:len(secret)-1] + string(last^1), secret[:9] + " " + secret[9:],
			strings.ToUpper(secret), strings.ToLower(secret) + "0", strings.TrimPrefix(secret, "tnt_t_"), tokenID, acme, own, maria,
			strings.Repeat("x", 10_000), "%", "_", "' OR '1'='1", "\x00",
		} {
			if guess == strings.ToLower(secret) {
				continue
			}
			r := s.want("FAILED_PRECONDITION", maria, claimBySecret, vars{"s": guess})
			if len(r.Errors) > 0 {
				answers[r.Errors[0].Message] = true
			}
		}
		for _, guess := range []string{tokenID, acme, s.viewerID(own), s.viewerID(maria)} {
			r := s.want("FAILED_PRECONDITION", maria, claimByID, vars{"i": guess})
			if len(r.Errors) > 0 {
				answers[r.Errors[0].Message] = true
			}
		}
		if len(answers) != 1 {
			t.Errorf("guesses are told apart: %v", answers)
		}
		s.want("", maria, claimBySecret, vars{"s": " " + secret + "\n"}) // as it is pasted
	})
}

// live is an open socket with a subscription in it.
type live struct {
	s      *server
	ctx    context.Context
	socket *websocket.Conn
}

// subscribe opens a socket and returns when the subscription has begun.
func (s *server) subscribe(token, query string) *live {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	s.t.Cleanup(cancel)
	socket, _, err := websocket.Dial(ctx, s.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = socket.CloseNow() })
	l := &live{s, ctx, socket}
	l.say(`{"type":"connection_init","payload":{"Authorization":"Bearer ` + token + `"}}`)
	l.hear()
	text, _ := json.Marshal(query)
	l.say(`{"id":"1","type":"subscribe","payload":{"query":` + string(text) + `}}`)
	// The answer to a query on the same socket shows that the subscription has been read, and
	// it tells what comes from then on.
	l.ask("{viewer{isOperator}}")
	return l
}

func (l *live) say(text string) {
	l.s.t.Helper()
	if err := l.socket.Write(l.ctx, websocket.MessageText, []byte(text)); err != nil {
		l.s.t.Fatal(err)
	}
}

func (l *live) hear() (text string) {
	l.s.t.Helper()
	var m json.RawMessage
	if err := wsjson.Read(l.ctx, l.socket, &m); err != nil {
		l.s.t.Fatal(err)
	}
	return string(m)
}

// ask does a query on the socket and gives what came of it.
func (l *live) ask(query string) (answer string) {
	l.s.t.Helper()
	l.say(`{"id":"2","type":"subscribe","payload":{"query":"` + query + `"}}`)
	for {
		m := l.hear()
		switch {
		case strings.Contains(m, `"complete"`) && strings.Contains(m, `"2"`):
			return answer
		case strings.Contains(m, `"2"`):
			answer = m
		}
	}
}

// ended waits for the socket's end and gives its code and what came before it.
func (l *live) ended() (code websocket.StatusCode, before []string) {
	l.s.t.Helper()
	for {
		var m json.RawMessage
		if err := wsjson.Read(l.ctx, l.socket, &m); err != nil {
			return websocket.CloseStatus(err), before
		}
		before = append(before, string(m))
	}
}

// U3, C6: a partner admin who is removed, deactivated, deleted, or whose partner is demoted
// in the middle of a chain of requests is refused by the next one; open sockets of those who
// may not sign in any more end within five seconds, and what a subscription shows goes by
// the rights of now.
func TestRightsEndInTheMiddle(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		partnerID, maria, _ := s.partner("Partner", "partner.example")
		acme := s.customer(maria, "Acme")
		admin := func(name string) (userID, token string) {
			userID, token = s.user(maria, partnerID, name+"@partner.example", "MEMBER")
			s.want("", maria, addAdmin, vars{"c": acme, "u": userID})
			s.want("", token, updateCustomer, vars{"id": acme, "n": "Acme by " + name})
			return userID, token
		}
		for name, c := range map[string]struct {
			end  func(userID string)
			code string // of the next request
			shut bool   // the socket ends
		}{
			"removed":     {func(u string) { s.want("", maria, removeAdmin, vars{"c": acme, "u": u}) }, "NOT_FOUND", false},
			"deactivated": {func(u string) { s.want("", maria, updateUser, vars{"i": vars{"id": u, "active": false}}) }, "UNAUTHENTICATED", true},
			"deleted":     {func(u string) { s.want("", maria, deleteUser, vars{"id": u}) }, "UNAUTHENTICATED", true},
		} {
			userID, token := admin(name)
			socket := s.subscribe(token, `subscription{notificationReceived{kind}}`)
			began := time.Now()
			c.end(userID)
			s.want(c.code, token, updateCustomer, vars{"id": acme, "n": "stolen"})
			if !c.shut {
				continue
			}
			code, before := socket.ended()
			if code != 4403 || time.Since(began) > 5*time.Second {
				t.Errorf("%s: the socket ended with %d after %v", name, code, time.Since(began))
			}
			if name == "deleted" && len(before) > 0 {
				t.Errorf("%s: the socket told %v before its end", name, before)
			}
		}

		// Demoted: the notification that comes afterwards names the customer no more.
		fritz, token := admin("fritz")
		socket := s.subscribe(token, `subscription{notificationReceived{title company{name}}}`)
		s.want("", s.operator(), `mutation($c:ID!){setPartnerStatus(input:{companyId:$c,isPartner:false}){company{id}}}`, vars{"c": partnerID})
		s.want("NOT_FOUND", token, updateCustomer, vars{"id": acme, "n": "stolen"})
		testenv.Await(s.t, "the socket's new rights", func() bool {
			return strings.Contains(socket.ask("{customers(filter:{isOwn:false}){totalCount} viewer{company{isPartner}}}"), `"totalCount":0`)
		})
		of := func(text string) id.ID {
			u, err := id.ParseAny(text)
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		err := s.database().Ent().Notification.Create().SetUserID(of(fritz)).SetKind(enum.ImportFinished).SetTitle("late").SetBody("").SetCompanyID(of(acme)).
			Exec(viewer.BypassTenancy(t.Context(), "an import that ends after the demotion"))
		if err != nil {
			t.Fatal(err)
		}
		for {
			if m := socket.hear(); strings.Contains(m, "late") {
				if !strings.Contains(m, `"company":null`) {
					t.Errorf("a demoted partner's people are told of %s", m)
				}
				break
			}
		}
	})
}

// U6: a partner admin does not take over the customer's administrator, by no change of the
// email, password, role or activity, by no deletion, and by no import; the file's other rows go on.
func TestNoTakeoverByImport(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		acme := s.customer(maria, "Acme")
		_, admin := s.user(maria, acme, "own@acme.example", "ADMIN")
		file := "email,first_name,last_name,password,active\n" +
			"OWN@acme.example,Own,Admin,known-to-maria,\n" +
			"own@acme.example,Own,Admin,,false\n" +
			"new@acme.example,New,User,some-password,\n"
		got := s.finished(maria, s.accepted(maria, file, vars{"kind": "USERS", "companyId": acme}))
		if want := []string{"1:FORBIDDEN", "2:FORBIDDEN"}; !slices.Equal(got.codes(), want) || got.CreatedCount != 1 {
			t.Errorf("%s with %v, want one created and %v", got.counts(), got.codes(), want)
		}
		s.want("", admin, `{customers{totalCount}}`, nil)
		s.signIn("own@acme.example", "user-password")
	})
}
