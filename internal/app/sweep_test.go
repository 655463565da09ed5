package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/schema"
)

// The sweep sends hostile texts wherever a text can be sent: in every argument of every
// operation, and in every cell and column name of every kind of file. Operations come from the
// schema, so that a new one is swept too. Bounds are CPU time of this process, which the server
// is in, relative to that of harmless texts of the same length.

// hostile are texts of n bytes at most, of characters that differ.
var hostile = map[string]func(n int) string{
	"letters": func(n int) string { return "a@" + distinct(n-2, 0x4E00, 0x9000) },
	"digits": func(n int) string {
		return distinct(n, '0', '9', 0x660, 0x669, 0x6F0, 0x6F9, 0x966, 0x96F, 0xFF10, 0xFF19)
	},
	"marks": func(n int) string { return "e" + distinct(n-1, 0x300, 0x34E, 0x1AB0, 0x1ABD, 0x20D0, 0x20DC) },
	"separators": func(n int) string {
		return "a@" + separated(n-2, ". : ; | / - _ = < > & @ \u3002 \u00a0 \u200d \u200b")
	},
}

func harmless(n int) string { return strings.Repeat("x", n) }

// distinct goes through the ranges of characters again and again.
func distinct(n int, ranges ...rune) string {
	var s strings.Builder
	for i, r := 0, ranges[0]; s.Len()+4 <= n; r++ {
		if r > ranges[i+1] {
			i = (i + 2) % len(ranges)
			r = ranges[i]
		}
		s.WriteRune(r)
	}
	return s.String()
}

// separated has a letter between two separators, another one each time.
func separated(n int, separators string) string {
	var s strings.Builder
	all := strings.Split(separators, " ") // Fields would take U+00A0 for a blank
	for i := 0; s.Len()+8 <= n; i++ {
		s.WriteRune(0x4E00 + rune(i%20_000))
		s.WriteString(all[i%len(all)])
	}
	return s.String()
}

// sizes of texts, in bytes.
var sizes = []int{1 << 10, 16 << 10, 200_000}

const (
	maxAnswer = 1 << 20
	maxMemory = 64 << 20
)

// cpu is what this process has used so far.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// argument is a text that an operation takes.
type argument struct {
	name      string // such as Mutation.createUser(input.email)
	query     string
	variables func(text string) vars
	upload    bool // it comes with a file
}

