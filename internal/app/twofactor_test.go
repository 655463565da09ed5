package app

import (
	"encoding/base32"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantry/client"
	"tenantry/internal/totp"
)

// factor is a second factor that was enrolled over the API.
type factor struct {
	secret   []byte
	used     int64 // the step of the last code that was given
	recovery []string
}

// code is one that was not given yet. The server takes codes one step ahead; of a test that needs more
// the database forgets the last one.
func (f *factor) code(s *server) string {
	s.t.Helper()
	now := totp.Step(time.Now())
	next := max(f.used+1, now)
	if next > now+1 {
		if _, err := s.database().SQL().ExecContext(s.t.Context(), `UPDATE second_factors SET last_step = 0`); err != nil {
			s.t.Fatal(err)
		}
		next = now
	}
	f.used = next
	return totp.Code(f.secret, next)
}

// enroll enrolls the token's user, whose password it is.
func (s *server) enroll(token, password string) *factor {
	s.t.Helper()
	var begun struct{ StartTwoFactor struct{ Secret, URI string } }
	s.must(token, `mutation($p:String!){startTwoFactor(input:{password:$p}){secret uri}}`, vars{"p": password}, &begun)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(begun.StartTwoFactor.Secret)
	if err != nil || !strings.HasPrefix(begun.StartTwoFactor.URI, "otpauth://totp/Tenantry:") {
		s.t.Fatalf("%+v, %v", begun, err)
	}
	f := &factor{secret: secret}
	var confirmed struct {
		ConfirmTwoFactor struct {
			RecoveryCodes []string
			User          struct{ TwoFactor bool }
		}
	}
	s.must(token, `mutation($c:String!){confirmTwoFactor(input:{code:$c}){recoveryCodes user{twoFactor}}}`, vars{"c": f.code(s)}, &confirmed)
	f.recovery = confirmed.ConfirmTwoFactor.RecoveryCodes
	if len(f.recovery) != 10 || !confirmed.ConfirmTwoFactor.User.TwoFactor {
		s.t.Fatalf("%+v", confirmed)
	}
	return f
}

// titles are those of the user's notifications, newest first.
func (s *server) titles(token string) (titles []string) {
	s.t.Helper()
	var out struct {
		Notifications struct{ Nodes []struct{ Title string } }
	}
	s.must(token, `{notifications{nodes{title}}}`, nil, &out)
	for _, n := range out.Notifications.Nodes {
		titles = append(titles, n.Title)
	}
	return titles
}

// challenge signs in with the password alone.
func (s *server) challenge(email, password string) string {
	s.t.Helper()
	_, err := s.as("").SignIn(s.t.Context(), email, password)
	refused, ok := errors.AsType[*client.Error](err)
	if !ok || refused.Code() != "UNAUTHENTICATED" || refused.Extensions.Challenge == "" || !slices.Equal(refused.Extensions.Methods, []string{"TOTP", "RECOVERY_CODE"}) {
		s.t.Fatalf("signing in with the password alone: %+v", err)
	}
	return refused.Extensions.Challenge
}

