package migrations_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"tenantry/migrations"
)

// released are the first files, from when nobody minded: the fourth makes three indexes on
// contacts, which cannot be written for 5.6 s a million rows. They stay as they are.
const released = 4

var (
	comments    = regexp.MustCompile(`(?m)--.*$`)
	madeHere    = regexp.MustCompile(`(?i)\bCREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?`)
	indexOf     = regexp.MustCompile(`(?is)^CREATE (?:UNIQUE )?INDEX\b(.*?)\bON (?:ONLY )?"?(\w+)"?`)
	alteredIn   = regexp.MustCompile(`(?is)^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?"?(\w+)"?(.*)`)
	constraint  = regexp.MustCompile(`(?is)\b(UNIQUE|PRIMARY KEY|EXCLUDE|FOREIGN KEY|REFERENCES|CHECK)\b`)
	changesType = regexp.MustCompile(`(?is)\bALTER (?:COLUMN )?"?\w+"? (?:SET DATA )?TYPE\b`)
	dropIndex   = regexp.MustCompile(`(?is)^DROP INDEX\b`)
)

// blocking says what in a PostgreSQL file keeps writers out of a table that is there
// already for as long as its rows are read, or cannot be done again after an interruption.
func blocking(file string) (found []string) {
	outside := strings.Contains(file, "-- +goose NO TRANSACTION")
	text := comments.ReplaceAllString(file, "")
	isNew := map[string]bool{}
	for _, m := range madeHere.FindAllStringSubmatch(text, -1) {
		isNew[m[1]] = true
	}
	for statement := range strings.SplitSeq(text, ";") {
		statement = strings.TrimSpace(statement)
		short := strings.Join(strings.Fields(statement), " ")
		say := func(format string, args ...any) {
			found = append(found, fmt.Sprintf(format, args...)+": "+short[:min(len(short), 120)])
		}
		if outside && dropIndex.MatchString(statement) && !strings.Contains(statement, "IF EXISTS") {
			say("outside a transaction it needs IF EXISTS")
		}
		if m := indexOf.FindStringSubmatch(statement); m != nil && !isNew[m[2]] {
			switch {
			case !strings.Contains(m[1], "CONCURRENTLY"):
				say("an index on %s, which is there already, is made CONCURRENTLY", m[2])
			case !outside:
				say("CONCURRENTLY needs a file that says -- +goose NO TRANSACTION")
			case !strings.Contains(m[1], "IF NOT EXISTS"):
				say("outside a transaction it needs IF NOT EXISTS")
			}
		}
		if m := alteredIn.FindStringSubmatch(statement); m != nil && !isNew[m[1]] {
			if constraint.MatchString(m[2]) && !strings.Contains(m[2], "NOT VALID") && !strings.Contains(m[2], "USING INDEX") &&
				!strings.Contains(m[2], "DROP CONSTRAINT") && !strings.Contains(m[2], "VALIDATE CONSTRAINT") {
				say("a constraint on %s, which is there already, is added NOT VALID (and validated after) or USING INDEX", m[1])
			}
			if changesType.MatchString(m[2]) {
				say("the type of a column of %s writes the whole table anew", m[1])
			}
		}
	}
	return found
}

// No file that comes after the first ones keeps imports and edits out while it reads a table.
func TestMigrationsDoNotBlock(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(migrations.Files, "postgres/*.sql")
	if err != nil || len(names) < released {
		t.Fatalf("files: %v (%v)", names, err)
	}
	for _, name := range names[released:] {
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range blocking(string(text)) {
			t.Errorf("%s: %s", name, what)
		}
	}
}

// The fourth file's indexes, and what else blocks, are found; what does not block passes.
func TestBlockingStatementsAreFound(t *testing.T) {
	t.Parallel()
	fourth, err := fs.ReadFile(migrations.Files, "postgres/0004_search_blocks.sql")
	if err != nil {
		t.Fatal(err)
	}
	if found := blocking(string(fourth)); len(found) != 3 {
		t.Errorf("in the fourth file: %q", found)
	}
	const no, outside = "-- +goose Up\n", "-- +goose NO TRANSACTION\n-- +goose Up\n"
	for file, want := range map[string]int{
		no + `CREATE TABLE "a" ("id" bigint); CREATE UNIQUE INDEX "i" ON "a" ("id");`:      0,
		no + `ALTER TABLE "a" ADD COLUMN "b" bigint NULL;`:                                 0,
		no + `CREATE UNIQUE INDEX "i" ON "a" ("id");`:                                      1,
		no + `CREATE INDEX CONCURRENTLY IF NOT EXISTS "i" ON "a" ("id");`:                  1,
		outside + `CREATE INDEX CONCURRENTLY "i" ON "a" ("id");`:                           1,
		outside + `CREATE INDEX CONCURRENTLY IF NOT EXISTS "i" ON "a" ("id");`:             0,
		outside + `DROP INDEX CONCURRENTLY "i";`:                                           1,
		no + `ALTER TABLE "a" ADD CONSTRAINT "u" UNIQUE ("id");`:                           1,
		no + `ALTER TABLE "a" ADD CONSTRAINT "f" FOREIGN KEY ("b") REFERENCES "c" ("id");`: 1,
		no + `ALTER TABLE "a" ADD CONSTRAINT "f" CHECK (b > 0) NOT VALID;`:                 0,
		no + `ALTER TABLE "a" ALTER COLUMN "b" TYPE bigint;`:                               1,
	} {
		if found := blocking(file); len(found) != want {
			t.Errorf("%s\nfound %q, want %d", file, found, want)
		}
	}
}
