package contacts

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// creatable is what an import may create where rows name it (rule R5).
var creatable = map[id.Kind]enum.ImportReference{
	id.Label: enum.LabelReferences, id.Project: enum.ProjectReferences, id.Desk: enum.DeskReferences,
}

// create plans to make the label, project or desk that the row names and its company has not, and
// of which it has so many. It comes into being where the whole row does. why ends what a message
// says of one that is not created: empty where the import creates none. Where the row does not
// take it in the end (unused) nothing is planned.
func (j *rowPlan) create(of id.Kind, name string, has int, unused bool) (made id.ID, why string) {
	if !j.row.Options().Creates(creatable[of]) {
		return id.ID{}, ""
	}
	for _, r := range j.creates {
		if r.Kind == of {
			if has++; r.Name == name {
				return r.ID, ""
			}
		}
	}
	if problem := records.CheckNewReference(of, name, has); problem != "" {
		return id.ID{}, ", and it is not created: " + problem
	}
	r := records.NewReference{Kind: of, ID: id.New(of), Company: j.tenant.company, Name: name}
	if !unused {
		j.creates = append(j.creates, r)
	}
	return r.ID, ""
}

// take puts what a row, or an earlier batch of a dry run, has created into the company's part.
func (t *tenant) take(r records.NewReference) {
	switch r.Kind {
	case id.Label:
		if !t.labelIDs[r.ID] {
			t.labels[r.Name], t.labelIDs[r.ID], t.nearLabels = r.ID, true, nil
		}
	case id.Project:
		t.projects.create(r.ID, r.Name)
	case id.Desk:
		t.desks.create(r.ID, r.Name)
	default: // nothing else is creatable
	}
}

// holdCompanies makes whoever else creates labels, projects or desks of the companies wait until the
// batch is written, so that none exceeds its limit and none is made twice. As everywhere the
// companies are held before anything of theirs, and in the order of their ids.
func (p *snapshot) holdCompanies(ctx context.Context, tx *database.Tx, run *kind.Run) error {
	o := &run.Layout.Options
	if run.DryRun || len(o.CreateMissing) == 0 || !p.columns.references() {
		return nil
	}
	for _, of := range p.companyIDs() {
		if err := records.HoldCompany(ctx, tx, of); err != nil {
			return err
		}
	}
	return nil
}

// references reports whether the file has columns that name labels, projects or desks.
func (c *columnIndex) references() bool { return c.labels >= 0 || c.project >= 0 || c.desk >= 0 }

// keptReference is one that an earlier batch of a dry run would have created.
type keptReference struct {
	Company id.ID  `json:"company"`
	Name    string `json:"name"`
}

// scratchKey stands in the place of an email's key with what a dry run would have created in the
// company; no email has such a key.
func scratchKey(company string) string { return "\x01created in " + company }

// createdKeys are the keys of what earlier batches of the dry run would have created; none where it
// creates nothing.
func (p *snapshot) createdKeys(run *kind.Run) []string {
	if len(run.Layout.Options.CreateMissing) == 0 {
		return nil
	}
	keys := p.companies()
	for i, of := range keys {
		keys[i] = scratchKey(of)
	}
	return keys
}

// readCreated takes one out of scratch.
func (p *snapshot) readCreated(of id.ID, raw []byte) error {
	var kept keptReference
	if err := json.Unmarshal(raw, &kept); err != nil {
		return fmt.Errorf("reading scratch: %w", err)
	}
	if t := p.byID[kept.Company]; t != nil {
		t.take(records.NewReference{Kind: id.KindOf(of), ID: of, Company: kept.Company, Name: strings.Clone(kept.Name)})
	}
	return nil
}

// keepCreated is what scratch remembers of them.
func keepCreated(r records.NewReference) kind.Scratch {
	return kind.Scratch{ID: r.ID, EmailKey: scratchKey(r.Company.String()), State: keptReference{r.Company, r.Name}}
}

func quoted(name string) string { return fmt.Sprintf("%q", sheet.Cut(name, 100)) }
