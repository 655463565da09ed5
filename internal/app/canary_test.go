package app

import (
	"bytes"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"tenantry/internal/config"
	"tenantry/internal/testenv"
)

// U2, C5, C9, U7, U9: secrets that were given to every input that takes one, and those that the server
// has given, are in no log at debug, no file, no table, no blob and not in Redis; nor are emails in Redis.
func TestU2SecretsAreKeptNowhere(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]func(*testing.T) map[string]string{
		"embedded":   func(*testing.T) map[string]string { return map[string]string{} },
		"production": production,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := env(t)
			settings["LOG_LEVEL"] = "debug"
			log := &testenv.Log{}
			s := startLogged(t, settings, config.RoleAll, roles{api: true, worker: true}, log)
			secrets := s.canaries()
			s.nowhere("the log", secrets, []byte(log.String()))
			s.nowhereInFiles(secrets)
			if s.env["REDIS_URL"] != "" {
				s.nowhereInTables(secrets)
				secrets["an email"] = "canary.user@"
				secrets["an email that nobody has"] = "canary.nobody@"
				s.nowhereInRedis(secrets)
			}
		})
	}
}

// canaries gives secrets to the API, has it make some, and lists them by what they are.
func (s *server) canaries() map[string]string {
	s.t.Helper()
	const email = "canary.user@partner.example"
	secrets := map[string]string{
		"a password": "canary-password-1", "a changed password": "canary-password-2", "a wrong password": "canary-password-3", "a password for nobody": "canary-password-4",
		"an imported password": "canary-password-5", "an imported password of a failed row": "canary-password-6", "a password in a wrong column": "canary-password-7",
		"a wrong transfer token": "tnt_t_canaryCanaryCanaryCanaryCanaryCanary0", "a wrong code": "canary-code",
	}
	companyID, maria, _ := s.partner("Partner", "partner.example")
	acme, own := s.company("Acme", "own@acme.example")
	s.want("", maria, `mutation($e:String!,$p:String!){createUser(input:{email:$e,firstName:"F",lastName:"L",password:$p}){user{id}}}`, vars{"e": email, "p": secrets["a password"]})
	token := s.signIn(email, secrets["a password"])
	s.want("UNAUTHENTICATED", "", guess, vars{"e": email, "p": secrets["a wrong password"]})
	s.want("UNAUTHENTICATED", "", guess, vars{"e": "canary.nobody@partner.example", "p": secrets["a password for nobody"]})
	const change = `mutation($c:String!,$n:String!){changePassword(input:{currentPassword:$c,newPassword:$n}){user{id}}}`
	s.want("INVALID_ARGUMENT", token, change, vars{"c": secrets["a wrong password"], "n": secrets["a changed password"]})
	s.want("", token, change, vars{"c": secrets["a password"], "n": secrets["a changed password"]})
	secrets["a session"] = token
	secrets["a session by cookie"] = cookieValue(s.browser(email, secrets["a changed password"]))

	file := "email,first_name,last_name,password\nimported@partner.example,A,B," + secrets["an imported password"] + "\nno email,A,B," + secrets["an imported password of a failed row"] + "\n"
	runID, r := s.importCsv(maria, "canary.csv", []byte(file), vars{"kind": "USERS", "companyId": companyID})
	if r.code() != "" {
		s.t.Fatalf("%+v", r.Errors)
	}
	if got := s.finished(maria, runID); got.CreatedCount != 1 || got.FailedCount != 1 {
		s.t.Fatal(got.counts())
	}
	s.upload(maria, importMutation, "broken.csv", []byte("email,first_name,last_name,password\n\""+secrets["a password in a wrong column"]), vars{"kind": "USERS"})

	_, secrets["a transfer token"] = s.generated(own, acme)
	s.want("INVALID_ARGUMENT", maria, `mutation($n:String!){addCustomer(input:{name:$n}){customer{id}}}`, vars{"n": "Acme " + secrets["a transfer token"]})
	s.want("FAILED_PRECONDITION", maria, claimBySecret, vars{"s": secrets["a wrong transfer token"]})
	s.want("", maria, claimBySecret, vars{"s": secrets["a transfer token"]})

	var key struct{ CreateAPIKey struct{ Secret string } }
	s.must(maria, `mutation{createApiKey(input:{name:"canary",access:READ}){secret}}`, nil, &key)
	secrets["an API key"] = key.CreateAPIKey.Secret
	s.want("", key.CreateAPIKey.Secret, `{viewer{user{id}}}`, nil)

	f := s.enroll(token, secrets["a changed password"])
	secrets["the secret of a second factor"] = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(f.secret)
	secrets["the same as bytes"] = string(f.secret)
	secrets["a recovery code"], secrets["a used recovery code"] = f.recovery[0], f.recovery[1]
	secrets["a challenge"] = s.challenge(email, secrets["a changed password"])
	const complete = `mutation($c:String!,$k:String!){completeSignIn(input:{challenge:$c,code:$k}){token}}`
	s.want("UNAUTHENTICATED", "", complete, vars{"c": secrets["a challenge"], "k": secrets["a wrong code"]})
	s.want("", "", complete, vars{"c": secrets["a challenge"], "k": secrets["a used recovery code"]})
	for what, secret := range secrets {
		if len(secret) < 10 {
			s.t.Fatalf("%s is %q", what, secret)
		}
	}
	return secrets
}

