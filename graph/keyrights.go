package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/ent/viewer"
	"tenantry/internal/fault"
)

// keyRights refuses API keys the mutations that they may not call (rule U7), before a resolver or
// an upload begins. It is the first of two fences: ent/policy and the services refuse the same where
// the data is written.
type keyRights struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.RootFieldInterceptor
} = keyRights{}

// mayKeysCall says of each mutation whether a key with WRITE access may call it, with its creator's
// rights. A key with READ access calls none, and no key one that is not here.
var mayKeysCall = map[string]bool{
	// Sessions, passwords and keys are a person's.
	"signIn": false, "signOut": false, "endSessions": false, "changePassword": false,
	"createApiKey": false, "revokeApiKey": false,
	"completeSignIn": false, "startTwoFactor": false, "confirmTwoFactor": false, "disableTwoFactor": false,

	// Who is a partner, and whose customer a company is. Adding one changes no partnership that is there.
	"createCompany": false, "setPartnerStatus": false, "addPartnerAdmin": false, "removePartnerAdmin": false,
	"claimCustomer": false, "deleteCustomer": false, "endPartnership": false,
	"generateTransferToken": false, "sendTransferToken": false, "revokeTransferToken": false,
	"addCustomer": true, "updateCustomer": true, "updateCompany": true,

	// Names change by updateUser; email, password, role and activity are refused behind.
	"createUser": true, "updateUser": true, "deleteUser": false,

	"createContact": true, "updateContact": true, "deleteContact": true,
	"createProject": true, "updateProject": true, "deleteProject": true,
	"createDesk": true, "updateDesk": true, "deleteDesk": true,
	"createLabel": true, "updateLabel": true, "deleteLabel": true,
	"createCustomField": true, "updateCustomField": true, "deleteCustomField": true,

	"previewImport": true, "importCsv": true, "cancelImport": true, "retryRows": true, "undoImport": true,
	"exportCsv":             true,
	"markNotificationsRead": true,
}

// ExtensionName is graphql.HandlerExtension.
func (keyRights) ExtensionName() string { return "KeyRights" }

// Validate is graphql.HandlerExtension.
func (keyRights) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField is graphql.RootFieldInterceptor.
func (keyRights) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	v := viewer.FromContext(ctx)
	if !v.ByKey() || graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation {
		return next(ctx)
	}
	root := graphql.GetRootFieldContext(ctx)
	if v.KeyWrites && mayKeysCall[root.Field.Name] {
		return next(ctx)
	}
	err := fault.New(fault.Forbidden, "this API key has READ access: it queries and subscribes, and calls no mutation such as %s", root.Field.Name)
	if v.KeyWrites {
		err = fault.New(fault.Forbidden, "no API key may call %s, whatever its access: sign in to do it", root.Field.Name)
	}
	graphql.AddError(graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Mutation", Field: root.Field}), err)
	return graphql.Null
}