// arguments finds all of them. within says how a field of a type is reached that no operation
// is itself.
func arguments(t *testing.T, within map[string]string) []argument {
	t.Helper()
	s := gqlparser.MustLoadSchema(&ast.Source{Name: "ours", Input: schema.SDL()})
	var all []argument
	for _, def := range s.Types {
		if def.Kind != ast.Object || strings.HasPrefix(def.Name, "__") {
			continue
		}
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			path, reached := within[def.Name]
			for _, a := range f.Arguments {
				for _, leaf := range textsIn(s, a.Type, a.Name, nil) {
					if !reached {
						t.Errorf("%s.%s has texts in its arguments: say in the sweep how it is reached", def.Name, f.Name)
						continue
					}
					all = append(all, argument{
						name: fmt.Sprintf("%s.%s(%s)", def.Name, f.Name, leaf), query: operation(s, path, f),
						upload: strings.Contains(shape(s, f), "Upload"),
						variables: func(text string) vars {
							v := vars{}
							for _, b := range f.Arguments {
								if value := filled(s, b.Type, b.Name, leaf, text); value != nil {
									v[b.Name] = value
								}
							}
							return v
						},
					})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b argument) int { return strings.Compare(a.name, b.name) })
	return all
}

func shape(s *ast.Schema, f *ast.FieldDefinition) string {
	var names strings.Builder
	for _, a := range f.Arguments {
		names.WriteString(a.Type.Name() + " ")
		if def := s.Types[a.Type.Name()]; def.Kind == ast.InputObject {
			for _, field := range def.Fields {
				names.WriteString(field.Type.Name() + " ")
			}
		}
	}
	return names.String()
}

// textsIn are the paths of the texts in an argument of the type.
func textsIn(s *ast.Schema, of *ast.Type, path string, within []string) []string {
	def := s.Types[of.Name()]
	switch {
	case def.Kind == ast.InputObject && !slices.Contains(within, def.Name):
		var all []string
		for _, f := range def.Fields {
			all = append(all, textsIn(s, f.Type, path+"."+f.Name, append(within, def.Name))...)
		}
		return all
	case def.Kind == ast.Scalar && !slices.Contains([]string{"Int", "Float", "Boolean", "Upload"}, def.Name):
		return []string{path}
	}
	return nil
}

// filled is a value with the text at the leaf, and what is required beside it; nil: none.
func filled(s *ast.Schema, of *ast.Type, path, leaf, text string) any {
	here := path == leaf || strings.HasPrefix(leaf, path+".")
	if !here && !of.NonNull {
		return nil
	}
	if of.Elem != nil {
		return []any{filled(s, of.Elem, path, leaf, text)}
	}
	def := s.Types[of.Name()]
	switch {
	case path == leaf:
		return text
	case def.Kind == ast.InputObject:
		value := map[string]any{}
		for _, f := range def.Fields {
			if v := filled(s, f.Type, path+"."+f.Name, leaf, text); v != nil {
				value[f.Name] = v
			}
		}
		return value
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name
	case def.Name == "Boolean":
		return true
	case def.Name == "Int":
		return 1
	case def.Name == "ID":
		return "00000000-0000-7000-8000-000000000000"
	}
	return "x1@example.org"
}

func operation(s *ast.Schema, path string, f *ast.FieldDefinition) string {
	var declared, given []string
	for _, a := range f.Arguments {
		declared = append(declared, "$"+a.Name+":"+a.Type.String())
		given = append(given, a.Name+":$"+a.Name)
	}
	field := f.Name + "(" + strings.Join(given, ",") + ")"
	if def := s.Types[f.Type.Name()]; def.IsCompositeType() {
		if def.Fields.ForName("nodes") != nil {
			field += "{nodes{__typename}}"
		} else {
			field += "{__typename}"
		}
	}
	kind, rest, _ := strings.Cut(path, " ")
	return kind + "(" + strings.Join(declared, ",") + ")" + strings.Replace(rest, "%", field, 1)
}

// posted sends a request and gives the length of its answer.
func (s *server) posted(token, contentType string, body []byte) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return int(n)
}

// form is an operation with a file at input.file.
func form(query string, variables vars, file []byte) (contentType string, body []byte) {
	operations, _ := json.Marshal(map[string]any{"query": query, "variables": variables})
	var out bytes.Buffer
	f := multipart.NewWriter(&out)
	_ = f.WriteField("operations", string(operations))
	_ = f.WriteField("map", `{"0":["variables.input.file"]}`)
	part, _ := f.CreateFormFile("0", "hostile.csv")
	_, _ = part.Write(file)
	_ = f.Close()
	return f.FormDataContentType(), out.Bytes()
}

// sweep does something with texts of each size and demands that it costs no more than a few
// times what harmless ones cost, which grows with their length.
func (s *server) sweep(name string, do func(text func(n int) string, n int) (answer int)) {
	s.t.Helper()
	for _, n := range sizes {
		costs := func(text func(int) string) (least time.Duration) {
			before := cpu(s.t)
			if answer := do(text, n); answer > maxAnswer {
				s.t.Errorf("%s: %d bytes get an answer of %d", name, n, answer)
			}
			return cpu(s.t) - before
		}
		usual := costs(harmless)
		for what, text := range hostile {
			const times, slack = 15, 150 * time.Millisecond // slack: what else the process does, such as collecting garbage
			took := costs(text)
			for range 2 {
				if took > times*usual+slack {
					usual, took = max(usual, costs(harmless)), min(took, costs(text))
				}
			}
			if took > times*usual+slack {
				s.t.Errorf("%s: %d bytes of %s take %v of CPU, as many harmless ones %v", name, n, what, took, usual)
			}
		}
	}
}