// Rule U9, over HTTP: enrolling, signing in with a code and with a recovery code, each once,
// disabling; other sessions end, the user is notified, and the log has no secret.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Northwind", "northwind.example")
		email := "tom.okafor@northwind.example"
		elsewhere := s.signIn(email, "tom-password")
		s.want("INVALID_ARGUMENT", tom, `mutation{startTwoFactor(input:{password:"wrong"}){secret}}`, nil)
		s.want("INVALID_ARGUMENT", tom, `mutation{confirmTwoFactor(input:{code:"000000"}){recoveryCodes}}`, nil)
		f := s.enroll(tom, "tom-password")
		s.want("FAILED_PRECONDITION", tom, `mutation{startTwoFactor(input:{password:"tom-password"}){secret}}`, nil)
		if r := s.gql(elsewhere, `{viewer{company{id}}}`, nil); string(r.Data) != `{"viewer":null}` {
			t.Errorf("another session after enrolling: %s", r.Data)
		}

		challenge, code := s.challenge(email, "tom-password"), f.code(s)
		signedIn, err := s.as("").CompleteSignIn(t.Context(), challenge, code)
		if err != nil {
			t.Fatal(err)
		}
		if err := signedIn.Do(t.Context(), `{customers{totalCount}}`, nil, nil); err != nil {
			t.Error(err)
		}
		complete := `mutation($c:String!,$k:String!){completeSignIn(input:{challenge:$c,code:$k}){token}}`
		again := s.challenge(email, "tom-password")
		s.want("UNAUTHENTICATED", "", complete, vars{"c": challenge, "k": f.recovery[0]})
		s.want("UNAUTHENTICATED", "", complete, vars{"c": again, "k": code})
		s.must("", complete, vars{"c": again, "k": f.recovery[1]}, nil)
		s.want("UNAUTHENTICATED", "", complete, vars{"c": s.challenge(email, "tom-password"), "k": f.recovery[1]})

		s.want("INVALID_ARGUMENT", tom, `mutation{disableTwoFactor(input:{password:"tom-password"}){user{id}}}`, nil)
		s.want("INVALID_ARGUMENT", tom, `mutation($k:String!){disableTwoFactor(input:{password:"wrong",code:$k}){user{id}}}`, vars{"k": f.recovery[2]})
		s.want("INVALID_ARGUMENT", tom, `mutation($k:String!){disableTwoFactor(input:{password:"tom-password",code:$k}){user{id}}}`, vars{"k": f.recovery[1]})
		s.must(tom, `mutation($k:String!){disableTwoFactor(input:{password:"tom-password",code:$k}){user{twoFactor}}}`, vars{"k": f.recovery[2]}, nil)
		s.want("FAILED_PRECONDITION", tom, `mutation($k:String!){disableTwoFactor(input:{password:"tom-password",code:$k}){user{id}}}`, vars{"k": f.recovery[3]})
		s.signIn(email, "tom-password")

		if titles := s.titles(tom); !slices.Equal(titles, []string{"Your account was changed", "A recovery code was used", "Your account was changed"}) {
			t.Errorf("notifications: %q", titles)
		}
		var audit struct {
			AuditEvents struct {
				Nodes []struct{ Action, Summary string }
			}
		}
		s.must(maria, `{auditEvents(first:20){nodes{action summary}}}`, nil, &audit)
		var actions []string
		for _, e := range audit.AuditEvents.Nodes {
			if strings.HasPrefix(e.Action, "two_factor.") {
				actions = append(actions, e.Action)
			}
			for _, secret := range append(slices.Clone(f.recovery), base32.StdEncoding.EncodeToString(f.secret)) {
				if strings.Contains(e.Summary, secret) {
					t.Errorf("the log has a secret: %s", e.Summary)
				}
			}
		}
		if want := []string{"two_factor.disabled", "two_factor.recovery_code_used", "two_factor.enabled"}; !slices.Equal(actions, want) {
			t.Errorf("the log has %v, want %v", actions, want)
		}
	})
}

