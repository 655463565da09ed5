package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/tenancy"
)

// visible reports whether the viewer sees the part of the company, as ent/policy decides. An
// error says why not: FORBIDDEN where the company was asked for by its id, so that whoever asked
// learns why the field is null. Where it came in a list or with another record the field is null
// without an error, since clients that demand an answer without errors could otherwise not show a
// list with companies that the viewer may not work in.
func visible(ctx context.Context, c *ent.Company, part policy.CompanyPart) (bool, error) {
	may, err := part.Visible(viewer.FromContext(ctx), c, func() (bool, error) {
		return load(ctx, loadersOf(ctx).manageable, c, &companyItself)
	})
	if err != nil || may || part.Refusal() == "" || !askedForByID(ctx) {
		return may, err
	}
	switch v := viewer.FromContext(ctx); {
	case v.MustEnroll:
		_, err = tenancy.SignedIn(ctx)
		return false, err
	case v.CustomersClosed && c.PartnerID != nil && *c.PartnerID == v.CompanyID:
		return false, tenancy.EnrollToEnter()
	}
	return false, fault.New(fault.Forbidden, "%s", part.Refusal())
}

// askedForByID reports whether the record whose field is being resolved is what company,
// node or nodes was asked for.
func askedForByID(ctx context.Context) bool {
	of := graphql.GetFieldContext(ctx).Parent
	for of != nil && of.Index != nil { // an entry of a list, of which the parent is the list
		of = of.Parent
	}
	if of == nil || of.Object != "Query" {
		return false
	}
	switch of.Field.Name {
	case "company", "node", "nodes":
		return true
	}
	return false
}
