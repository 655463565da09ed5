package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/ent/viewer"
	"tenantry/internal/tenancy"
)

// enrollment refuses whoever must enroll in a second factor first (rule U9) everything but that,
// signing out and reading the viewer, before a resolver begins, and says what to do. It is the first of two
// fences: such a viewer has no rights (internal/auth), and ent/policy shows the own user and company alone.
type enrollment struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.RootFieldInterceptor
} = enrollment{}

// beforeEnrolling are the root fields for whom has to enroll first.
var beforeEnrolling = map[string]bool{
	"viewer": true, "__schema": true, "__type": true,
	"signIn": true, "completeSignIn": true, "signOut": true,
	"startTwoFactor": true, "confirmTwoFactor": true,
}

// ExtensionName is graphql.HandlerExtension.
func (enrollment) ExtensionName() string { return "Enrollment" }

// Validate is graphql.HandlerExtension.
func (enrollment) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField is graphql.RootFieldInterceptor.
func (enrollment) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	root := graphql.GetRootFieldContext(ctx)
	if !viewer.FromContext(ctx).MustEnroll || beforeEnrolling[root.Field.Name] {
		return next(ctx)
	}
	_, err := tenancy.SignedIn(ctx)
	graphql.AddError(graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: root.Object, Field: root.Field}), err)
	return graphql.Null
}
