package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tenantry/client"
)

// sqliteLoad measures an import of new contacts on SQLite, from the request's first byte to
// the final event, against `.import` of the rows that it leaves by the sqlite3 program, into a
// table with the same columns, indexes and foreign keys.
type sqliteLoad struct {
	programs
	rows, rounds int
}

func (q *sqliteLoad) run(ctx context.Context) error {
	if q.rows < 1 || q.rounds < 1 {
		return errors.New("at least one row and one round")
	}
	if _, err := exec.LookPath("sqlite3"); err != nil {
		return fmt.Errorf("the program sqlite3 is needed (Debian: apt-get install sqlite3): %w", err)
	}
	if q.binary == "" { // each round has a fresh database: build once
		built, err := newStack(ctx, "", true, nil)
		defer built.end()
		if err != nil {
			return err
		}
		q.binary = built.binary
	}
	scratch, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	file, err := contactsFile(scratch, "new.csv", q.rows, func(i int) string { return fmt.Sprint("Last", i) })
	if err != nil {
		return err
	}
	var ways []*way
	prepared := false
	for _, of := range []way{{name: "tenantry"}, {name: "older"}} {
		p := programs{binary: q.binary}
		if of.name == "older" {
			p.binary = q.against
		}
		if p.binary == "" {
			continue
		}
		ways = append(ways, &way{name: of.name, take: func(ctx context.Context, _ int) (leg, error) {
			versions, end, err := p.versions(ctx, true, large(q.rows))
			defer end()
			if err != nil {
				return leg{}, err
			}
			v := versions[0]
			if _, err := v.ready(ctx); err != nil {
				return leg{}, err
			}
			_, user, err := v.company(ctx, "Round")
			if err != nil {
				return leg{}, err
			}
			l, state, err := v.imports(ctx, user, client.Upload{Kind: "CONTACTS"}, file, q.rows)
			if err == nil && state.CreatedCount != q.rows {
				err = fmt.Errorf("the import ended as %+v", state)
			}
			if err == nil && !prepared {
				prepared = true
				err = prepareImport(ctx, scratch, filepath.Join(v.settings["DATA_DIR"], "tenantry.db"))
			}
			return l, err
		}})
	}
	imported := &way{name: ".import", take: func(ctx context.Context, _ int) (leg, error) { return dotImport(ctx, scratch, q.rows) }}
	if err := inTurn(ctx, q.rounds, append(ways, imported)); err != nil {
		return err
	}
	for _, w := range ways {
		elapsed := w.pace(imported)
		fmt.Printf("%s against .import: pace %s; CPU a row %.2f\n", w.name, spread(elapsed, "%.2f"), w.cpuAgainst(imported))
		(&version{name: w.name}).figure(fmt.Sprintf("sqlite %d", q.rows), median(elapsed))
	}
	return nil
}

// prepareImport writes the largest company's contacts into a file of text, and a database
// that has everything but contacts. Columns that are NULL in all rows are left out, as
// `.import` reads no NULL; so the indexes on them cost it nothing.
func prepareImport(ctx context.Context, scratch, loaded string) error {
	empty := filepath.Join(scratch, "empty.db")
	if _, err := sqlite3(ctx, loaded, `VACUUM INTO '`+empty+`'`); err != nil {
		return err
	}
	names, err := sqlite3(ctx, empty, `SELECT name FROM pragma_table_info('contacts')`)
	if err != nil {
		return err
	}
	var filled, unused []string
	for _, name := range strings.Fields(names) {
		n, err := sqlite3(ctx, empty, `SELECT count(`+name+`) FROM contacts`)
		if err != nil {
			return err
		}
		if strings.TrimSpace(n) == "0" {
			unused = append(unused, name)
		} else {
			filled = append(filled, name)
		}
	}
	indexes, err := sqlite3(ctx, empty, `SELECT DISTINCT m.name FROM sqlite_master m, pragma_index_info(m.name) i
		WHERE m.type = 'index' AND m.tbl_name = 'contacts' AND i.name IN ('`+strings.Join(unused, "', '")+`')`)
	if err != nil {
		return err
	}
	commands := ".mode csv\n.output " + filepath.Join(scratch, "contacts.csv") + "\nSELECT " + strings.Join(filled, ", ") + ` FROM contacts
		WHERE company_id = (SELECT company_id FROM contacts GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) ORDER BY rowid;` +
		"\n.output\nPRAGMA foreign_keys = OFF;\nDELETE FROM contacts;\nDELETE FROM search_blocks;\n"
	for _, index := range strings.Fields(indexes) {
		commands += "DROP INDEX " + index + ";\n"
	}
	for _, name := range unused {
		commands += "ALTER TABLE contacts DROP COLUMN " + name + ";\n"
	}
	_, err = sqlite3(ctx, empty, commands+"VACUUM;")
	return err
}

// dotImport imports the text into a copy of the prepared database.
func dotImport(ctx context.Context, scratch string, rows int) (l leg, err error) {
	target := filepath.Join(scratch, "target.db")
	if err := os.RemoveAll(target); err != nil {
		return l, err
	}
	if _, err := sqlite3(ctx, filepath.Join(scratch, "empty.db"), `VACUUM INTO '`+target+`'`); err != nil {
		return l, err
	}
	if _, err := sqlite3(ctx, target, `PRAGMA journal_mode = WAL`); err != nil {
		return l, err
	}
	began := time.Now()
	cpu, err := timedSqlite3(ctx, target, "PRAGMA synchronous = NORMAL;\nPRAGMA foreign_keys = ON;\n.import --csv "+filepath.Join(scratch, "contacts.csv")+" contacts")
	if err != nil {
		return l, err
	}
	l = leg{rows: rows, took: time.Since(began), cpu: usage{"sqlite3": cpu}}
	n, err := sqlite3(ctx, target, `SELECT count(*) FROM contacts`)
	if err == nil && strings.TrimSpace(n) != fmt.Sprint(rows) {
		err = fmt.Errorf(".import left %s rows of %d", strings.TrimSpace(n), rows)
	}
	return l, err
}

// sqlite3 runs commands and returns what they print.
func sqlite3(ctx context.Context, file, commands string) (string, error) {
	out, _, err := runSqlite3(ctx, file, commands)
	return out, err
}

func timedSqlite3(ctx context.Context, file, commands string) (cpu time.Duration, err error) {
	_, cpu, err = runSqlite3(ctx, file, commands)
	return cpu, err
}

func runSqlite3(ctx context.Context, file, commands string) (out string, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, "sqlite3", "-batch", "-bail", "-cmd", ".timeout 20000", file)
	cmd.Stdin = strings.NewReader(commands + "\n")
	var printed, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &wrong
	err = cmd.Run()
	if err == nil && wrong.Len() > 0 {
		err = errors.New("it complains")
	}
	if err != nil {
		return "", 0, fmt.Errorf("sqlite3: %w\n%.500s", err, wrong.String())
	}
	return printed.String(), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
