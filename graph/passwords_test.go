package graph_test

import (
	"strings"
	"testing"

	"tenantry/graph/limits"
	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

// U2: a password appears in no answer, of success or refusal, and in no log, nor does its
// hash; also where it is the argument at fault or stands where it does not belong.
func TestPasswordsAreNeverSaid(t *testing.T) {
	t.Parallel()
	w := newTenants(t, newHarness(t, testenv.Open(t, database.SQLite), limits.Config{}, 0))
	const unsaid, short = "Tr0ub4dor-unsaid", "Tr0ub"
	for _, c := range []struct{ query, code string }{
		{`mutation($p:String!){createUser(input:{email:"new@people.example",firstName:"a",lastName:"b",password:$p}){user{id email firstName lastName role}}}`, ""},
		{`mutation($p:String!){createUser(input:{email:"New@people.example",firstName:"a",lastName:"b",password:$p}){user{id}}}`, "ALREADY_EXISTS"},
		{`mutation($p:String!){createUser(input:{email:"x",firstName:"a",lastName:"b",password:$p}){user{id}}}`, "INVALID_ARGUMENT"},
		{`mutation($p:String!){signIn(input:{email:"new@people.example",password:$p}){user{email}}}`, ""},
		{`mutation($p:String!){signIn(input:{email:"nobody@people.example",password:$p}){token}}`, "UNAUTHENTICATED"},
		{`mutation($p:Int!){signIn(input:{email:"nobody@people.example",password:$p}){token}}`, "BAD_REQUEST"},
		{`mutation($p:String!){signIn(input:{email:"nobody@people.example",password:$p,unheardOf:1}){token}}`, "BAD_REQUEST"},
		{`mutation{signIn(input:{email:"nobody@people.example",password:"` + unsaid + `"){token}}`, "BAD_REQUEST"},
		{`mutation{signIn(input:{email:"nobody@people.example",password:"` + unsaid + `",session:` + "`" + `}){token}}`, "BAD_REQUEST"},
		{`mutation($p:String!){updateUser(input:{id:"` + w.IDs["okafor"].String() + `",password:$p}){user{id}}}`, ""},
		{`mutation($p:String!){updateUser(input:{id:"` + w.IDs["rita"].String() + `",password:$p}){user{id}}}`, "NOT_FOUND"},
	} {
		for _, p := range []string{short, unsaid} {
			a := w.ask("keller", c.query, map[string]any{"p": p})
			if strings.Contains(a.text, p) || strings.Contains(a.text, "argon2") {
				t.Errorf("%s: the password came back: %s", c.query, a.text)
			}
			if p == unsaid && a.code() != c.code {
				t.Errorf("%s: %s, want %s", c.query, a.text, c.code)
			}
		}
	}
	for _, said := range []string{unsaid, "argon2id$"} {
		if lines := w.log.With(said); len(lines) > 0 {
			t.Errorf("the log has %q", lines)
		}
	}
}