func cookieValue(page http.Header) string {
	_, value, _ := strings.Cut(page.Get("Cookie"), "=")
	value, _, _ = strings.Cut(value, ";")
	return value
}

// nowhere demands that the data has none of the secrets, as they are or in hex.
func (s *server) nowhere(where string, secrets map[string]string, data []byte) {
	s.t.Helper()
	for what, secret := range secrets {
		if at := bytes.Index(data, []byte(secret)); at >= 0 {
			s.t.Errorf("%s has %s: %.200q", where, what, data[max(0, at-80):])
		} else if bytes.Contains(data, []byte(hex.EncodeToString([]byte(secret)))) {
			s.t.Errorf("%s has %s in hex", where, what)
		}
	}
}

func (s *server) nowhereInFiles(secrets map[string]string) {
	s.t.Helper()
	read := 0
	err := filepath.WalkDir(s.env["DATA_DIR"], func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		s.nowhere(filepath.Base(path), secrets, data)
		read++
		return err
	})
	if err != nil || read == 0 {
		s.t.Errorf("%d files were read: %v", read, err)
	}
}

func (s *server) nowhereInTables(secrets map[string]string) {
	s.t.Helper()
	db := s.database().SQL()
	query := func(text string) (all []string) {
		s.t.Helper()
		rows, err := db.QueryContext(s.t.Context(), text)
		testenv.Must(s.t, err)
		defer rows.Close()
		for rows.Next() {
			var row string
			testenv.Must(s.t, rows.Scan(&row))
			all = append(all, row)
		}
		testenv.Must(s.t, rows.Err())
		return all
	}
	tables := query(`SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`)
	read := 0
	for _, table := range tables {
		rows := query(fmt.Sprintf(`SELECT t::text FROM %q t`, table))
		read += len(rows)
		s.nowhere(table, secrets, []byte(strings.Join(rows, "\n")))
	}
	if read < 20 {
		s.t.Errorf("%d rows of %d tables were read", read, len(tables))
	}
}

func (s *server) nowhereInRedis(secrets map[string]string) {
	s.t.Helper()
	options, err := redis.ParseURL(s.env["REDIS_URL"])
	testenv.Must(s.t, err)
	client := redis.NewClient(options)
	defer client.Close()
	ctx := s.t.Context()
	keys, err := client.Keys(ctx, "*").Result()
	testenv.Must(s.t, err)
	limits := 0
	for _, key := range keys {
		var value any
		switch kind := client.Type(ctx, key).Val(); kind {
		case "string":
			value = client.Get(ctx, key).Val()
		case "hash":
			value = client.HGetAll(ctx, key).Val()
		case "list":
			value = client.LRange(ctx, key, 0, -1).Val()
		case "set":
			value = client.SMembers(ctx, key).Val()
		case "zset":
			value = client.ZRange(ctx, key, 0, -1).Val()
		case "none": // it has expired
		default:
			s.t.Errorf("%s is a %s", key, kind)
		}
		text, err := json.Marshal([]any{key, value})
		testenv.Must(s.t, err)
		s.nowhere("Redis", secrets, text)
		if strings.HasPrefix(key, "tenantry:limit:") {
			limits++
		}
	}
	if limits == 0 {
		s.t.Errorf("Redis has no limit among %d keys", len(keys))
	}
}
