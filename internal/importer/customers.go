package importer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
	"tenantry/internal/tokensecret"
)

// maxName is the most code points of a company's name (rule K5).
const maxName = 200

// customers is the kind whose rows become customers of the importing partner (I5–I8).
type customers struct{ e *Engine }

func (k customers) authorise(ctx context.Context, v viewer.Viewer, company id.ID) error {
	if err := k.e.accounts.MayManageCustomers(ctx, v, "import customers"); err != nil {
		return err
	}
	if company != v.CompanyID {
		return fault.New(fault.Forbidden, "customers are imported into the list of your own company: leave companyId out").At("input", "companyId")
	}
	return nil
}

// customer is a row that makes a company.
type customer struct {
	row          sheet.Row
	company      id.ID
	name, slug   string
	contactEmail *string
	admin        id.ID
}

func (k customers) judge(ctx context.Context, tx *database.Tx, b *batch) (*outcome, func() error, error) {
	w, err := k.look(ctx, tx, b)
	if err != nil {
		return nil, nil, err
	}
	var made []customer
	o := &outcome{}
	for i := range b.rows {
		r, slug := &b.rows[i], w.slugs[i]
		if code, message := w.taken(slug); code != "" {
			o.skip(r.Issue(r.Field("name").Column, code, message))
			w.remember(slug, r.Number)
			continue
		}
		c := k.make(b, w, r, w.cells[i])
		if problems := r.Issues(); len(problems) > 0 {
			o.fail(problems...)
			continue
		}
		c.slug = slug
		w.remember(slug, r.Number)
		made = append(made, c)
		o.created++
	}
	return o, func() error {
		if err := w.keep(ctx, tx, b); err != nil || b.run.dryRun {
			return err
		}
		return k.write(ctx, tx, b, made, o)
	}, nil
}

// customerCells is what a row says by itself.
type customerCells struct {
	slug     string // of its name; empty where there is none, or it cannot be one
	adminKey string // of the partner admin's email
}

func (customers) cells(b *batch) any {
	cells := make([]customerCells, len(b.rows))
	for i := range b.rows {
		r, c := &b.rows[i], &cells[i]
		c.slug = companyName(r.Field("name"))
		r.Field("contact_email").Email("the contact email")
		if f := r.Field("partner_admin_email"); f.Present() && f.Sound() {
			f.Require("the partner admin's email")
		}
		c.adminKey = fold.Email(r.Field("partner_admin_email").Value)
	}
	return cells
}

// make is the customer of a row whose name is free; the row's problems say whether it can be
// one.
func (customers) make(b *batch, w *customerWorld, r *sheet.Row, cells customerCells) customer {
	c := customer{row: *r, company: id.New(id.Company), name: r.Field("name").Value, admin: b.run.createdBy}
	if f := r.Field("contact_email"); f.Present() {
		c.contactEmail = &f.Value
	}
	if f := r.Field("partner_admin_email"); f.Present() && f.Sound() {
		admin, ok := w.admins[cells.adminKey]
		if !ok {
			f.Reject(enum.UnknownPartnerAdmin, "%q is no active user of your company; add the user first, or name another", sheet.Cut(f.Value, 100))
		}
		c.admin = admin
	}
	return c
}

// customerWorld is what a batch's rows are judged against: the database as it is inside
// the transaction, and the rows of the file before them.
type customerWorld struct {
	cells    []customerCells
	slugs    []string              // of each row's name; empty where the name is at fault
	existing map[string][]namesake // by slugs, and slugs of names, of companies on the platform
	seen     map[string]int        // by slugs of earlier rows that did not fail: the first such row
	admins   map[string]id.ID
}

// remember notes that the row bears the name and did not fail.
func (w *customerWorld) remember(slug string, row int) {
	if w.seen[slug] == 0 {
		w.seen[slug] = row
	}
}

// look fetches all that the rows refer to, one query each.
func (k customers) look(ctx context.Context, tx *database.Tx, b *batch) (*customerWorld, error) {
	w := &customerWorld{cells: b.cells.([]customerCells), slugs: make([]string, len(b.rows))}
	var slugs, admins []string
	for _, c := range w.cells {
		if c.slug != "" {
			slugs = append(slugs, c.slug)
		}
		if c.adminKey != "" {
			admins = append(admins, c.adminKey)
		}
	}
	var err error
	if w.existing, err = namesakes(ctx, tx, b.run.company, slugs); err != nil {
		return nil, err
	}
	if w.seen, err = scratchKeys(ctx, tx, b.run.id, slugKey, slugs); err != nil {
		return nil, err
	}
	for i := range b.rows {
		// A name that a company there bears may be whatever it is (rules F7, J12).
		name := b.rows[i].Field("name")
		for _, other := range w.existing[w.cells[i].slug] {
			name.Matches(other.name)
		}
		if name.Sound() {
			w.slugs[i] = w.cells[i].slug
		}
	}
	w.admins, err = activeUsers(ctx, tx, b.run.company, admins)
	return w, err
}

