package app

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
)

// tools are exports as other programs write them (docs/from-your-tool.md). phone is the header of the
// column of phone numbers, which needs a custom field of that name.
var tools = []struct {
	file, phone string
	kind        string
	input       vars
}{
	{file: "hubspot", phone: "Phone Number"},
	{file: "salesforce", phone: "Phone"},
	{file: "zoho", phone: "Phone"},
	{file: "zendesk", phone: "phone"},
	{file: "freshdesk", phone: "Work phone"},
	{file: "intercom", phone: "Phone"},
	{file: "outlook", phone: "Mobile Phone"},
	{file: "google-contacts", phone: "Phone 1 - Value", input: vars{"createMissing": []string{"LABELS"}}},
	{file: "thunderbird", phone: "Mobile Number"},
	{file: "google-workspace", kind: "USERS"},
	{file: "entra", kind: "USERS"},
	{file: "connectwise", phone: "Direct"},
	{file: "stripe", phone: "Phone"},
}

// person of a tool's file as it has to be stored.
type toolPerson struct{ name, phone string }

// toolPeople are the people of each file by their emails.
func toolPeople(t *testing.T) map[string]map[string]toolPerson {
	t.Helper()
	f, err := os.Open("../../testdata/tools/expected.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]toolPerson{}
	for _, r := range rows[1:] {
		if all[r[0]] == nil {
			all[r[0]] = map[string]toolPerson{}
		}
		all[r[0]][r[1]] = toolPerson{r[2], r[3]}
	}
	return all
}

// What other programs write is taken as it is: no mapping, and what is not known left out. Every
// name, email and phone number is right.
func TestExportsOfOtherTools(t *testing.T) {
	t.Parallel()
	onBothSets(t, func(t *testing.T, s *server) {
		people := toolPeople(t)
		for _, tool := range tools {
			t.Run(tool.file, func(t *testing.T) {
				_, token := s.company(tool.file, "own@"+tool.file+"-company.example")
				c := &tenant{server: s, t: t, token: token}
				file, err := os.ReadFile("../../testdata/tools/" + tool.file + ".csv")
				if err != nil {
					t.Fatal(err)
				}
				want := people[tool.file]
				input := as("CONTACTS", vars{"unknownColumns": "LEAVE_OUT"})
				for name, value := range tool.input {
					input[name] = value
				}
				if tool.kind == "USERS" {
					// New users need passwords, which no directory exports: they are known already.
					known := "email,first_name,last_name,password\n"
					for email := range want {
						known += email + ",Not,Known,first-password\n"
					}
					c.content("known.csv", []byte(known), vars{"kind": "USERS"})
					input["kind"] = "USERS"
					if got := c.content(tool.file, file, input); got.counts() != "COMPLETED 0+30+0+0+0 of 30" {
						t.Errorf("%s: %s %+v", tool.file, got.counts(), got.Issues.Nodes)
					}
					var out struct {
						Viewer struct {
							Company struct {
								Users struct {
									Nodes []struct{ Email, FirstName, LastName string }
								}
							}
						}
					}
					s.must(token, `{viewer{company{users(first:100){nodes{email firstName lastName}}}}}`, nil, &out)
					for _, u := range out.Viewer.Company.Users.Nodes {
						if w, there := want[u.Email]; there && u.FirstName+" "+u.LastName != w.name {
							t.Errorf("%s: %s is %s %s, want %s", tool.file, u.Email, u.FirstName, u.LastName, w.name)
						}
					}
					return
				}
				s.want("", token, createField, vars{"v": tool.phone, "t": "TEXT"})
				if got := c.content(tool.file, file, input); got.counts() != "COMPLETED 30+0+0+0+0 of 30" {
					t.Errorf("%s: %s %+v", tool.file, got.counts(), got.Issues.Nodes)
				}
				found := 0
				for _, p := range s.contacts(token, "") {
					w, there := want[strings.ToLower(p.Email)]
					if got := (toolPerson{p.name(), p.value(tool.phone)}); !there || got != w {
						t.Errorf("%s: %s is %+v, want %+v", tool.file, p.Email, got, w)
					}
					found++
				}
				if found != len(want) {
					t.Errorf("%s: %d people, want %d", tool.file, found, len(want))
				}
				// The same file again changes nothing.
				if got := c.content(tool.file, file, input); got.counts() != "COMPLETED 0+0+30+0+0 of 30" {
					t.Errorf("%s again: %s %+v", tool.file, got.counts(), got.Issues.Nodes)
				}
			})
		}
	})
}

// The page has each of the tools, and no other: its kind and its column of phone numbers.
func TestTheToolsAreInTheDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/from-your-tool.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); len(cells) == 7 && !strings.Contains(line, "---") && !strings.Contains(line, "Column of") {
			rows = append(rows, cells)
		}
	}
	if len(rows) != len(tools) {
		t.Fatalf("the page has %d tools, and %d are tried", len(rows), len(tools))
	}
	for i, tool := range tools {
		kind, phone := strings.TrimSpace(rows[i][3]), strings.Trim(strings.TrimSpace(rows[i][4]), "`")
		if want := as("CONTACTS", nil)["kind"]; tool.kind != "" && kind != tool.kind || tool.kind == "" && kind != want || phone != tool.phone {
			t.Errorf("row %d, of%s: %s with %q; tried is %+v", i+1, rows[i][1], kind, phone, tool)
		}
	}
}
