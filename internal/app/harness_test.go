package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"tenantry/client"
	"tenantry/internal/config"
	"tenantry/internal/testenv"
)

// onBothSets runs the test against a whole server on the embedded parts (SQLite,
// in-process Redis) and, where they are reachable, on PostgreSQL and Redis.
func onBothSets(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	for name, env := range map[string]func(*testing.T) map[string]string{
		"embedded":   func(*testing.T) map[string]string { return map[string]string{} },
		"production": production,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, startServer(t, env(t)))
		})
	}
}

// production is the settings of a database and a Redis of the test's own.
func production(t *testing.T) map[string]string {
	return map[string]string{"DATABASE_URL": testenv.URL(t), "REDIS_URL": testenv.Redis(t), "DATABASE_MAX_CONNS": "6"}
}

// server is a process's worth of Tenantry inside the test.
type server struct {
	t    *testing.T
	url  string
	env  map[string]string
	stop func() // ends it and waits; called at the test's end too
}

// startServer runs `serve` with the settings, on a port and, unless they name one, in a
// data directory of its own.
func startServer(t *testing.T, env map[string]string) *server {
	t.Helper()
	return startRole(t, env, config.RoleAll, roles{api: true, worker: true})
}

func startRole(t *testing.T, env map[string]string, role config.Role, does roles) *server {
	t.Helper()
	return startLogged(t, env, role, does, os.Stderr)
}

// startLogged is startRole with the process's log.
func startLogged(t *testing.T, env map[string]string, role config.Role, does roles, log io.Writer) *server {
	t.Helper()
	s := &server{t: t, env: env}
	for key, value := range map[string]string{"DATA_DIR": t.TempDir(), "HTTP_ADDR": "127.0.0.1:0", "LOG_LEVEL": "error"} {
		if env[key] == "" {
			env[key] = value
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		term := &terminal{in: strings.NewReader(""), out: io.Discard, err: log}
		settings, err := s.read(role)
		if err != nil {
			ended <- err
			return
		}
		ended <- serve(ctx, term, settings, does, func(at *url.URL) { listening <- at.String() })
	}()
	var over bool
	s.stop = func() {
		if over {
			return
		}
		over = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with: %v", err)
		}
	}
	t.Cleanup(s.stop)
	if !does.api {
		return s
	}
	select {
	case s.url = <-listening:
	case err := <-ended:
		over = true
		cancel()
		t.Fatalf("the server did not start: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("the server did not start within a minute")
	}
	return s
}

func (s *server) getenv(key string) string { return s.env[key] }

func (s *server) read(role config.Role) (config.Config, error) {
	return knownSettings().Read(role, s.getenv)
}

// operator makes an operator at the command line and signs in.
func (s *server) operator() string {
	s.t.Helper()
	return s.operatorBy("operator@platform.example", "operator-password")
}

func (s *server) operatorBy(email, password string) string {
	s.t.Helper()
	err := Run(s.t.Context(), []string{"operator", "create", "--email=" + email, "--password-stdin"},
		s.getenv, strings.NewReader(password+"\n"), io.Discard, io.Discard)
	if err != nil && !strings.Contains(err.Error(), "is taken") {
		s.t.Fatalf("operator create: %v", err)
	}
	return s.signIn(email, password)
}

func (s *server) signIn(email, password string) string {
	s.t.Helper()
	var out struct{ SignIn struct{ Token string } }
	s.must("", `mutation($e:String!,$p:String!){signIn(input:{email:$e,password:$p}){token}}`, vars{"e": email, "p": password}, &out)
	return out.SignIn.Token
}

// partner makes a partner with two users, maria.keller (administrator) and tom.okafor
// (member), whose emails end in @<domain>, and gives the company's id and their tokens.
func (s *server) partner(name, domain string) (companyID, maria, tom string) {
	s.t.Helper()
	operator := s.operator()
	var made struct {
		CreateCompany struct{ Company struct{ ID string } }
	}
	s.must(operator, `mutation($n:String!,$e:String!){createCompany(input:{name:$n,admin:{email:$e,firstName:"Maria",lastName:"Keller",password:"maria-password"}}){company{id}}}`,
		vars{"n": name, "e": "maria.keller@" + domain}, &made)
	companyID = made.CreateCompany.Company.ID
	s.must(operator, `mutation($id:ID!){setPartnerStatus(input:{companyId:$id,isPartner:true}){company{isPartner}}}`, vars{"id": companyID}, nil)
	maria = s.signIn("maria.keller@"+domain, "maria-password")
	s.must(maria, `mutation($e:String!){createUser(input:{email:$e,firstName:"Tom",lastName:"Okafor",password:"tom-password"}){user{id}}}`,
		vars{"e": "tom.okafor@" + domain}, nil)
	return companyID, maria, s.signIn("tom.okafor@"+domain, "tom-password")
}

type vars = client.Vars

// reply is a GraphQL answer with its HTTP status.
type reply struct {
	status int
	Data   json.RawMessage
	Errors []*client.Error
}

// code is the first error's; empty where there is none.
func (r reply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Extensions.Code
}

// as is the token's bearer; nobody where it is empty.
func (s *server) as(token string) *client.Client {
	return client.New(s.url, client.Options{Token: token, HTTP: http.DefaultClient})
}

// gql posts an operation.
func (s *server) gql(token, query string, variables vars) reply {
	s.t.Helper()
	var data json.RawMessage
	err := s.as(token).Do(s.t.Context(), query, variables, &data)
	return s.reply(data, err)
}

// reply is what a client got.
func (s *server) reply(data json.RawMessage, err error) reply {
	s.t.Helper()
	if err == nil {
		return reply{status: http.StatusOK, Data: data}
	}
	all := []error{err}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		all = several.Unwrap()
	}
	var r reply
	for _, err := range all {
		e, ok := errors.AsType[*client.Error](err)
		if !ok || e.Code() == "" {
			s.t.Fatal(err)
		}
		r.status, r.Errors = e.Status, append(r.Errors, e)
	}
	return r
}