// unlimited adds the settings with which nothing but a sign-in is refused for coming too often.
func unlimited(env map[string]string) map[string]string {
	const all = "1000000/1s"
	for _, of := range []string{"TRANSFER_TOKENS", "UPLOADS", "SEARCHES", "REQUESTS"} {
		env["RATE_LIMIT_"+of] = all
	}
	return env
}

// K5, R1, F5: no text costs more than a few times what others of its length cost, in time,
// memory or answer; and another tenant is served meanwhile. (Not parallel: it measures the
// process. Not under the race detector, whose costs are others.)
func TestHostileTextsCostNoMoreThanOthers(t *testing.T) {
	for name, env := range map[string]func(*testing.T) map[string]string{
		"embedded": func(*testing.T) map[string]string { return map[string]string{} }, "production": production,
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, unlimited(env(t)))
			defer debug.SetGCPercent(debug.SetGCPercent(50)) // what is used, and not what is left over
			operator := s.operator()
			_, maria, _ := s.partner("Partner", "partner.example")
			_, other := s.company("Other", "own@other.example")
			idle := s.oneRow(other)
			grown := heapGrowth(t)
			s.sweepArguments(operator, maria)
			s.sweepFiles(maria)
			if g := grown(); g > maxMemory {
				t.Errorf("memory grew by %d MiB", g>>20)
			}
			s.besides(maria, other, idle)
		})
	}
}

func (s *server) sweepArguments(operator, maria string) {
	all := arguments(s.t, map[string]string{
		"Query": "query {%}", "Mutation": "mutation {%}", "Subscription": "subscription {%}",
		"Company": "query {viewer{company{%}}}", "ImportRun": "query {importRuns(first:1){nodes{%}}}",
	})
	if len(all) < 100 {
		s.t.Errorf("only %d arguments were found", len(all))
	}
	for _, a := range all {
		if strings.HasPrefix(a.name, "Subscription.") {
			continue // ids, which queries take too
		}
		token := maria
		for _, theirs := range []string{".createCompany(", ".setPartnerStatus(", ".companies("} {
			if strings.Contains(a.name, theirs) {
				token = operator
			}
		}
		s.sweep(a.name, func(text func(int) string, n int) int {
			if a.upload {
				contentType, body := form(a.query, a.variables(text(n)), []byte("email,first_name\na@example.org,A\n"))
				return s.posted(token, contentType, body)
			}
			body, _ := json.Marshal(map[string]any{"query": a.query, "variables": a.variables(text(n))}) // which always marshals
			return s.posted(token, "application/json", body)
		})
	}
}

// columns of each kind of file, with a cell that is right.
var sweptColumns = map[string][][2]string{
	"CUSTOMERS": {{"name", "Acme"}, {"contact_email", "office@acme.example"}, {"partner_admin_email", "maria.keller@partner.example"}},
	"USERS":     {{"email", "kim@example.net"}, {"first_name", "Kim"}, {"last_name", "Park"}, {"password", "s3cret-enough"}, {"active", "yes"}},
	"CONTACTS": {{"email", "ann@example.org"}, {"first_name", "Ann"}, {"id", "1"}, {"last_name", "Lee"}, {"middle_name", "M"}, {"username", "ann"}, {"project", "default"},
		{"desk", "default"}, {"active", "true"}, {"type", "personal"}, {"created", "2026-01-31"}, {"company_id", ""}, {"labels", ""}, {"labels_id", ""}, {"note", "a"}},
}

