package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/internal/config"
	"tenantry/internal/testenv"
)

const guess = `mutation($e:String!,$p:String!){signIn(input:{email:$e,password:$p}){token}}`

// guesses are a document with so many sign-ins by alias, each with a wrong password; the emails are
// numbered from the first.
func guesses(n int, email func(i int) string) string {
	var b strings.Builder
	b.WriteString("mutation{")
	for i := range n {
		fmt.Fprintf(&b, `a%d:signIn(input:{email:"%s",password:"guess %d"}){token} `, i, email(i), i)
	}
	return b.String() + "}"
}

// apiNodes are two processes that serve the API on one database and one Redis.
func apiNodes(t *testing.T, redis *testenv.Server, settings map[string]string) (one, two *server) {
	t.Helper()
	url := testenv.URL(t)
	node := func() *server {
		env := map[string]string{
			"DATABASE_URL": url, "REDIS_URL": redis.URL(), "DATABASE_MAX_CONNS": "6", "BLOB_URL": "file://" + t.TempDir(), "LOG_LEVEL": "error",
		}
		for k, v := range settings {
			env[k] = v
		}
		return startRole(t, env, config.RoleAPI, roles{api: true, temporaryBlobs: true})
	}
	return node(), node()
}

// U12: processes count sign-ins together, for an account that there is and for one that there is not
// alike, and say when to try again; without Redis each goes on by what it has seen.
func TestU12ProcessesLimitSignInsTogether(t *testing.T) {
	t.Parallel()
	redis := testenv.RedisServer(t)
	one, two := apiNodes(t, redis, nil)
	one.company("Acme", "own@acme.example")
	answers := map[string]string{}
	for _, email := range []string{"own@acme.example", "nobody@acme.example"} {
		var said []string
		for i := range 10 {
			s := one
			if i%2 == 1 {
				s = two
			}
			r := s.want("UNAUTHENTICATED", "", guess, vars{"e": email, "p": "guess"})
			said = append(said, r.Errors[0].Message)
		}
		for _, s := range []*server{one, two} {
			body, _ := json.Marshal(map[string]any{"query": guess, "variables": vars{"e": strings.ToUpper(email), "p": "own-password"}})
			resp, r := s.request(http.MethodPost, http.Header{"Content-Type": {"application/json"}}, body)
			if r.code() != "RATE_LIMITED" {
				t.Fatalf("%s on another node after ten failures: %q", email, r.code())
			}
			after := r.Errors[0].Extensions.RetryAfter
			if after < 1 || after > 60 || resp.Header.Get("Retry-After") != strconv.Itoa(after) {
				t.Errorf("retryAfter is %d, Retry-After %q", after, resp.Header.Get("Retry-After"))
			}
			said = append(said, strings.ReplaceAll(r.Errors[0].Message, strconv.Itoa(after), "N"))
		}
		answers[strings.Join(said, "\n")] = email
	}
	if len(answers) != 1 {
		t.Errorf("an account that there is can be told from one that there is not: %v", answers)
	}
	redis.Kill()
	for _, s := range []*server{one, two} {
		s.want("RATE_LIMITED", "", guess, vars{"e": "own@acme.example", "p": "own-password"})
		codes := map[string]int{}
		for range 15 {
			codes[s.gql("", guess, vars{"e": "another@acme.example", "p": "guess"}).code()]++
		}
		if codes["UNAUTHENTICATED"] != 10 || codes["RATE_LIMITED"] != 5 {
			t.Errorf("without Redis 15 guesses got %v", codes)
		}
	}
}

