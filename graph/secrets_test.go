package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"tenantry/graph/limits"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// U2: a password reaches neither the log, at its lowest level, nor an answer, in whichever
// way it is sent wrongly: without quotes, with the wrong ones or with half of them, as
// another type, at another place, in a variable, in a body that is broken, by GET, in a
// form, in a document that is too long or beside a failure of ours.
func TestU2NoSecretIsLoggedOrAnswered(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := newTenants(t, newHarness(t, db, limits.Config{}, 0))
		const secret = "hunter2secret"
		var bodies []string
		document := func(format string, args ...any) {
			text, err := json.Marshal(map[string]any{"query": fmt.Sprintf(format, args...)})
			testenv.Must(t, err)
			bodies = append(bodies, string(text))
		}
		for _, literal := range []string{
			secret, "$" + secret, `"` + secret, secret + `"`, `'` + secret + `'`, "`" + secret + "`", `"\x` + secret + `"`, `"\u12` + secret + `"`,
			`"\u` + secret, `"\u{` + secret + `}"`, `"""` + secret, "[" + secret + "]", `["` + secret + `"]`, `{a:"` + secret + `"}`, "{a:" + secret + "}",
			"correct " + secret + " battery", `"correct" "` + secret + `"`, "!" + secret, "12" + secret, "-" + secret, "@" + secret, "&" + secret,
			secret + "\x00", "\u00e4" + secret, `"""` + secret + `""" """` + secret + `"""`, "(" + secret + ")", secret + ":", "..." + secret, "#" + secret,
		} {
			document(`mutation{signIn(input:{email:"a@b.example",password:%s}){token}}`, literal)
			document(`mutation($p:String=%s){signIn(input:{email:"a@b.example",password:$p}){token}}`, literal)
			document(`mutation{signIn(input:{email:"a@b.example",session:%s}){token}}`, literal)
			document(`mutation{changePassword(input:{currentPassword:%s,newPassword:%s}){user{id}}}`, literal, literal)
			document(`mutation{claimCustomer(input:{transferToken:%s}){customer{id}}}`, literal)
			document(`{auditEvents(after:%s){totalCount} nodes(ids:%s){id}}`, literal, literal)
			document(`%s`, literal)
		}
		const signIn = `mutation($p:String!,$s:SessionKind){signIn(input:{email:"a@b.example",password:$p,session:$s}){token}}`
		const create = `mutation($i:CreateUserInput!){createUser(input:$i){user{id}}}`
		for _, v := range []string{
			`{"p":["` + secret + `"]}`, `{"p":{"x":"` + secret + `"}}`, `{"p":"x","s":"` + secret + `"}`, `{"p":"` + secret + `","s":7}`, `{"p":"` + secret + `"`,
			`{"p":"` + secret + `}`, `"` + secret + `"`, `["` + secret + `"]`, `{"q":"` + secret + `"}`, `{"p":` + secret + `}`,
		} {
			bodies = append(bodies, `{"query":`+strconv.Quote(signIn)+`,"variables":`+v+`}`)
		}
		for _, v := range []string{
			`"` + secret + `"`, `{"password":"` + secret + `"}`, `{"email":"` + secret + `","firstName":"a","lastName":"b","password":"x"}`,
			`{"email":"a@b.example","firstName":"a","lastName":"b","password":["` + secret + `"]}`, `{"passwort":"` + secret + `"}`, `{"` + secret + `":1}`,
			`{"email":"a@b.example","firstName":"a","lastName":"b","role":"` + secret + `","password":"` + secret + `"}`,
		} {
			bodies = append(bodies, `{"query":"`+create+`","variables":{"i":`+v+`}}`)
		}
		bodies = append(bodies, secret, `"`+secret+`"`, `{"query":"`+secret, `{"query":7,"x":"`+secret+`"}`, `{"query":"{viewer{isOperator}}","operationName":["`+secret+`"]}`,
			`{"query":"`+secret+strings.Repeat("x", 300)+`"}`, `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"`+secret+`"}}}`,
			`{"extensions":{"persistedQuery":"`+secret+`"}}`, `{"query":"{viewer{isOperator}}","extensions":{"persistedQuery":{"version":"`+secret+`"}}}`,
			`{"query":"mutation{signIn(input:{email:\"a@b.example\",password:\"`+secret+`\"}){token}}`+strings.Repeat(" a", 3000)+`"}`)

		leaked := map[string]bool{}
		check := func(what string, a answer, echoed bool) {
			t.Helper()
			if strings.Contains(a.text, secret) && !echoed {
				t.Errorf("%s\nis answered %s", what, a.text)
			}
			for _, line := range w.log.With(secret) {
				if !leaked[line] {
					leaked[line] = true
					t.Errorf("%s\nis logged as %s", what, line)
				}
			}
		}
		send := func(r *http.Request, what string) { check(what, w.do(r), false) }
		for _, body := range bodies {
			// What its sender has made a name of, as a variable's or a field's, is answered as one.
			named := strings.Contains(body, "$"+secret) || strings.Contains(body, `{"`+secret) || strings.Contains(body, "@"+secret) || strings.Contains(body, "..."+secret) || strings.HasPrefix(body, `{"query":"{a:`+secret) ||
				strings.Contains(body, `"email":"`+secret)
			check(body, w.post("keller", body), named)
		}
		get := func(query string) *http.Request {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"?"+query, nil)
			testenv.Must(t, err)
			r.Header.Set("As", "keller")
			return r
		}
		byGet := `mutation{signIn(input:{email:"a@b.example",password:"` + secret + `"}){token}}`
		for _, query := range []string{"query=" + url.QueryEscape(byGet), "query=%zz" + secret, "query=a;" + secret, "query={a}&variables=" + secret, secret} {
			send(get(query), "GET "+query)
		}
		for name, fields := range map[string][]string{
			"no operations": {secret, secret}, "broken operations": {"operations", secret}, "broken map": {"operations", `{"query":"{a}"}`, "map", secret},
			"another order": {"password", secret}, "a map to nowhere": {"operations", `{"query":"{a}","variables":{"x":"` + secret + `"}}`, "map", `{"0":["variables.x"]}`, "0", secret},
		} {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			for i := 0; i < len(fields); i += 2 {
				testenv.Must(t, form.WriteField(fields[i], fields[i+1]))
			}
			testenv.Must(t, form.Close())
			for way, text := range map[string]string{
				"": body.String(), ", headers broken": strings.ReplaceAll(body.String(), "Content-Disposition:", secret),
				", cut": body.String()[:body.Len()/2], ", no boundary": secret,
			} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url, strings.NewReader(text))
				testenv.Must(t, err)
				r.Header.Set("As", "keller")
				r.Header.Set("Content-Type", form.FormDataContentType())
				send(r, name+way)
			}
		}
		// A failure of ours, with the right values of a right document.
		testenv.Must(t, db.SQL().Close())
		other := strings.ReplaceAll(signIn, "a@b", "z@b") // of whom nothing has failed yet
		for _, v := range []string{`{"p":"` + secret + `"}`, `{"p":"` + secret + `","s":"BEARER"}`} {
			body := `{"query":` + strconv.Quote(other) + `,"variables":` + v + `}`
			check(body, w.post("keller", body), false)
		}
		w.resolver.Sessions = nil // a panic
		body := `{"query":` + strconv.Quote(signIn) + `,"variables":{"p":"` + secret + `"}}`
		check(body, w.post("", body), false)
		if refused, failed := len(w.log.With(`"level":"DEBUG"`)), len(w.log.With(`"level":"ERROR"`)); refused < len(bodies)/2 || failed < 2 {
			t.Errorf("of %d bodies the log has %d refusals and %d failures", len(bodies), refused, failed)
		}
	})
}