// taken says why a row of this name is skipped (rule I6); empty where it is not.
func (w *customerWorld) taken(slug string) (enum.IssueCode, string) {
	switch {
	case slug == "":
	case w.seen[slug] != 0:
		return enum.DuplicateInFile, fmt.Sprintf("row %d of this file has the same name (slug %q); this row was skipped", w.seen[slug], sheet.Cut(slug, 100)) + canStillAdd
	case w.existing[slug] != nil:
		return enum.AlreadyExists, alreadyExists(slug, w.existing[slug])
	}
	return "", ""
}

// canStillAdd ends what a skipped row is told (rule C5).
const canStillAdd = "; addCustomer can still create another company of this name, which gets the next free slug"

// alreadyExists says why a row is skipped whose name others bear: which of the two matched,
// the slug or the name, and whether it is the importer's own customer. Of other companies no
// more is told than that there is one (rule I6).
func alreadyExists(slug string, others []namesake) string {
	one := slices.MinFunc(others, func(a, b namesake) int { return cmp.Compare(a.nearness(), b.nearness()) })
	which := "its name has the slug"
	if one.bySlug {
		which = "its slug is"
	}
	slug = sheet.Cut(slug, 100)
	switch {
	case one.own:
		return fmt.Sprintf("this is your own company: %s %q; this row was skipped", which, slug) + canStillAdd
	case one.customer:
		return fmt.Sprintf("%q is your customer already: %s %q; this row was skipped", sheet.Cut(one.name, 100), which, slug) + canStillAdd
	}
	return fmt.Sprintf("another company exists already: %s %q; this row was skipped", which, slug) + canStillAdd
}

// companyName judges a company's name and gives its slug; empty where it cannot be one. One
// that is unsafe may still be one that a company bears.
func companyName(f sheet.Field) (slug string) {
	switch {
	case tokensecret.In(f.Value):
		f.Reject(enum.InvalidValue, tokensecret.AsName)
		return ""
	case !f.Sound():
		if utf8.RuneCountInString(f.Value) > maxName {
			return ""
		}
	case !f.Require("the company's name") || !f.AtMost(maxName):
		return ""
	}
	return fold.Slug(f.Value)
}

// keep remembers the names of the batch's rows for the batches that follow.
func (w *customerWorld) keep(ctx context.Context, tx *database.Tx, b *batch) error {
	rows := make([][]any, 0, len(b.rows))
	for i, slug := range w.slugs {
		if slug != "" && w.seen[slug] == b.rows[i].Number {
			rows = append(rows, []any{b.run.id, slugKey + slug, w.seen[slug]})
		}
	}
	_, err := database.Load(ctx, tx, database.Batch{
		Table: "import_keys", Columns: []string{"import_run_id", "key", "row"}, Rows: rows,
		Conflict: []string{"import_run_id", "key"}, Key: "key",
	})
	return err
}

// write makes the companies with all that a new one has (rule C1). A company of the same
// slug that somebody made since the look wins: the row is skipped after all.
func (customers) write(ctx context.Context, tx *database.Tx, b *batch, made []customer, o *outcome) error {
	if len(made) == 0 {
		return nil
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	rows := make([][]any, len(made))
	for i, c := range made {
		rows[i] = []any{c.company, c.name, c.slug, c.slug, fold.Key(c.name), c.contactEmail, false, false, b.run.company, b.run.company, at, at}
	}
	inserted, err := database.Load(ctx, tx, database.Batch{
		Table: "companies",
		Columns: []string{"id", "name", "slug", "name_slug", "name_key", "contact_email", "is_partner", "is_platform",
			"partner_id", "created_by_partner_id", "created_at", "updated_at"},
		Rows: rows, Conflict: []string{"slug"}, Key: "id",
	})
	if err != nil {
		return fmt.Errorf("loading companies: %w", err)
	}
	stands := make(map[int]bool, len(inserted))
	for _, i := range inserted {
		stands[i] = true
	}
	var projects, desks, admins [][]any
	added := map[id.ID][]id.ID{}
	var logged []tenancy.ImportedCustomer
	for i, c := range made {
		if !stands[i] {
			o.created--
			o.skip(c.row.Issue(c.row.Field("name").Column, enum.AlreadyExists, alreadyExists(c.slug, []namesake{{bySlug: true}})))
			continue
		}
		projects = append(projects, []any{id.New(id.Project), c.company, "default", true, at, at})
		desks = append(desks, []any{id.New(id.Desk), c.company, "default", true, at, at})
		admins = append(admins, []any{id.New(id.PartnerAdmin), c.company, c.admin, at})
		added[c.admin] = append(added[c.admin], c.company)
		logged = append(logged, tenancy.ImportedCustomer{ID: c.company, Name: c.name})
	}
	shelf := []string{"id", "company_id", "name", "is_default", "created_at", "updated_at"}
	for _, t := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"projects", shelf, projects},
		{"desks", shelf, desks},
		{"partner_admins", []string{"id", "company_id", "user_id", "created_at"}, admins},
	} {
		if err := insertAll(ctx, tx, t.table, t.columns, t.rows); err != nil {
			return err
		}
	}
	if err := tenancy.CustomersImported(ctx, tx, b.run.by, b.run.company, logged); err != nil {
		return err
	}
	o.sortIssues()
	return countAdmins(ctx, tx, b.run.id, added)
}