// U12: of a thousand sign-ins by alias, over HTTP and over a socket, each is counted: by address
// where the emails differ, by account where they do not.
func TestU12AliasedSignInsAreCountedEach(t *testing.T) {
	t.Parallel()
	onBothSetsWith(t, map[string]string{"RATE_LIMIT_SIGN_INS_PER_ADDRESS": "60/1h"}, func(t *testing.T, s *server) {
		s.company("Acme", "own@acme.example")
		var mu sync.Mutex
		codes := map[string]int{}
		count := func(code string, n int) {
			mu.Lock()
			defer mu.Unlock()
			codes[code] += n
		}
		same := func(int) string { return "own@acme.example" }
		for _, e := range s.gql("", guesses(10, same), nil).Errors {
			count(e.Extensions.Code, 1)
		}
		l, _, err := s.dial(http.Header{}, "")
		testenv.Must(t, err)
		l.say(`{"type":"connection_init"}`)
		l.hear()
		heard := l.ask(strings.ReplaceAll(guesses(10, same), `"`, `\"`))
		count("UNAUTHENTICATED", strings.Count(heard, `"UNAUTHENTICATED"`))
		count("RATE_LIMITED", strings.Count(heard, `"RATE_LIMITED"`))
		if codes["UNAUTHENTICATED"] != 10 || codes["RATE_LIMITED"] != 10 {
			t.Errorf("20 guesses at one account got %v", codes)
		}

		clear(codes)
		var wg sync.WaitGroup
		for d := range 10 {
			wg.Go(func() {
				for n := range 10 {
					for _, e := range s.gql("", guesses(10, func(i int) string { return fmt.Sprintf("n%d-%d-%d@nowhere.example", d, n, i) }), nil).Errors {
						count(e.Extensions.Code, 1)
					}
				}
			})
		}
		wg.Wait()
		// Ten were the account's, and one more is forgiven each minute.
		if n := codes["UNAUTHENTICATED"]; n < 50 || n > 52 || n+codes["RATE_LIMITED"] != 1000 {
			t.Errorf("1,000 guesses from one address got %v", codes)
		}
		if r := s.gql("", guesses(1000, same), nil); r.code() != "BAD_REQUEST" || len(r.Errors) != 1 { // it has too many tokens
			t.Errorf("1,000 in one document: %+v", r.Errors)
		}
	})
}

// U12: whoever writes forwarding headers themselves, and is no proxy that the settings name, is
// counted by the address of the connection.
func TestU12ForwardingHeadersOfStrangersCountNothing(t *testing.T) {
	t.Parallel()
	onBothSetsWith(t, map[string]string{"RATE_LIMIT_SIGN_INS_PER_ADDRESS": "5/1h", "TRUSTED_PROXIES": "192.0.2.0/24"}, func(t *testing.T, s *server) {
		codes := map[string]int{}
		for i := range 8 {
			address := fmt.Sprintf("203.0.113.%d", i)
			body, _ := json.Marshal(map[string]any{"query": guess, "variables": vars{"e": fmt.Sprint(i, "@nowhere.example"), "p": "guess"}})
			_, r := s.request(http.MethodPost, http.Header{
				"Content-Type": {"application/json"}, "X-Forwarded-For": {address}, "X-Real-Ip": {address}, "Forwarded": {"for=" + address}, "True-Client-Ip": {address},
			}, body)
			codes[r.code()]++
		}
		if codes["UNAUTHENTICATED"] != 5 || codes["RATE_LIMITED"] != 3 {
			t.Errorf("eight guesses with invented addresses got %v", codes)
		}
	})
}

// U12: the uploads of a company are limited, whichever of its people sends them, before the file is
// read; those of another company are not affected.
func TestU12UploadsAreLimitedByCompany(t *testing.T) {
	t.Parallel()
	onBothSetsWith(t, map[string]string{"RATE_LIMIT_UPLOADS": "3/1h"}, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		_, other := s.company("Acme", "own@acme.example")
		const preview = `mutation($input:PreviewImportInput!){previewImport(input:$input){preview{totalRows}}}`
		send := func(token string) reply {
			return s.upload(token, preview, "a.csv", []byte("email,first_name\na@b.example,A\n"), vars{"kind": "CONTACTS"})
		}
		for i, token := range []string{maria, tom, maria} { // a member's is refused, and counts
			if r := send(token); r.code() == "RATE_LIMITED" {
				t.Fatalf("upload %d: %s", i+1, r.code())
			}
		}
		for _, token := range []string{maria, tom} {
			r := send(token)
			if r.code() != "RATE_LIMITED" || r.status != http.StatusTooManyRequests || r.Errors[0].Extensions.RetryAfter < 1140 || r.Errors[0].RetryAfter < 19*time.Minute {
				t.Errorf("the fourth upload: %d %+v", r.status, r.Errors)
			}
		}
		if r := send(other); r.code() != "" {
			t.Errorf("another company's upload: %s", r.code())
		}
		if r := s.stream(maria, "unread", 40<<20, true); r.status != http.StatusTooManyRequests {
			t.Errorf("a large upload over the limit: %d", r.status)
		}
	})
}

