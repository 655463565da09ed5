package main

import (
	"context"
	"fmt"
	"strings"

	"tenantry/chaos/model"
	"tenantry/client"
)

// Who runs the platform in a campaign. The passwords protect nothing: the databases are
// gone at its end.
const (
	operatorEmail    = "operator@platform.example"
	operatorPassword = "operator-password"
	userPassword     = "user-password"
)

// tags name the tenants; each customer that a tenant's files make begins with its tag.
var tags = []string{"Alder", "Birch", "Clover", "Dahlia", "Elm", "Fern", "Ginkgo", "Hazel"}

// enrol makes partners with an administrator, two members and two customers each.
func enrol(ctx context.Context, nodes *nodes, tags []string) ([]*model.Tenant, error) {
	operator, err := signIn(ctx, nodes, operatorEmail, operatorPassword)
	if err != nil {
		return nil, err
	}
	tenants := make([]*model.Tenant, 0, len(tags))
	for _, tag := range tags {
		t, err := partner(ctx, nodes, operator, tag)
		if err != nil {
			return nil, fmt.Errorf("the partner %s: %w", tag, err)
		}
		tenants = append(tenants, t)
	}
	return tenants, nil
}

func signIn(ctx context.Context, nodes *nodes, email, password string) (string, error) {
	var out struct{ SignIn struct{ Token string } }
	err := nodes.insist(ctx, "", `mutation($e:String!,$p:String!){signIn(input:{email:$e,password:$p}){token}}`,
		client.Vars{"e": email, "p": password}, &out)
	return out.SignIn.Token, err
}

func partner(ctx context.Context, nodes *nodes, operator, tag string) (*model.Tenant, error) {
	domain := strings.ToLower(tag) + "-partners.example"
	t := &model.Tenant{Name: tag + " Partners Ltd", Tag: tag}
	var made struct {
		CreateCompany struct {
			Company struct{ ID string }
			Admin   struct{ ID, Email string }
		}
	}
	err := nodes.as(operator).Do(ctx, `mutation($n:String!,$e:String!,$p:String!){createCompany(input:{name:$n,
		admin:{email:$e,firstName:"Ada",lastName:"Admin",password:$p}}){company{id} admin{id email}}}`,
		client.Vars{"n": t.Name, "e": "ada@" + domain, "p": userPassword}, &made)
	if err != nil {
		return nil, err
	}
	t.Company = made.CreateCompany.Company.ID
	t.Admin = model.Person{ID: made.CreateCompany.Admin.ID, Email: made.CreateCompany.Admin.Email, First: "Ada", Last: "Admin"}
	if err := nodes.as(operator).Do(ctx, `mutation($id:ID!){setPartnerStatus(input:{companyId:$id,isPartner:true}){company{id}}}`,
		client.Vars{"id": t.Company}, nil); err != nil {
		return nil, err
	}
	if t.Admin.Token, err = signIn(ctx, nodes, t.Admin.Email, userPassword); err != nil {
		return nil, err
	}
	for _, name := range []string{"bo", "cleo"} {
		var out struct {
			CreateUser struct{ User struct{ ID, Email string } }
		}
		if err := nodes.as(t.Admin.Token).Do(ctx, `mutation($e:String!,$p:String!){createUser(input:{email:$e,firstName:"M",lastName:"Member",password:$p}){user{id email}}}`,
			client.Vars{"e": name + "@" + domain, "p": userPassword}, &out); err != nil {
			return nil, err
		}
		t.Members = append(t.Members, model.Person{ID: out.CreateUser.User.ID, Email: out.CreateUser.User.Email, First: "M", Last: "Member"})
	}
	for n := range 2 {
		name := fmt.Sprintf("%s Known %d", tag, n+1)
		if err := nodes.as(t.Admin.Token).Do(ctx, `mutation($n:String!){addCustomer(input:{name:$n}){customer{id}}}`,
			client.Vars{"n": name}, nil); err != nil {
			return nil, err
		}
		t.Known = append(t.Known, name)
	}
	return t, nil
}
