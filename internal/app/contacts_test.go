package app

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	createLabel   = `mutation($n:String!){createLabel(input:{name:$n}){label{id}}}`
	createField   = `mutation($v:String!,$t:CustomFieldType!){createCustomField(input:{variableName:$v,name:$v,type:$t}){customField{id}}}`
	createProject = `mutation($n:String!,$x:String){createProject(input:{name:$n,externalId:$x}){project{id}}}`
	createDesk    = `mutation($n:String!,$x:String){createDesk(input:{name:$n,externalId:$x}){desk{id}}}`
)

// person is a contact as clients ask for it.
type person struct {
	ID, Email, FirstName, LastName, Username, ExternalID, Type string
	Active                                                     bool
	Project, Desk                                              struct{ Name string }
	Labels                                                     []struct{ Name string }
	CustomFields                                               []struct {
		Field struct{ VariableName string }
		Value string
	}
}

// belongings are a contact's labels and values: "Demo Trial plan=gold".
func (p person) belongings() string {
	var all []string
	for _, l := range p.Labels {
		all = append(all, l.Name)
	}
	for _, v := range p.CustomFields {
		all = append(all, v.Field.VariableName+"="+v.Value)
	}
	return strings.Join(all, " ")
}

const ofPerson = `id email firstName lastName username externalId type active project{name} desk{name} labels{name} customFields{field{variableName} value}`

// contacts are those of the own company that the filter, in GraphQL, lets through.
func (s *server) contacts(token, filter string) []person {
	s.t.Helper()
	var out struct {
		Viewer struct {
			Company struct{ Contacts struct{ Nodes []person } }
		}
	}
	s.must(token, `{viewer{company{contacts(filter:{`+filter+`}){nodes{`+ofPerson+`}}}}}`, nil, &out)
	return out.Viewer.Company.Contacts.Nodes
}

func emails(people []person) string {
	var all []string
	for _, p := range people {
		name, _, _ := strings.Cut(p.Email, "@")
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// What a company's contacts refer to comes by name, the default project and desk first, whatever
// was made first; and so do a contact's own.
func TestListsOfBelongingsComeByName(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, own := s.company("Acme", "own@acme.example")
		for _, name := range []string{"beta", "gamma", "alpha"} {
			s.want("", own, createLabel, vars{"n": name})
			s.want("", own, createField, vars{"v": name, "t": "TEXT"})
			s.want("", own, createProject, vars{"n": name})
			s.want("", own, createDesk, vars{"n": name})
		}
		run, _ := s.importCsv(own, "a.csv", []byte("email,first_name,labels,gamma,alpha,beta\na@x.example,A,gamma:alpha:beta,1,2,3\n"), vars{"kind": "CONTACTS"})
		s.finished(own, run)
		type named []struct{ Name string }
		var out struct {
			Viewer struct {
				Company struct{ Projects, Desks, Labels, CustomFields named }
			}
		}
		s.must(own, `{viewer{company{projects{name} desks{name} labels{name} customFields{name}}}}`, nil, &out)
		names := func(list named) string {
			var all []string
			for _, one := range list {
				all = append(all, one.Name)
			}
			return strings.Join(all, " ")
		}
		c := out.Viewer.Company
		for what, got := range map[string]string{"projects": names(c.Projects), "desks": names(c.Desks)} {
			if got != "default alpha beta gamma" {
				t.Errorf("%s come as %s", what, got)
			}
		}
		for what, got := range map[string]string{"labels": names(c.Labels), "custom fields": names(c.CustomFields)} {
			if got != "alpha beta gamma" {
				t.Errorf("%s come as %s", what, got)
			}
		}
		if all := s.contacts(own, ""); len(all) != 1 || all[0].belongings() != "alpha beta gamma alpha=2 beta=3 gamma=1" {
			t.Errorf("the contact's come as %+v", all)
		}
	})
}