// U12: searches are limited by caller: each field with a text to search for counts, wherever it is
// in the document and wherever the text comes from; what searches nothing does not.
func TestU12SearchesAreLimitedByCaller(t *testing.T) {
	t.Parallel()
	onBothSetsWith(t, map[string]string{"RATE_LIMIT_SEARCHES": "7/1h"}, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		const none = `{customers(filter:{search:null}){totalCount} a:customers(filter:{isOwn:true}){totalCount} b:customers(filter:{search:" "}){totalCount}}`
		for query, variables := range map[string]vars{
			`{customers(filter:{search:"a"}){totalCount}}`:                                                                      nil,
			`query($s:String){customers(filter:{search:$s}){totalCount}}`:                                                       {"s": "a"},
			`query($f:CustomerFilter){customers(filter:$f){totalCount}}`:                                                        {"f": vars{"search": "a"}},
			`{partners(search:"a"){name}}`:                                                                                      nil,
			`{viewer{company{...F} ...on Viewer{company{...F}}}} fragment F on Company{users(filter:{search:"a"}){totalCount}}`: nil, // two
		} {
			s.want("", maria, query, variables)
			s.want("", maria, none, nil)
		}
		s.want("", maria, `{contacts:viewer{company{contacts(filter:{search:"a"}){totalCount}}}}`, nil)
		r := s.want("RATE_LIMITED", maria, `{customers(filter:{search:"a"}){totalCount}}`, nil)
		if len(r.Errors) == 1 && (r.Errors[0].Extensions.RetryAfter < 500 || r.Errors[0].Extensions.RetryAfter > 515 || !strings.Contains(r.Errors[0].Message, "too many searches")) {
			t.Errorf("%+v", r.Errors[0])
		}
		s.want("", maria, none, nil)
		s.want("", tom, `{customers(filter:{search:"a"}){totalCount}}`, nil)
	})
}

// U12: each caller has a ceiling, over HTTP and over sockets together; others are not affected.
func TestU12RequestsOfOneCallerAreLimited(t *testing.T) {
	t.Parallel()
	onBothSetsWith(t, map[string]string{"RATE_LIMIT_REQUESTS": "40/1h"}, func(t *testing.T, s *server) {
		_, maria, tom := s.partner("Partner", "partner.example")
		l, _, err := s.dial(http.Header{}, maria)
		testenv.Must(t, err)
		bySocket := func() string {
			l.say(`{"id":"1","type":"subscribe","payload":{"query":"{viewer{isOperator}}"}}`)
			answer := l.hear()
			if strings.Contains(answer, `"next"`) {
				l.hear() // complete
			}
			return answer
		}
		admitted := 0
		for admitted < 50 {
			if r := s.gql(maria, `{viewer{isOperator}}`, nil); r.code() == "RATE_LIMITED" {
				break
			}
			admitted++
			if strings.Contains(bySocket(), "RATE_LIMITED") {
				break
			}
			admitted++
		}
		if admitted < 30 || admitted > 40 { // some were needed to set up
			t.Errorf("%d requests were admitted", admitted)
		}
		if got := bySocket(); !strings.Contains(got, "RATE_LIMITED") || !strings.Contains(got, "retryAfter") {
			t.Errorf("over the socket: %s", got)
		}
		for _, accept := range []string{"application/json", "application/graphql-response+json", "text/event-stream"} {
			resp, r := s.request(http.MethodPost, http.Header{"Content-Type": {"application/json"}, "Accept": {accept}, "Authorization": {"Bearer " + maria}}, []byte(`{"query":"{"}`))
			if resp.StatusCode != http.StatusTooManyRequests || r.code() != "RATE_LIMITED" || resp.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %d %q, Retry-After %q", accept, resp.StatusCode, r.code(), resp.Header.Get("Retry-After"))
			}
		}
		s.want("", tom, `{viewer{isOperator}}`, nil)
	})
}

// U12: transfer tokens that cannot be redeemed are limited by user; the right one does not count.
func TestU12TransferTokensAreLimited(t *testing.T) {
	t.Parallel()
	onBothSetsWith(t, map[string]string{"RATE_LIMIT_TRANSFER_TOKENS": "3/1h"}, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		companyID, own := s.company("Acme", "own@acme.example")
		for range 2 {
			s.want("FAILED_PRECONDITION", maria, claimBySecret, vars{"s": "tnt_t_nothing"})
			_, secret := s.generated(own, companyID)
			s.want("", maria, claimBySecret, vars{"s": secret})
			s.want("", own, `mutation($c:ID!){endPartnership(input:{companyId:$c}){company{id}}}`, vars{"c": companyID})
		}
		_, secret := s.generated(own, companyID)
		s.want("FAILED_PRECONDITION", maria, claimByID, vars{"i": companyID})
		r := s.want("RATE_LIMITED", maria, claimBySecret, vars{"s": secret})
		if len(r.Errors) == 1 && r.Errors[0].Extensions.RetryAfter < 1190 {
			t.Errorf("retryAfter is %d", r.Errors[0].Extensions.RetryAfter)
		}
	})
}