// hostileFile has a row for each column with the text in it, and, where that may be a cell, one
// with the text in all.
func hostileFile(kind, text string) []byte {
	columns := sweptColumns[kind]
	quoted := `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	var f strings.Builder
	rows := len(columns)
	if len(text) < 32<<10 {
		rows++
	}
	for row := -1; row < rows; row++ {
		for i, c := range columns {
			if i > 0 {
				f.WriteByte(',')
			}
			switch {
			case row < 0:
				f.WriteString(c[0])
			case row == i || row == len(columns):
				f.WriteString(quoted)
			default:
				f.WriteString(c[1])
			}
		}
		f.WriteByte('\n')
	}
	return []byte(f.String())
}

const previewed = `mutation($input:PreviewImportInput!){previewImport(input:$input){preview{columns{header field suggestion} sampleRows issues{row column value code message}}}}`

func (s *server) sweepFiles(maria string) {
	s.must(maria, `mutation{createCustomField(input:{variableName:"note",name:"Note",type:TEXT}){customField{id}}}`, nil, nil)
	for kind := range sweptColumns {
		s.sweep("a file of "+kind, func(text func(int) string, n int) int {
			runID, r := s.importCsv(maria, "hostile.csv", hostileFile(kind, text(n)), vars{"kind": kind, "dryRun": true})
			if len(r.Errors) > 0 {
				s.t.Fatalf("%s: %+v", kind, r.Errors[0])
			}
			state := s.finished(maria, runID)
			if state.Status != "COMPLETED" || state.FailedCount < len(sweptColumns[kind])/2 {
				s.t.Errorf("%s: %s", kind, state.counts())
			}
			raw, _ := json.Marshal(state)
			return len(raw)
		})
		s.sweep("a preview of "+kind, func(text func(int) string, n int) int {
			contentType, body := form(previewed, vars{"input": vars{"kind": kind, "file": nil}}, hostileFile(kind, text(n)))
			return s.posted(maria, contentType, body)
		})
		s.sweep("the columns of "+kind, func(text func(int) string, n int) int {
			header := "email"
			for i := range 190 {
				header += fmt.Sprintf(",\"%d%s\"", i, text(max(n/190, 8)))
			}
			contentType, body := form(previewed, vars{"input": vars{"kind": kind, "file": nil}}, []byte(header+"\na@example.org\n"))
			return s.posted(maria, contentType, body)
		})
	}
}

// oneRow imports a contact and gives how long that took until its end.
func (s *server) oneRow(token string) time.Duration {
	s.t.Helper()
	began := time.Now()
	runID, _ := s.importCsv(token, "one.csv", []byte("email,first_name\nann@example.org,Ann\n"), vars{"kind": "CONTACTS"})
	if state := s.finished(token, runID); state.Status != "COMPLETED" {
		s.t.Fatalf("the other tenant's import: %s", state.counts())
	}
	return time.Since(began)
}

// besides imports hostile files for one tenant and a row for another at the same time.
func (s *server) besides(maria, other string, idle time.Duration) {
	s.t.Helper()
	var body strings.Builder
	body.WriteString("email,first_name,labels\n")
	for range 60 {
		body.WriteString(hostile["letters"](30_000) + ",\"" + hostile["digits"](30_000) + "\",\"" + strings.Repeat("a:", 10) + hostile["separators"](30_000) + "\"\n")
	}
	const times, least = 5, 200 * time.Millisecond // least: what an idle machine's accuracy is
	took := time.Duration(0)
	for range 3 {
		runID, r := s.importCsv(maria, "hostile.csv", []byte(body.String()), vars{"kind": "CONTACTS"})
		if len(r.Errors) > 0 {
			s.t.Fatalf("%+v", r.Errors[0])
		}
		took = s.oneRow(other)
		if state := s.finished(maria, runID); state.counts() != "COMPLETED 0+0+0+0+60 of 60" {
			s.t.Errorf("the hostile import: %s", state.counts())
		}
		if took <= times*max(idle, least) {
			return
		}
	}
	s.t.Errorf("another tenant's row takes %v beside hostile files, %v without", took, idle)
}
