package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"tenantry/client"
)

// company makes a company and gives its id, and its administrator.
func (s *stack) company(ctx context.Context, name string) (id string, admin *client.Client, err error) {
	email := "ada@" + strings.ToLower(name) + ".example"
	var out struct {
		CreateCompany struct{ Company struct{ ID string } }
	}
	err = s.operator.Do(ctx, `mutation($n:String!,$e:String!,$p:String!){createCompany(input:{name:$n,
		admin:{email:$e,firstName:"Ada",lastName:"Admin",password:$p}}){company{id}}}`, client.Vars{"n": name, "e": email, "p": password}, &out)
	if err != nil {
		return "", nil, err
	}
	admin, err = s.operator.SignIn(ctx, email, password)
	return out.CreateCompany.Company.ID, admin, err
}

// upload sends a file of contacts of the company (empty: of the user's own), and gives the
// import's id.
func upload(ctx context.Context, user *client.Client, company string, file io.Reader) (string, error) {
	run, err := user.ImportCSV(ctx, client.Upload{Kind: "CONTACTS", Name: "contacts.csv", File: file, CompanyID: company})
	return run.ID, err
}

// started waits until rows of the import are in.
func started(ctx context.Context, user *client.Client, run string) error {
	enough := errors.New("it has started")
	_, err := user.WatchImport(ctx, run, func(i client.Import) error {
		if i.ProcessedRows > 0 {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		return nil
	}
	return err
}
