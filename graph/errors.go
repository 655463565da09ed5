package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/ent/policy"
	"tenantry/internal/fault"
	"tenantry/internal/requestid"
)

// present is the one place where an error becomes what a client sees: a fault's safe
// words and code, BAD_REQUEST for what does not parse or validate, and for everything
// else INTERNAL with the request's id, whose cause stands in the log alone.
func present(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		out := &gqlerror.Error{Extensions: map[string]any{}}
		if listed, ok := errors.AsType[*gqlerror.Error](err); ok {
			out.Path, out.Locations = listed.Path, listed.Locations
		}
		if out.Path == nil {
			out.Path = graphql.GetPath(ctx)
		}
		f := classify(err)
		out.Message = f.Message
		for key, value := range f.Extra {
			out.Extensions[key] = value
		}
		if len(f.Field) > 0 {
			out.Extensions["field"] = f.Field
		}
		out.Extensions["code"] = f.Kind.Code()
		switch {
		case f.Kind != fault.Internal:
			log.DebugContext(ctx, "refused", "code", f.Kind.Code(), "error", err, "path", out.Path.String())
		case ctx.Err() != nil:
			log.DebugContext(ctx, "the client left", "error", err, "path", out.Path.String())
		default:
			log.ErrorContext(ctx, "internal error", "error", err, "path", out.Path.String())
		}
		if f.Kind == fault.Internal {
			out.Extensions["requestId"] = requestid.FromContext(ctx)
		}
		return out
	}
}

// classify finds the fault in an error, or makes one.
func classify(err error) *fault.Error {
	if f := fault.Of(err); f != nil {
		return f
	}
	if errors.Is(err, policy.ErrDenied) {
		return fault.New(fault.Forbidden, "you may not do this").Because(err)
	}
	listed, ok := errors.AsType[*gqlerror.Error](err)
	if ok && listed.Err == nil {
		// gqlgen's and gqlparser's own words on the document, which they wrote for clients.
		return &fault.Error{Kind: fault.BadRequest, Message: listed.Message, Extra: without(listed.Extensions, "code")}
	}
	if code, _ := extensionOf(listed, "code").(string); code == errcode.ParseFailed || code == errcode.ValidationFailed {
		return &fault.Error{Kind: fault.BadRequest, Message: listed.Message}
	}
	return fault.New(fault.Internal, "something went wrong on our side; the request id finds it in the log").Because(err)
}

func extensionOf(err *gqlerror.Error, key string) any {
	if err == nil {
		return nil
	}
	return err.Extensions[key]
}

func without(m map[string]any, key string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if k != key {
			out[k] = v
		}
	}
	return out
}

// recovered makes a panic in a resolver an error for the log.
func recovered(_ context.Context, p any) error {
	return fmt.Errorf("panic: %v\n%s", p, debug.Stack())
}
