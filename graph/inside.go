package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/ent/generated/ent"
	"tenantry/internal/fault"
)

// inside reports whether the viewer may work inside a company, as reading what is in it
// takes (rule C7). Where not, it is refused as withheld says.
func inside(ctx context.Context, c *ent.Company) (bool, error) {
	may, err := load(ctx, loadersOf(ctx).manageable, c, &companyItself)
	if err != nil || may {
		return may, err
	}
	return false, withheld(ctx, "only those who may work inside the company see this: its own users and its partner admins")
}

// withheld is how a field of a company is refused: FORBIDDEN where the company was asked for
// by its id, so that whoever asked learns why it is null; null without an error where it
// came in a list or with another record, since clients that demand an answer without errors
// could else not show a list of which some companies are not the viewer's to work in.
func withheld(ctx context.Context, message string) error {
	if !askedForByID(ctx) {
		return nil
	}
	return fault.New(fault.Forbidden, "%s", message)
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
