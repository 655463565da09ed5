package exporter

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/database"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/importer"
	contactkind "tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/progress"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// world is a partner with an administrator and a member, a customer, a company that is
// nobody's, and an exporter of small pages beside an importer.
type world struct {
	t        testing.TB
	db       *database.DB
	gate     *auth.Authenticator
	exporter *Exporter
	importer *importer.Engine
	tenancy  *tenancy.Service
	system   context.Context // passes by the policies

	partner, customer, plain  *ent.Company
	maria, tom, inside, plume *ent.User
}

type queue struct{}

func (queue) Wake(context.Context) error { return nil }

func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) { test(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *database.DB) *world {
	t.Helper()
	blobs, err := blob.Open(blob.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	passwords, err := auth.NewPasswords(auth.PasswordOptions{Cost: auth.Cost{MemoryKiB: 64, Passes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	quiet, gate := slog.New(slog.DiscardHandler), auth.New(db, passwords, auth.Options{})
	hub := progress.New(client, quiet)
	service := tenancy.New(tenancy.Parts{DB: db, Passwords: passwords, Sessions: gate, News: hub, Log: quiet})
	all := kinds.New(db, passwords, service, contactkind.Options{})
	w := &world{
		t: t, db: db, gate: gate, tenancy: service, exporter: New(db.Ent(), gate, service, all),
		importer: importer.New(importer.Parts{DB: db, Blobs: blobs, News: hub, Queue: queue{}, Rights: gate, Fingerprints: passwords, Kinds: all, Log: quiet}, importer.Options{}),
		system:   viewer.BypassTenancy(context.WithoutCancel(t.Context()), "arranging and looking in a test"),
	}
	w.exporter.page = 3
	w.partner = w.company("Partner", nil)
	w.must(w.partner.Update().SetIsPartner(true).Exec(w.system))
	w.customer, w.plain = w.company("Customer", &w.partner.ID), w.company("Plain", nil)
	w.maria, w.tom = w.user(w.partner, "maria@partner.example", enum.Admin), w.user(w.partner, "tom@partner.example", enum.Member)
	w.inside, w.plume = w.user(w.customer, "inside@customer.example", enum.Admin), w.user(w.plain, "plume@plain.example", enum.Admin)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) company(name string, of *id.ID) *ent.Company {
	w.t.Helper()
	c, err := w.db.Ent().Company.Create().SetName(name).SetSlug(fold.Slug(name)).SetNameSlug(fold.Slug(name)).SetNameKey(fold.Key(name)).
		SetNillablePartnerID(of).Save(w.system)
	w.must(err)
	w.must(w.db.Ent().Project.Create().SetCompanyID(c.ID).SetName("default").SetIsDefault(true).Exec(w.system))
	w.must(w.db.Ent().Desk.Create().SetCompanyID(c.ID).SetName("default").SetIsDefault(true).Exec(w.system))
	return c
}

func (w *world) user(c *ent.Company, email string, role enum.UserRole) *ent.User {
	w.t.Helper()
	u, err := w.db.Ent().User.Create().SetCompanyID(c.ID).SetEmail(email).SetEmailKey(fold.Email(email)).
		SetFirstName("Ada").SetFirstNameKey("ada").SetLastName("Lovelace").SetLastNameKey("lovelace").SetRole(role).SetPasswordHash("none").Save(w.system)
	w.must(err)
	return u
}

func (w *world) adminOf(c *ent.Company, users ...*ent.User) {
	w.t.Helper()
	for _, u := range users {
		w.must(w.db.Ent().PartnerAdmin.Create().SetCompanyID(c.ID).SetUserID(u.ID).Exec(w.system))
	}
}

// as is a context in which the user asks.
func (w *world) as(u *ent.User) context.Context {
	w.t.Helper()
	v, err := w.gate.ViewerOf(w.system, u.ID)
	w.must(err)
	return viewer.NewContext(w.t.Context(), v)
}

// exported is what the user gets of the company's records.
func (w *world) exported(u *ent.User, kind enum.ImportKind, c *ent.Company) string {
	w.t.Helper()
	of, err := w.exporter.Begin(w.as(u), kind, &c.ID)
	w.must(err)
	file, err := w.exporter.Open(w.t.Context(), kind, u.ID, of)
	w.must(err)
	var b bytes.Buffer
	w.must(file.Send(w.t.Context(), &b))
	return b.String()
}

// imported takes a file in and gives its counts and issues.
func (w *world) imported(u *ent.User, kind enum.ImportKind, c *ent.Company, file string) string {
	w.t.Helper()
	run, err := w.importer.Start(w.as(u), importer.StartInput{
		File: importer.File{Name: "x.csv", Body: strings.NewReader(file)}, Kind: kind, Company: &c.ID,
	})
	w.must(err)
	for worked := true; worked; {
		worked, err = w.importer.RunNext(w.t.Context())
		w.must(err)
	}
	r := w.db.Ent().ImportRun.GetX(w.system, run.ID)
	out := fmt.Sprintf("%s %d+%d+%d+%d+%d", r.Status, r.CreatedCount, r.UpdatedCount, r.UnchangedCount, r.SkippedCount, r.FailedCount)
	for _, i := range w.db.Ent().ImportIssue.Query().AllX(w.system) {
		if i.ImportRunID == run.ID && !i.Code.Skips() {
			out += fmt.Sprintf(" %d:%v:%s", i.Row, i.Column, i.Code)
		}
	}
	return out
}

// records reads a file with its header, as a spreadsheet does.
func records(t testing.TB, file string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
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
