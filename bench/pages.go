package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"tenantry/chaos/harness"
	"tenantry/client"
)

// pages measures a page of 50 contacts with their projects and desks over GraphQL, against
// hand-written SQL and encoding/json behind net/http.
type pages struct {
	programs
	sqlite                bool
	contacts, connections int
	rounds                int
	each                  time.Duration // of one side in a round
}

const (
	pageSize  = 50
	pageQuery = `query($company:ID!,$after:Cursor){company(id:$company){contacts(first:50,after:$after){nodes{id email firstName lastName username active type createdAt project{id name} desk{id name}} pageInfo{hasNextPage endCursor}}}}`
)

// page is what both sides answer.
type page struct {
	Company struct {
		Contacts struct {
			Nodes    []node `json:"nodes"`
			PageInfo struct {
				HasNextPage bool    `json:"hasNextPage"`
				EndCursor   *string `json:"endCursor"`
			} `json:"pageInfo"`
		} `json:"contacts"`
	} `json:"company"`
}

type node struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	FirstName string    `json:"firstName"`
	LastName  *string   `json:"lastName"`
	Username  string    `json:"username"`
	Active    bool      `json:"active"`
	Type      string    `json:"type"`
	CreatedAt time.Time `json:"createdAt"`
	Project   named     `json:"project"`
	Desk      named     `json:"desk"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// side is one that answers.
type side struct {
	name     string
	address  string
	requests [][]byte
	usage    func() usage
	rates    []float64 // requests a second
	cpu      []float64 // seconds a request
	last     usage
	done     int
	took     []time.Duration
}

func (p *pages) run(ctx context.Context) error {
	if p.contacts < pageSize || p.connections < 1 || p.rounds < 1 || p.each < time.Second/10 {
		return errors.New("at least fifty contacts, a connection, a round and a tenth of a second")
	}
	versions, end, err := p.versions(ctx, p.sqlite, large(p.contacts))
	defer end()
	if err != nil {
		return err
	}
	var sides []*side
	var reference *side
	for _, v := range versions {
		company, user, err := v.company(ctx, "Pages")
		if err != nil {
			return err
		}
		for i := range 20 {
			query := `mutation($p:String!,$d:String!){createProject(input:{name:$p}){project{id}} createDesk(input:{name:$d}){desk{id}}}`
			if err := user.Do(ctx, query, client.Vars{"p": fmt.Sprint("Project ", i), "d": fmt.Sprint("Desk ", i)}, nil); err != nil {
				return err
			}
		}
		file, err := csvFile(v.dir, "pages.csv", "email,first_name,last_name,project,desk", p.contacts, func(i int) string {
			return fmt.Sprintf("%s,First%d,Last%d,Project %d,Desk %d", address(i), i, i, i%20, i/20%20)
		})
		if err != nil {
			return err
		}
		if _, _, err := v.imports(ctx, user, client.Upload{Kind: "CONTACTS"}, file, p.contacts); err != nil {
			return err
		}
		if !p.sqlite {
			if err := v.execute(ctx, `VACUUM ANALYZE`, `CHECKPOINT`); err != nil {
				return err
			}
		}
		s, emails, err := p.ours(ctx, v, user, company)
		if err != nil {
			return err
		}
		sides = append(sides, s)
		if reference == nil {
			if reference, err = p.reference(ctx, v, company, emails); err != nil {
				return err
			}
			if err := equal(ctx, s, reference); err != nil {
				return err
			}
		}
	}
	sides = append(sides, reference)
	for _, s := range sides { // what is slow the first time
		if err := p.load(ctx, s, p.each/2); err != nil {
			return err
		}
		s.rates, s.cpu, s.took, s.last, s.done = nil, nil, nil, nil, 0
	}
	for round := range p.rounds {
		for i := range sides {
			if err := p.load(ctx, sides[(round+i)%len(sides)], p.each); err != nil {
				return err
			}
		}
	}
	for _, s := range sides {
		fmt.Printf("%s: %s requests/s; CPU a request %s; %s\n", s.name, spread(s.rates, "%.0f"), s.last.per(s.done), percentiles(s.took))
	}
	database := "postgres"
	if p.sqlite {
		database = "sqlite"
	}
	for i, s := range sides[:len(sides)-1] {
		var rate, cpu []float64
		for i := range s.rates {
			rate, cpu = append(rate, s.rates[i]/reference.rates[i]), append(cpu, reference.cpu[i]/s.cpu[i])
		}
		fmt.Printf("%s against SQL with encoding/json, %s: requests/s %s; by CPU a request %s\n", s.name, database, spread(rate, "%.2f"), spread(cpu, "%.2f"))
		versions[i].figure("pages "+database, median(rate))
		versions[i].figure("pages "+database+" cpu", median(cpu))
	}
	return nil
}

// ours goes through some of the pages, for the cursors, and prepares the requests.
func (p *pages) ours(ctx context.Context, v *version, user *client.Client, company string) (s *side, emails []string, err error) {
	s = &side{name: v.name, address: strings.TrimPrefix(v.url, "http://"), usage: v.usage}
	var after *string
	for range min(p.contacts/pageSize, 64) {
		body, err := json.Marshal(map[string]any{"query": pageQuery, "variables": map[string]any{"company": company, "after": after}})
		if err != nil {
			return nil, nil, err
		}
		s.requests = append(s.requests, fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n%s",
			s.address, user.Token(), len(body), body))
		var out page
		if err := user.Do(ctx, pageQuery, client.Vars{"company": company, "after": after}, &out); err != nil {
			return nil, nil, err
		}
		after = out.Company.Contacts.PageInfo.EndCursor
		emails = append(emails, out.Company.Contacts.Nodes[len(out.Company.Contacts.Nodes)-1].Email)
	}
	return s, append([]string{""}, emails[:len(emails)-1]...), nil
}

// reference starts the program to compare with, on the same database.
func (p *pages) reference(ctx context.Context, v *version, company string, emails []string) (*side, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"reference", "-company", company}
	if p.sqlite {
		args = append(args, "-sqlite", filepath.Join(v.settings["DATA_DIR"], "tenantry.db"))
	} else {
		args = append(args, "-postgres", v.settings["DATABASE_URL"])
	}
	process, err := harness.Start(harness.Command{Name: "reference0", Path: self, Args: args, Env: v.env(), Dir: v.dir, Log: filepath.Join(v.dir, "reference.log")})
	if err != nil {
		return nil, err
	}
	v.processes = append(v.processes, process)
	s := &side{name: "SQL with encoding/json", usage: v.usage}
	if err := harness.Until(ctx, 10*time.Second, "the reference's address", func() bool {
		text, _ := os.ReadFile(process.Log) // not there yet is nothing yet
		line, _, whole := strings.Cut(string(text), "\n")
		if whole {
			s.address = line
		}
		return whole || !process.Alive()
	}); err != nil {
		return nil, err
	}
	for _, email := range emails {
		s.requests = append(s.requests, fmt.Appendf(nil, "GET /?after=%s HTTP/1.1\r\nHost: %s\r\n\r\n", url.QueryEscape(email), s.address))
	}
	return s, nil
}

// equal returns an error where the sides do not answer the same.
func equal(ctx context.Context, a, b *side) error {
	for i := range a.requests {
		var pages [2][]byte
		for j, s := range []*side{a, b} {
			var out struct{ Data page }
			one, err := newAsker(ctx, s.address)
			if err != nil {
				return err
			}
			body, err := one.ask(s.requests[i])
			if err == nil {
				err = json.Unmarshal(body, &out)
			}
			if err = errors.Join(err, one.conn.Close()); err != nil {
				return err
			}
			contacts := &out.Data.Company.Contacts
			for n := range contacts.Nodes {
				contacts.Nodes[n].CreatedAt = contacts.Nodes[n].CreatedAt.UTC()
			}
			contacts.PageInfo.EndCursor = nil
			if pages[j], err = json.Marshal(out); err != nil {
				return err
			}
			if len(contacts.Nodes) != pageSize {
				return fmt.Errorf("%s gave %d contacts: %.300s", s.name, len(contacts.Nodes), body)
			}
		}
		if !bytes.Equal(pages[0], pages[1]) {
			return fmt.Errorf("page %d differs:\n%.600s\n%.600s", i, pages[0], pages[1])
		}
	}
	return nil
}

// asker asks over one connection.
type asker struct {
	conn net.Conn
	in   *bufio.Reader
	body bytes.Buffer
}

func newAsker(ctx context.Context, address string) (*asker, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &asker{conn: conn, in: bufio.NewReaderSize(conn, 32<<10)}, nil
}

// ask sends a request and returns the answer's body, which is valid until the next one.
func (a *asker) ask(request []byte) ([]byte, error) {
	if _, err := a.conn.Write(request); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(a.in, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a.body.Reset()
	if _, err := a.body.ReadFrom(resp.Body); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d: %.300s", resp.StatusCode, a.body.Bytes())
	}
	return a.body.Bytes(), nil
}

// load has all connections ask one request after another for a while.
func (p *pages) load(ctx context.Context, s *side, each time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, each)
	defer cancel()
	before, began := s.usage(), time.Now()
	took, failed := make([][]time.Duration, p.connections), make([]error, p.connections)
	var work sync.WaitGroup
	for c := range p.connections {
		work.Go(func() {
			a, err := newAsker(ctx, s.address)
			if err != nil {
				failed[c] = err
				return
			}
			defer a.conn.Close()
			for i := c; ctx.Err() == nil; i++ {
				asked := time.Now()
				body, err := a.ask(s.requests[i%len(s.requests)])
				if err == nil && bytes.Contains(body, []byte(`"errors"`)) {
					err = fmt.Errorf("%.300s", body)
				}
				if err != nil {
					failed[c] = err
					return
				}
				took[c] = append(took[c], time.Since(asked))
			}
		})
	}
	work.Wait()
	elapsed, u := time.Since(began), s.usage().since(before)
	n := 0
	for _, t := range took {
		n += len(t)
		s.took = append(s.took, t...)
	}
	if err := errors.Join(failed...); err != nil || n == 0 {
		return errors.Join(fmt.Errorf("%s answered %d requests", s.name, n), err)
	}
	s.rates, s.cpu, s.done = append(s.rates, float64(n)/elapsed.Seconds()), append(s.cpu, u.total().Seconds()/float64(n)), s.done+n
	if s.last == nil {
		s.last = usage{}
	}
	for name, t := range u {
		s.last[name] += t
	}
	return nil
}

// reference is the program to compare with: one prepared statement, a struct, encoding/json.
type reference struct{ postgres, sqlite, company string }

func (r *reference) run(ctx context.Context) error {
	driver, source, conns := "postgres", r.postgres, 20
	if r.sqlite != "" {
		driver, conns = "sqlite", 8
		source = "file:" + r.sqlite + "?_pragma=busy_timeout(20000)&_pragma=query_only(1)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	statement, err := db.PrepareContext(ctx, `SELECT c.id, c.email, c.first_name, c.last_name, c.username, c.active, c.type, c.created_at, p.id, p.name, d.id, d.name
		FROM contacts c JOIN projects p ON p.id = c.project_id JOIN desks d ON d.id = c.desk_id
		WHERE c.company_id = $1 AND c.email_key > $2 ORDER BY c.email_key LIMIT 51`)
	if err != nil {
		return err
	}
	defer statement.Close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		rows, err := statement.QueryContext(req.Context(), r.company, req.URL.Query().Get("after"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer rows.Close()
		var out struct {
			Data page `json:"data"`
		}
		nodes := make([]node, 0, pageSize+1)
		for rows.Next() {
			var n node
			if err := rows.Scan(&n.ID, &n.Email, &n.FirstName, &n.LastName, &n.Username, &n.Active, &n.Type, &n.CreatedAt, &n.Project.ID, &n.Project.Name, &n.Desk.ID, &n.Desk.Name); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			nodes = append(nodes, n)
		}
		if err := rows.Err(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if len(nodes) > pageSize {
			nodes, out.Data.Company.Contacts.PageInfo.HasNextPage = nodes[:pageSize], true
		}
		if len(nodes) > 0 {
			out.Data.Company.Contacts.PageInfo.EndCursor = &nodes[len(nodes)-1].Email
		}
		out.Data.Company.Contacts.Nodes = nodes
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // whoever asked may have gone
	})}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	fmt.Println(listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