// Rules U6, U9: an administrator resets another's second factor, a partner admin not that of the
// customer's own administrators.
func TestResettingASecondFactor(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Northwind", "northwind.example")
		acme := s.customer(maria, "Acme")
		adminID, admin := s.user(maria, acme, "admin@acme.example", "ADMIN")
		memberID, member := s.user(maria, acme, "member@acme.example", "MEMBER")
		s.enroll(admin, "user-password")
		s.enroll(member, "user-password")
		reset := `mutation($u:ID!){disableTwoFactor(input:{userId:$u}){user{twoFactor}}}`
		seen := `query($u:ID!){user(id:$u){twoFactor}}`
		if r := s.gql(maria, seen, vars{"u": memberID}); string(r.Data) != `{"user":{"twoFactor":true}}` {
			t.Errorf("a partner admin sees %s", r.Data)
		}
		if r := s.gql(member, seen, vars{"u": adminID}); string(r.Data) != `{"user":{"twoFactor":false}}` {
			t.Errorf("a member sees of an administrator %s", r.Data)
		}
		s.want("FORBIDDEN", maria, reset, vars{"u": adminID})
		s.want("NOT_FOUND", tom, reset, vars{"u": memberID})
		s.want("FORBIDDEN", member, reset, vars{"u": adminID})
		s.must(maria, reset, vars{"u": memberID}, nil)
		if r := s.gql(member, `{viewer{company{id}}}`, nil); string(r.Data) != `{"viewer":null}` {
			t.Errorf("a session after the reset: %s", r.Data)
		}
		member = s.signIn("member@acme.example", "user-password")
		if titles := s.titles(member); len(titles) != 2 { // enrolled, and reset
			t.Errorf("notifications: %q", titles)
		}
		s.want("FAILED_PRECONDITION", maria, reset, vars{"u": memberID})
	})
}

// A cookie session begins in two steps, too; its challenge begins no bearer session.
func TestSecondFactorOfACookieSession(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, _, tom := s.partner("Northwind", "northwind.example")
		f := s.enroll(tom, "tom-password")
		own := http.Header{"Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"}}
		resp, r := s.request(http.MethodPost, own, []byte(`{"query":"mutation{signIn(input:{email:\"tom.okafor@northwind.example\",password:\"tom-password\",session:COOKIE}){token}}"}`))
		if r.code() != "UNAUTHENTICATED" || len(resp.Cookies()) > 0 {
			t.Fatalf("%+v, %v", r.Errors, resp.Cookies())
		}
		challenge := r.Errors[0].Extensions.Challenge
		s.want("UNAUTHENTICATED", "", `mutation($c:String!,$k:String!){completeSignIn(input:{challenge:$c,code:$k}){token}}`, vars{"c": challenge, "k": f.recovery[0]})
		resp, r = s.request(http.MethodPost, own, []byte(`{"query":"mutation{completeSignIn(input:{challenge:\"`+challenge+`\",code:\"`+f.recovery[0]+`\",session:COOKIE}){token user{email}}}"}`))
		if len(r.Errors) > 0 || !strings.Contains(string(r.Data), `"token":null`) || len(resp.Cookies()) != 1 {
			t.Fatalf("%s %+v, %v", r.Data, r.Errors, resp.Cookies())
		}
		with := own.Clone()
		with.Set("Cookie", resp.Cookies()[0].String())
		if _, r = s.request(http.MethodPost, with, []byte(`{"query":"{viewer{user{email}}}"}`)); !strings.Contains(string(r.Data), "tom.okafor") {
			t.Errorf("%s %+v", r.Data, r.Errors)
		}
	})
}

