// Package demo is a client that shows what the server does: a partner with two users, and a
// file of 5,000 customers, valid and invalid rows, imported with live progress.
//
// It uses only the public API over HTTP, through the public Go client, and imports nothing of
// the server. It can be read as an example of the three things that a program needs: signing
// in, uploading, and following progress.
//
// The result of the file is known beforehand, and Run fails if the result of the server
// differs. Every name has the suffix of the run, so that several runs against one database do
// not collide.
package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"tenantry/client"
)

// Account is somebody who signs in.
type Account struct{ Email, Password string }

// Options of a run; all are needed but Terminal and PasswordLength.
type Options struct {
	URL            string    // of the server, without a slash at its end: http://127.0.0.1:8080
	Operator       Account   // exists already
	Suffix         string    // makes the names of this run its own; see NewSuffix
	PasswordLength int       // how many characters the users' passwords have at least; default 16
	Out            io.Writer // what is being done, as text
	Terminal       bool      // Out is a terminal: a progress bar instead of lines
}

// Result is what a run made.
type Result struct {
	URL       string
	Operator  Account
	Partner   string         // the partner company's name
	Admin     Account        // its administrator, who imported
	Member    Account        // its other user
	Token     string         // of the administrator's session
	Search    string         // a word that several of the customers' names begin with
	Import    client.Import  // at its end
	Issues    []Issue        // the first ones
	ByCode    map[string]int // how many problems there are of each
	Customers int            // in the partner's list afterwards
}

// shownIssues is how many of the problems a run fetches and shows.
const shownIssues = 10

// farewell is how long a canceled run takes at most to cancel its import.
const farewell = time.Second

// NewSuffix gives six letters and digits at random.
func NewSuffix() string { return strings.ToLower(rand.Text()[:6]) }

// NewPassword gives a random one of at least 16 characters.
func NewPassword(atLeast int) string {
	var p string
	for n := max(atLeast, 16); len(p) < n; {
		p += strings.ToLower(rand.Text()[:16])
	}
	return p
}

// Domain is where the run's people have their addresses. It leads nowhere (RFC 2606).
func Domain(suffix string) string { return suffix + ".demo.example" }

// Run makes the partner, imports the file and checks the result. Where ctx ends in the
// middle of the import, the import is canceled, so that no worker goes on with it.
func Run(ctx context.Context, o Options) (Result, error) {
	// No proxy stands between this process and its own server.
	c := client.New(o.URL, client.Options{HTTP: &http.Client{Transport: &http.Transport{}}})
	defer c.Close()
	r := Result{
		URL: o.URL, Operator: o.Operator, Partner: "Harbourside IT Partners " + o.Suffix,
		Admin:  Account{"maria.keller@" + Domain(o.Suffix), NewPassword(o.PasswordLength)},
		Member: Account{"tom.okafor@" + Domain(o.Suffix), NewPassword(o.PasswordLength)},
		Search: adjectives[0],
	}
	admin, err := found(ctx, c, &r)
	if err != nil {
		return r, err
	}
	r.Token = admin.Token()
	Say(o.Out, "Operator", "%s, signed in", r.Operator.Email)
	Say(o.Out, "Partner", "%s, created and promoted", r.Partner)
	Say(o.Out, "Users", "%s, administrator", r.Admin.Email)
	Say(o.Out, "", "%s, member", r.Member.Email)

	f := newFile(r.Partner, o.Suffix, []string{r.Admin.Email, r.Member.Email})
	Say(o.Out, "File", "%s: %s rows, %s of them bad, %d KiB",
		f.name, count(f.want.total), count(f.want.skipped+f.want.failed), len(f.content)>>10)
	began := time.Now()
	r.Import, err = admin.ImportCSV(ctx, client.Upload{Kind: "CUSTOMERS", Name: f.name, File: bytes.NewReader(f.content), IdempotencyKey: "demo-" + o.Suffix})
	if err != nil {
		return r, fmt.Errorf("uploading the file: %w", err)
	}
	Say(o.Out, "Upload", "accepted after %s: import %s", roughly(time.Since(began)), r.Import.ID)

	show := newDisplay(o.Out, o.Terminal)
	r.Import, err = admin.WatchImport(ctx, r.Import.ID, func(i client.Import) error {
		show.state(i)
		return accounted(i)
	})
	show.end()
	if ctx.Err() != nil {
		return r, errors.Join(ctx.Err(), giveUp(ctx, admin, r.Import.ID))
	}
	if err != nil {
		return r, fmt.Errorf("watching the import: %w", err)
	}
	if err := result(ctx, admin, &r); err != nil {
		return r, fmt.Errorf("reading the result: %w", err)
	}
	return r, f.want.check(r)
}

// found makes the partner with its users; it gives the administrator's client.
func found(ctx context.Context, c *client.Client, r *Result) (admin *client.Client, err error) {
	operator, err := c.SignIn(ctx, r.Operator.Email, r.Operator.Password)
	if err != nil {
		return nil, fmt.Errorf("signing in as the operator: %w", err)
	}
	var made struct {
		CreateCompany struct{ Company struct{ ID string } }
	}
	err = operator.Do(ctx, `mutation($input: CreateCompanyInput!) { createCompany(input: $input) { company { id } } }`,
		client.Vars{"input": client.Vars{"name": r.Partner, "admin": person(r.Admin, "Maria", "Keller")}}, &made)
	if err != nil {
		return nil, fmt.Errorf("creating the partner: %w", err)
	}
	err = operator.Do(ctx, `mutation($id: ID!) { setPartnerStatus(input: {companyId: $id, isPartner: true}) { company { id } } }`,
		client.Vars{"id": made.CreateCompany.Company.ID}, nil)
	if err != nil {
		return nil, fmt.Errorf("promoting the partner: %w", err)
	}
	if admin, err = c.SignIn(ctx, r.Admin.Email, r.Admin.Password); err != nil {
		return nil, fmt.Errorf("signing in as the partner's administrator: %w", err)
	}
	err = admin.Do(ctx, `mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }`,
		client.Vars{"input": person(r.Member, "Tom", "Okafor")}, nil)
	if err != nil {
		return nil, fmt.Errorf("creating the second user: %w", err)
	}
	return admin, nil
}

func person(a Account, first, last string) client.Vars {
	return client.Vars{"email": a.Email, "password": a.Password, "firstName": first, "lastName": last}
}

// accounted holds the server to its promise: each processed row is accounted for, always.
func accounted(i client.Import) error {
	if sum := i.CreatedCount + i.UpdatedCount + i.UnchangedCount + i.SkippedCount + i.FailedCount; sum != i.ProcessedRows {
		return fmt.Errorf("%d rows are processed, but %d accounted for", i.ProcessedRows, sum)
	}
	return nil
}

// giveUp cancels the import although ctx has ended, and waits for the end of the batch
// that is under way.
func giveUp(ctx context.Context, c *client.Client, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	err := c.CancelImport(ctx, id)
	if err == nil {
		_, err = c.WatchImport(ctx, id, nil)
	}
	return err
}