// samples/README.md: contacts.csv, in a company with its labels and fields made by hand.
func TestSampleOfContacts(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, own := s.company("Acme", "own@acme.example")
		for _, label := range []string{"Marketing", "Trial", "Demo"} {
			s.want("", own, createLabel, vars{"n": label})
		}
		s.want("", own, createField, vars{"v": "plan", "t": "TEXT"})
		s.want("", own, createField, vars{"v": "renewal_date", "t": "DATE"})
		run, r := s.importCsv(own, "contacts.csv", sample(t, "contacts.csv"), vars{"kind": "CONTACTS"})
		if len(r.Errors) > 0 {
			t.Fatalf("%+v", r.Errors)
		}
		got := s.finished(own, run)
		if got.counts() != "COMPLETED 1+1+0+0+2 of 4" || !slices.Equal(got.codes(), []string{"2:UNKNOWN_LABEL", "3:INVALID_VALUE"}) {
			t.Errorf("%s %v", got.counts(), got.codes())
		}
		all := s.contacts(own, "")
		if len(all) != 1 {
			t.Fatalf("%+v", all)
		}
		ann := all[0]
		if ann.LastName != "Archer-Lee" || ann.belongings() != "Demo Marketing Trial plan=gold renewal_date=2026-12-31" ||
			ann.Username != "ann" || ann.Project.Name != "default" || !ann.Active || ann.Type != "PERSONAL" {
			t.Errorf("%+v", ann)
		}
	})
}

// samples/README.md: clients-foreign.csv, in a company that has the project and the desk of
// its external ids; and the same file with one email changed.
func TestSampleOfForeignClients(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, own := s.company("Acme", "own@acme.example")
		s.want("", own, createProject, vars{"n": "Nordics", "x": "77524609caa3558dd8f8da65"})
		s.want("", own, createDesk, vars{"n": "First line", "x": "78a346ad8092c651c919337e"})
		file := sample(t, "clients-foreign.csv")
		for _, c := range []struct {
			file   []byte
			counts string
		}{
			{file, "COMPLETED 3+0+0+0+0 of 3"},
			{bytes.ReplaceAll(file, []byte("omar.haddad@"), []byte("omar.h@")), "COMPLETED 0+1+2+0+0 of 3"},
		} {
			run, r := s.importCsv(own, "clients-foreign.csv", c.file, vars{"kind": "CONTACTS"})
			if len(r.Errors) > 0 {
				t.Fatalf("%+v", r.Errors)
			}
			if got := s.finished(own, run); got.counts() != c.counts {
				t.Errorf("%s %v, want %s", got.counts(), got.codes(), c.counts)
			}
		}
		all := s.contacts(own, "")
		if emails(all) != "nora.lind omar.h pia.berg" {
			t.Fatalf("%+v", all)
		}
		nora, omar, pia := all[0], all[1], all[2]
		if nora.ExternalID != "7a1c2c2f32735479fd3e9a5c" || nora.Project.Name != "Nordics" || nora.Desk.Name != "First line" ||
			omar.Active || omar.Username != "omar.haddad" || pia.Desk.Name != "default" || pia.Type != "BUSINESS" {
			t.Errorf("%+v", all)
		}
	})
}