// Rule U9: a company requires a second factor of its users. Who has none does nothing but enroll,
// sign out and read the viewer, and neither do their API keys.
func TestRequiringASecondFactor(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Northwind", "northwind.example")
		var made struct{ CreateAPIKey struct{ Secret string } }
		s.must(maria, `mutation{createApiKey(input:{name:"k",access:WRITE}){secret}}`, nil, &made)
		key := made.CreateAPIKey.Secret
		require := `mutation($on:Boolean!){updateCompany(input:{requireTwoFactor:$on}){company{requireTwoFactor}}}`
		s.want("FORBIDDEN", key, require, vars{"on": true})
		s.want("FORBIDDEN", tom, require, vars{"on": true})
		s.must(maria, require, vars{"on": true}, nil)

		for _, who := range []string{maria, tom, key} {
			for _, query := range []string{`{customers{totalCount}}`, `{notifications{totalCount}}`, `{importRuns{totalCount}}`,
				`mutation{markNotificationsRead(input:{}){__typename}}`, `mutation{addCustomer(input:{name:"New"}){customer{id}}}`} {
				if r := s.gql(who, query, nil); r.code() != "FORBIDDEN" && r.code() != "BAD_REQUEST" {
					t.Errorf("%s: %s %+v", query, r.Data, r.Errors)
				}
			}
			if _, r := s.importCsv(who, "x.csv", []byte("name\nNew\n"), nil); r.code() != "FORBIDDEN" {
				t.Errorf("an upload: %+v", r.Errors)
			}
			s.must(who, `{viewer{company{name}}}`, nil, nil)
		}
		r := s.want("FORBIDDEN", tom, `{customers{totalCount}}`, nil)
		if !strings.Contains(r.Errors[0].Message, "startTwoFactor") {
			t.Errorf("the message does not say what to do: %s", r.Errors[0].Message)
		}
		for _, subscription := range []string{`subscription{notificationReceived{id}}`, `subscription{importProgress(id:"` + s.viewerID(tom) + `"){id}}`} {
			err := s.as(tom).Subscribe(t.Context(), subscription, nil, func(json.RawMessage) error { return nil })
			if refused, ok := errors.AsType[*client.Error](err); !ok || refused.Code() != "FORBIDDEN" {
				t.Errorf("%s: %v", subscription, err)
			}
		}
		s.must(s.signIn("tom.okafor@northwind.example", "tom-password"), `mutation{signOut{signedOut}}`, nil, nil)
		s.enroll(tom, "tom-password")
		s.must(tom, `{customers{totalCount}}`, nil, nil)
		s.enroll(maria, "maria-password")
		s.must(key, `{customers{totalCount}}`, nil, nil)

		s.must(maria, require, vars{"on": false}, nil)
		if log := strings.Join(s.log(maria), "\n"); !strings.Contains(log, "company.updated") {
			t.Errorf("the log: %s", log)
		}
	})
}

// Rule U9: a partner requires it of whoever works inside its customers, and of nobody else.
func TestRequiringASecondFactorInsideCustomers(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Northwind", "northwind.example")
		acme := s.customer(maria, "Acme")
		_, admin := s.user(maria, acme, "admin@acme.example", "ADMIN")
		require := `mutation($on:Boolean!){updateCompany(input:{requireTwoFactorForCustomers:$on}){company{requireTwoFactorForCustomers}}}`
		s.want("FAILED_PRECONDITION", admin, require, vars{"on": true})
		s.must(maria, require, vars{"on": true}, nil)

		inside := `query($c:ID!){company(id:$c){name contacts{totalCount}}}`
		r := s.want("FORBIDDEN", maria, inside, vars{"c": acme})
		if len(r.Errors) == 0 || !strings.Contains(r.Errors[0].Message, "startTwoFactor") {
			t.Errorf("the message does not say what to do: %+v", r.Errors)
		}
		create := `mutation($c:ID!){createLabel(input:{companyId:$c,name:"VIP"}){label{id}}}`
		s.want("FORBIDDEN", maria, create, vars{"c": acme})
		if _, r := s.importCsv(maria, "x.csv", []byte("email,first_name\na@x.example,A\n"), vars{"kind": "CONTACTS", "companyId": acme}); r.code() != "FORBIDDEN" {
			t.Errorf("an import into a customer: %+v", r.Errors)
		}
		s.must(maria, `{customers{nodes{name}}}`, nil, nil)
		s.must(maria, `mutation($c:ID!){updateCustomer(input:{id:$c,name:"Acme 2"}){customer{id}}}`, vars{"c": acme}, nil)
		s.must(admin, inside, vars{"c": acme}, nil)

		s.enroll(maria, "maria-password")
		s.must(maria, inside, vars{"c": acme}, nil)
		s.must(maria, create, vars{"c": acme}, nil)
	})
}
