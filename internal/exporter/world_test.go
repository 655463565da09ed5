package exporter

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/importer"
	"tenantry/internal/importer/kind"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/progress"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// world is a partner with an administrator and a member, a customer, a company that is
// nobody's, and an exporter of small pages beside an importer.
type world struct {
	*testenv.World
	exporter *Exporter
	importer *importer.Engine
	tenancy  *tenancy.Service

	passwords *auth.Passwords

	partner, customer, plain  *ent.Company
	maria, tom, inside, plume *ent.User
}

func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testenv.Worlds(t, func(t *testing.T, tenants *testenv.World) { test(t, newWorld(tenants)) })
}

func newWorld(tenants *testenv.World) *world {
	return newWorldOf(tenants, func(db *database.DB, passwords *auth.Passwords, companies *tenancy.Service) kind.Set {
		return kinds.New(db, passwords, companies, contactkind.Options{})
	})
}

// newWorldOf is a world in which these kinds are imported and exported.
func newWorldOf(tenants *testenv.World, of func(*database.DB, *auth.Passwords, *tenancy.Service) kind.Set) *world {
	t, db := tenants.T, tenants.DB
	t.Helper()
	blobs, err := blob.Open(blob.Options{Dir: t.TempDir()})
	testenv.Must(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	passwords, err := auth.NewPasswords(auth.PasswordOptions{Cost: auth.Cost{MemoryKiB: 64, Passes: 1}})
	testenv.Must(t, err)
	quiet, authenticator := slog.New(slog.DiscardHandler), auth.New(db, passwords, auth.Options{})
	hub := progress.New(client, quiet)
	service := tenancy.New(tenancy.Parts{DB: db, Passwords: passwords, Sessions: authenticator, Events: hub, Owners: []tenancy.Owner{contacts.Owner(), importer.Owner()}, Log: quiet})
	all := of(db, passwords, service)
	w := &world{
		World: tenants, tenancy: service, passwords: passwords, exporter: New(db.Ent(), authenticator, service, all),
		importer: importer.New(importer.Parts{
			DB: db, Blobs: blobs, Events: hub, Queue: testenv.NoQueue{}, Rights: authenticator, Fingerprints: passwords, Kinds: all, Log: quiet,
		}, importer.Options{}),
	}
	w.exporter.page = 3
	w.partner, w.plain = w.Company("Partner", testenv.Partner), w.Company("Plain")
	w.customer = w.Company("Customer", testenv.CustomerOf(w.partner))
	w.maria, w.tom = w.User(w.partner, "maria@partner.example", enum.Admin), w.User(w.partner, "tom@partner.example", enum.Member)
	w.inside, w.plume = w.User(w.customer, "inside@customer.example", enum.Admin), w.User(w.plain, "plume@plain.example", enum.Admin)
	return w
}

// exported is what the user gets of the company's records.
func (w *world) exported(u *ent.User, kind enum.ImportKind, c *ent.Company) string {
	w.T.Helper()
	of, err := w.exporter.Begin(w.As(u), kind, &c.ID)
	w.Must(err)
	file, err := w.exporter.Open(w.T.Context(), kind, viewer.Principal{User: u.ID}, of)
	w.Must(err)
	var b bytes.Buffer
	w.Must(file.Send(w.T.Context(), &b))
	return b.String()
}

// imported takes a file in and gives its counts and issues.
func (w *world) imported(u *ent.User, kind enum.ImportKind, c *ent.Company, file string) string {
	w.T.Helper()
	run, err := w.importer.Start(w.As(u), importer.StartInput{Request: importer.Request{
		File: importer.File{Name: "x.csv", Body: strings.NewReader(file)}, Kind: kind, Company: &c.ID,
	}})
	w.Must(err)
	for worked := true; worked; {
		worked, err = w.importer.RunNext(w.T.Context())
		w.Must(err)
	}
	r := w.DB.Ent().ImportRun.GetX(w.System, run.ID)
	out := fmt.Sprintf("%s %d+%d+%d+%d+%d", r.Status, r.CreatedCount, r.UpdatedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount)
	for _, i := range w.DB.Ent().ImportIssue.Query().AllX(w.System) {
		if i.ImportRunID == run.ID && !i.Code.Skips() {
			out += fmt.Sprintf(" %d:%v:%s", i.Row, i.Column, i.Code)
		}
	}
	return out
}

// records reads an export with its header, as a spreadsheet does.
func records(t testing.TB, file string) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(file, "\ufeff")
	if !marked {
		t.Error("the file has no byte order mark, which spreadsheets need for names such as José")
	}
	return parsed(t, text)
}

// parsed is the text of a CSV file with its header.
func parsed(t testing.TB, text string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var _ io.Writer = (*stopper)(nil)

// stopper takes so many bytes and then does something.
type stopper struct {
	bytes.Buffer
	after int
	then  func() error
}

func (s *stopper) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if s.Len() >= s.after && s.then != nil {
		then := s.then
		s.then = nil
		if err := then(); err != nil {
			return n, err
		}
	}
	return n, err
}