// K1–K4, K6: a partner admin creates a customer's contacts one by one, and searches them; what the
// customer deletes is taken from its contacts, and nobody else's.
func TestStoryOfABook(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, maria, _ := s.partner("Partner", "partner.example")
		acme := s.customer(maria, "Acme")
		_, own := s.user(maria, acme, "own@acme.example", "ADMIN")
		_, carl := s.user(maria, acme, "carl@acme.example", "MEMBER")
		var made struct {
			CreateProject struct{ Project struct{ ID string } }
			CreateLabel   struct{ Label struct{ ID string } }
		}
		s.must(maria, `mutation($c:ID){createProject(input:{companyId:$c,name:"Nordics"}){project{id}}createLabel(input:{companyId:$c,name:"VIP"}){label{id}}
			createCustomField(input:{companyId:$c,variableName:"Shoe Size",name:"Shoe size",type:NUMBER}){customField{id}}}`, vars{"c": acme}, &made)
		project, label := made.CreateProject.Project.ID, made.CreateLabel.Label.ID
		const create = `mutation($i:CreateContactInput!){createContact(input:$i){contact{` + ofPerson + `}}}`
		var kim struct{ CreateContact struct{ Contact person } }
		s.must(maria, create, vars{"i": vars{
			"companyId": acme, "email": "Kim.Archer@ACME.example", "firstName": "Kim", "lastName": "Archer", "projectId": project, "labelIds": []string{label},
			"customFields": []vars{{"variableName": "shoe_size", "value": "042.50"}},
		}}, &kim)
		p := kim.CreateContact.Contact
		if p.Username != "kim.archer" || p.Email != "Kim.Archer@ACME.example" || p.Project.Name != "Nordics" || p.Desk.Name != "default" || p.belongings() != "VIP Shoe Size=42.5" {
			t.Errorf("%+v", p)
		}
		s.want("ALREADY_EXISTS", maria, create, vars{"i": vars{"companyId": acme, "email": "KIM.ARCHER@acme.example", "firstName": "Other"}})
		s.want("INVALID_ARGUMENT", own, create, vars{"i": vars{"email": "lou@acme.example", "firstName": "Lou", "customFields": []vars{{"variableName": "shoe_size", "value": "big"}}}})
		s.want("FORBIDDEN", carl, create, vars{"i": vars{"email": "lou@acme.example", "firstName": "Lou"}})
		s.want("", own, create, vars{"i": vars{"email": "lou@acme.example", "firstName": "Lou", "username": "The Boss"}})
		for filter, want := range map[string]string{
			"": "Kim.Archer lou", `search:"ARCH"`: "Kim.Archer", `search:"the b"`: "lou", `search:"rcher"`: "",
			`labelIds:["` + label + `"]`: "Kim.Archer", `projectId:"` + project + `"`: "Kim.Archer", `active:false`: "",
		} {
			if got := emails(s.contacts(carl, filter)); got != want {
				t.Errorf("{%s} finds %q, want %q", filter, got, want)
			}
		}
		const update = `mutation($i:UpdateContactInput!){updateContact(input:$i){contact{` + ofPerson + `}}}`
		var changed struct{ UpdateContact struct{ Contact person } }
		s.must(own, update, vars{"i": vars{"id": p.ID, "lastName": nil, "active": false, "customFields": []vars{{"variableName": "Shoe Size", "value": nil}}}}, &changed)
		if c := changed.UpdateContact.Contact; c.LastName != "" || c.Active || c.belongings() != "VIP" || c.Email != p.Email {
			t.Errorf("%+v", c)
		}
		s.want("", own, `mutation($p:ID!,$l:ID!){deleteProject(input:{id:$p}){projectId}deleteLabel(input:{id:$l}){labelId}}`, vars{"p": project, "l": label})
		left := s.contacts(own, `active:false`)
		if len(left) != 1 || left[0].Project.Name != "default" || left[0].belongings() != "" {
			t.Errorf("%+v", left)
		}
		s.want("", own, `mutation($c:ID!){deleteContact(input:{id:$c}){contactId}}`, vars{"c": p.ID})
		if got := emails(s.contacts(own, "")); got != "lou" {
			t.Errorf("left are %q", got)
		}
		s.want("NOT_FOUND", own, update, vars{"i": vars{"id": p.ID, "firstName": "Kim"}})
		log := s.log(own)
		for _, action := range []string{"contact.created", "contact.updated", "contact.deleted", "project.deleted", "label.deleted", "custom_field.created"} {
			if !slices.Contains(log, action) {
				t.Errorf("the log has no %s: %v", action, log)
			}
		}
	})
}

// K6: whoever came with a large file is found by what they are called now, whichever way
// that changed.
func TestThousandsAreFound(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		_, own := s.company("Acme", "own@acme.example")
		load := func(surname string, from, to int) {
			t.Helper()
			var file strings.Builder
			file.WriteString("email,first_name,last_name\n")
			for i := from; i < to; i++ {
				fmt.Fprintf(&file, "n%04d@acme.example,Given%d,%s%d\n", i, i, surname, i)
			}
			run, r := s.importCsv(own, "all.csv", []byte(file.String()), vars{"kind": "CONTACTS"})
			if len(r.Errors) > 0 {
				t.Fatalf("%+v", r.Errors)
			}
			if got := s.finished(own, run); got.CreatedCount+got.UpdatedCount != to-from {
				t.Fatal(got.counts(), got.codes())
			}
		}
		finds := func(search, want string) []person {
			t.Helper()
			found := s.contacts(own, `search:"`+search+`"`)
			if got := emails(found); got != want {
				t.Errorf("%q finds %q, want %q", search, got, want)
			}
			return found
		}
		load("Archer", 0, 2_000)
		finds("archer1999", "n1999")
		finds("GIVEN1234", "n1234")
		load("Breuer", 0, 700)   // by the thousand, again
		load("Çağlar", 700, 710) // a few
		finds("archer42", "")
		finds("archer1042", "n1042")
		finds("breuer42", "n0042 n0420 n0421 n0422 n0423 n0424 n0425 n0426 n0427 n0428 n0429")
		finds("çağlar705", "n0705")
		finds("given705", "n0705")
		kim := finds("breuer699", "n0699")
		s.want("", own, `mutation($i:ID!){updateContact(input:{id:$i,lastName:"By Hand"}){contact{id}}}`, vars{"i": kim[0].ID})
		finds("breuer699", "")
		finds("by hand", "n0699")
		finds("given699", "n0699")
		s.want("", own, `mutation($i:ID!){deleteContact(input:{id:$i}){contactId}}`, vars{"i": kim[0].ID})
		finds("given699", "")
	})
}
