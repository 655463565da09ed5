package database_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// boundEach are the calls that bind each entry of a list whose length no data decides.
var boundEach = map[string]string{
	"internal/auth/challenge.go WithUser":                     "of the one challenge",
	"internal/auth/sessions.go WithUser":                      "of the one session",
	"internal/auth/sessions.go WithCompany":                   "of the one session's user",
	"internal/importer/finish.go WithCompany":                 "of the one import",
	"internal/importer/kind/contacts/exportpage.go WithLabel": "a company has at most a thousand",
	"internal/tenancy/slug.go SlugIn":                         "at most a thousand candidates",
	"internal/importer/rejects.go CodeNotIn":                  "the few codes of skipped rows",
	"internal/importer/resolve.go CodeNotIn":                  "the few codes of skipped rows",
	"internal/importer/owner.go StatusIn":                     "the two that are not final",
}

// A statement takes only so many parameters, and a list grows with the data. So lists are
// bound as one parameter, and rows are inserted by Load; the predicates, the eager loading and
// the CreateBulk of ent, which bind each entry, are for lists that are short whatever the data.
func TestListsAreOneParameter(t *testing.T) {
	t.Parallel()
	eager, unused := eagerLoading(t), map[string]bool{}
	for known := range boundEach {
		unused[known] = true
	}
	walkSources(t, func(file string, parsed *ast.File) {
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name := f.Sel.Name
			each := call.Ellipsis.IsValid() && (strings.HasSuffix(name, "In") || name == "CreateBulk" || strings.HasPrefix(name, "Add") && strings.HasSuffix(name, "IDs"))
			if !each && !eager[name] {
				return true
			}
			if key := file + " " + name; boundEach[key] != "" {
				delete(unused, key)
			} else {
				t.Errorf("%s: %s binds each entry of its list: use database.Among, FirstOfEach or Load, or say in boundEach what keeps the list short", file, name)
			}
			return true
		})
	})
	for known := range unused {
		t.Errorf("boundEach has %q, which there is no more", known)
	}
}

// walkSources calls do for each of the program's files that are written by hand.
func walkSources(t *testing.T, do func(file string, parsed *ast.File)) {
	t.Helper()
	files := 0
	err := fs.WalkDir(os.DirFS("../.."), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); name == "generated" || name == "node_modules" || name == "bench" || name == "chaos" || name != "." && name[0] == '.' {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", file), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil //nolint:nilerr // somebody is at it; the compiler will tell
		}
		files++
		do(file, parsed)
		return nil
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files were read: %v", files, err)
	}
}

// eagerLoading are the names of the methods by which ent's queries load what rows refer to.
func eagerLoading(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../../ent/generated/ent/*_query.go")
	if err != nil {
		t.Fatal(err)
	}
	method, names := regexp.MustCompile(`(?m)^func \(\w+ \*\w+Query\) (With[A-Z]\w*)\(`), map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range method.FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
	}
	if !names["WithLabel"] {
		t.Fatalf("the methods that were found are %v", names)
	}
	return names
}

// Lists longer than any statement could bind one by one, and empty ones.
func TestAmongAndFirstOfEach(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := viewer.BypassTenancy(t.Context(), "arranging a test")
		var companies, oldest []id.ID
		for i := range 3 {
			c := newCompany(t, db, string(rune('a'+i)))
			companies = append(companies, c)
			for n := range 3 {
				l := db.Ent().Label.Create().SetCompanyID(c).SetName(string(rune('x' + n))).SaveX(ctx)
				if n < 2 {
					oldest = append(oldest, l.ID)
				}
			}
		}
		many := slices.Clone(companies[:2])
		for len(many) < 70_000 {
			many = append(many, id.New(id.Company))
		}
		for _, c := range []struct {
			what string
			ids  []id.ID
			want int
		}{{"none", nil, 0}, {"one", companies[:1], 3}, {"70,000", many, 6}} {
			if n, err := db.Ent().Label.Query().Where(database.Among(label.FieldCompanyID, c.ids)).Count(ctx); err != nil || n != c.want {
				t.Errorf("among %s: %d labels (%v), want %d", c.what, n, err, c.want)
			}
			if n, err := db.Ent().Label.Query().Where(database.FirstOfEach(label.Table, c.ids, 2)).Count(ctx); err != nil || n != c.want/3*2 {
				t.Errorf("first two of each of %s: %d labels (%v), want %d", c.what, n, err, c.want/3*2)
			}
		}
		first, err := db.Ent().Label.Query().Where(database.FirstOfEach(label.Table, companies, 2)).Order(ent.Asc(label.FieldID)).IDs(ctx)
		if err != nil || !slices.Equal(first, oldest) {
			t.Errorf("the first two of each are %v (%v), want %v", first, err, oldest)
		}
	})
}

// The first rows of each company cost what there are rows, and not their square: a count of
// the older ones for each row took 0.4 s for a thousand labels.
func TestFirstOfEachIsLinear(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		ctx := viewer.BypassTenancy(t.Context(), "arranging a test")
		c := newCompany(t, db, "c")
		s := sql.Dialect(string(db.Dialect())).Select("id").From(sql.Table(label.Table))
		database.FirstOfEach(label.Table, []id.ID{c}, 1_000)(s)
		query, args := s.Query()
		handled := func(n int) (rows float64) {
			if err := db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
				at, labels := time.Now().UTC(), make([][]any, n)
				for i := range labels {
					of := id.New(id.Label)
					labels[i] = []any{of, c, of.String(), at, at}
				}
				_, err := database.Load(ctx, tx, database.Batch{Table: label.Table, Columns: []string{"id", "company_id", "name", "created_at", "updated_at"}, Rows: labels})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			execute(t, db, "ANALYZE")
			for _, m := range regexp.MustCompile(`actual .*rows=([\d.]+) loops=(\d+)`).FindAllStringSubmatch(explained(t, db, query, args), -1) {
				each, _ := strconv.ParseFloat(m[1], 64)
				loops, _ := strconv.ParseFloat(m[2], 64)
				rows += each * loops
			}
			return rows
		}
		if db.Dialect() == database.SQLite {
			handled(10)
			if plan := explained(t, db, query, args); strings.Contains(plan, "CORRELATED") {
				t.Errorf("each row is looked at for each other:\n%s", plan)
			}
			return
		}
		few, twice := handled(500), handled(500)
		if few == 0 || twice > 3*few {
			t.Errorf("500 labels took %v rows, 1,000 took %v", few, twice)
		}
	})
}

// explained is how the database does the statement: on PostgreSQL with what each step did.
func explained(t *testing.T, db *database.DB, query string, args []any) string {
	t.Helper()
	rows, err := db.SQL().QueryContext(t.Context(), in(db.Dialect(), "EXPLAIN (ANALYZE, TIMING OFF) ", "EXPLAIN QUERY PLAN ")+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	var plan strings.Builder
	for rows.Next() {
		cells, line := make([]any, len(columns)), ""
		for i := range cells {
			cells[i] = new(any)
		}
		cells[len(cells)-1] = &line
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