// What of a refused document is not a value stays in the answer: where the mistake is, and
// what would be right.
func TestMistakesAreExplained(t *testing.T) {
	t.Parallel()
	r := newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0)
	for document, want := range map[string]string{
		`mutation{signIn(input:{email:"a",password:pw}){token}}`:                   "String cannot represent a non string value",
		`mutation{signIn(input:{email:"a",password:"b",session:COOKY}){token}}`:    `This value does not exist in "SessionKind!" enum. Did you mean the enum value "COOKIE"?`,
		`mutation{signIn(input:{email:"a",password:"b",session:"COOKIE"}){token}}`: `Enum "SessionKind!" cannot represent non-enum value. Did you mean the enum value "COOKIE"?`,
		`{auditEvents(first:"7"){totalCount}}`:                                     "Int cannot represent non-integer value",
		`mutation{previewImport(input:{file:"a",kind:USERS}){preview{totalRows}}}`: "multipart/form-data",
		`mutation{signIn(input:{email:"a",password:"b}){token}}`:                   "Unexpected <Invalid>",
		`mutation{signIn(input:{email "a"}){token}}`:                               "Expected :, found String",
		`mutation{signIn(input:{email:"a",password:null}){token}}`:                 `Expected value of type "String!"`,
		`mutation{signIn(input:{email:"a",password:"b",sesion:COOKIE}){token}}`:    `Did you mean "session"?`,
		`query($k:ImportKind!){importTemplate(kind:$k,companyId:null){fileName}}`:  "must be defined",
	} {
		a := r.ask("", document, nil)
		if a.code() != "BAD_REQUEST" || !strings.Contains(a.Errors[0].Message, want) {
			t.Errorf("%s\nis answered %s, want %q", document, a.text, want)
		}
	}
	for variables, want := range map[string]string{
		`{"i":{"email":"a","password":7}}`:                      "the variable $i.password must be a string, not this number",
		`{"i":{"email":"a","password":"b","session":"cookie"}}`: "the variable $i.session must be a value of the enum SessionKind",
		`{"i":{"email":"a","password":"b","session":"x"}}`:      "must be a value of the enum SessionKind",
		`{"i":{"email":["a"],"password":"b"}}`:                  "cannot use slice as String",
	} {
		a := r.post("", `{"query":"mutation($i:SignInInput!){signIn(input:$i){token}}","variables":`+variables+`}`)
		if a.code() != "BAD_REQUEST" || !strings.Contains(a.Errors[0].Message, want) {
			t.Errorf("%s\nis answered %s, want %q", variables, a.text, want)
		}
	}
}