// must posts an operation that has to succeed and reads its data into out.
func (s *server) must(token, query string, variables vars, out any) {
	s.t.Helper()
	r := s.gql(token, query, variables)
	if len(r.Errors) > 0 {
		s.t.Fatalf("%s\nanswered %+v", query, r.Errors)
	}
	if out != nil {
		if err := json.Unmarshal(r.Data, out); err != nil {
			s.t.Fatalf("%s\nanswered %s: %v", query, r.Data, err)
		}
	}
}

const importMutation = `mutation($input:ImportCsvInput!){importCsv(input:$input){importRun{id status totalRows}}}`

// importCsv uploads a file; input holds what ImportCsvInput has beside it.
func (s *server) importCsv(token, fileName string, file []byte, input vars) (runID string, r reply) {
	s.t.Helper()
	r = s.upload(token, importMutation, fileName, file, input)
	var out struct {
		ImportCsv struct{ ImportRun struct{ ID string } }
	}
	if len(r.Errors) == 0 {
		if err := json.Unmarshal(r.Data, &out); err != nil {
			s.t.Fatal(err)
		}
	}
	return out.ImportCsv.ImportRun.ID, r
}

func (s *server) upload(token, query, fileName string, file []byte, input vars) reply {
	s.t.Helper()
	all := vars{"kind": "CUSTOMERS"}
	maps.Copy(all, input)
	all["file"] = nil
	return s.withFile(token, query, vars{"input": all}, "input.file", fileName, file)
}

// withFile posts an operation with a file as the variable.
func (s *server) withFile(token, query string, variables vars, variable, fileName string, file []byte) reply {
	s.t.Helper()
	var data json.RawMessage
	err := s.as(token).DoFile(s.t.Context(), query, variables, variable, client.File{Name: fileName, Content: bytes.NewReader(file), Size: int64(len(file))}, &data)
	return s.reply(data, err)
}

// importState is what tests look at of an import.
type importState struct {
	ID, Status, RejectsURL                                                             string
	TotalRows, ProcessedRows, CreatedCount, UpdatedCount, UnchangedCount, SkippedCount int
	FailedCount, ImportedCount, NotImportedCount, Revision                             int
	Failure                                                                            *struct{ Code, Message string }
	Issues                                                                             struct {
		TotalCount int
		Nodes      []importIssue
	}
}

type importIssue struct {
	Row, Line       int
	Column, Value   *string
	Code, Message   string
	Limit, OtherRow *int
	Accepted        []string
	Suggestion      *string
}

func (i importState) final() bool {
	return i.Status == "COMPLETED" || i.Status == "FAILED" || i.Status == "CANCELED"
}

// counts is the state in one line: created, updated, unchanged, skipped, failed.
func (i importState) counts() string {
	return fmt.Sprintf("%s %d+%d+%d+%d+%d of %d", i.Status, i.CreatedCount, i.UpdatedCount, i.UnchangedCount, i.SkippedCount, i.FailedCount, i.TotalRows)
}

const stateFields = `id status totalRows processedRows createdCount updatedCount unchangedCount skippedCount failedCount
	importedCount notImportedCount revision rejectsUrl failure{code message}`

func (s *server) importRun(token, runID string) importState {
	s.t.Helper()
	var out struct{ ImportRun importState }
	s.must(token, `query($id:ID!){importRun(id:$id){`+stateFields+` issues(first:100){totalCount nodes{row line column value code message limit accepted suggestion otherRow}}}}`,
		vars{"id": runID}, &out)
	return out.ImportRun
}

// finished waits for the import's final state.
func (s *server) finished(token, runID string) importState {
	s.t.Helper()
	var state importState
	testenv.Await(s.t, "the import's end", func() bool {
		state = s.importRun(token, runID)
		return state.final()
	})
	return state
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.ReadFile("../../testdata/samples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
