package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/ent/policy"
	"tenantry/internal/database"
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
			logRefusal(ctx, log, f, err, out.Path)
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

// logRefusal says of a refused request what the log may know (rule U2): which rule it broke
// and where, and nothing of what was sent. The message may quote a value, and a value, or
// what a document has in the place of one, may be a password or a token at the wrong place;
// the client has the message, and the request's id is in both. The cause is the database's or
// a policy's where a record was at fault; where the request itself was, it may quote it, too.
func logRefusal(ctx context.Context, log *slog.Logger, f *fault.Error, err error, path ast.Path) {
	attrs := []slog.Attr{slog.String("code", f.Kind.Code())}
	switch f.Kind {
	case fault.BadRequest: // its path may be made of what was sent
		if listed, ok := errors.AsType[*gqlerror.Error](err); ok {
			attrs = append(attrs, slog.String("rule", listed.Rule), slog.Any("stage", extensionOf(listed, "code")))
		}
	case fault.Forbidden, fault.NotFound, fault.AlreadyExists, fault.FailedPrecondition, fault.Unavailable:
		if f.Cause != nil {
			attrs = append(attrs, slog.Any("cause", f.Cause))
		}
		fallthrough
	default:
		attrs = append(attrs, slog.String("path", path.String()), slog.String("field", strings.Join(f.Field, ".")))
	}
	if reason, ok := f.Extra["reason"]; ok {
		attrs = append(attrs, slog.Any("reason", reason))
	}
	log.LogAttrs(ctx, slog.LevelDebug, "refused", attrs...)
}

// echoes are those of gqlparser's messages that quote what stands in the place of a value,
// and what is left of them without it: a password that its sender forgot to quote goes back
// to nobody, since clients write such messages into logs of their own (rule U2).
var echoes = []struct {
	message *regexp.Regexp
	rest    string
}{
	{regexp.MustCompile(`(?s)^(Expected .+?, found|Unexpected) (Name|String|BlockString|Int|Float|Comment) .*$`), "$1 $2"},
	{regexp.MustCompile(`(?s)^Invalid character escape sequence.*$`), "Invalid character escape sequence"},
	{regexp.MustCompile(`(?s)^((?:Enum ".+?"|Int|Float|String|Boolean|ID) cannot represent .*?value): .*?(\. Did you mean the enum value [^.]*)?$`), "$1$2"},
	{regexp.MustCompile(`(?s)^(Expected value of type ".+?"), found .*$`), "$1, found something else"},
	{regexp.MustCompile(`(?s)^Value ".*" does not exist in (".+?" enum)\.(?: (Did you mean the enum value [^.]*))?$`), "This value does not exist in $1. $2"},
	{regexp.MustCompile(`(?s)^.* is not a valid (\w+)$`), "must be a value of the enum $1"},
}

func withoutValues(message string) string {
	for _, e := range echoes {
		if e.message.MatchString(message) {
			return strings.TrimSpace(e.message.ReplaceAllString(message, e.rest))
		}
	}
	return message
}

// busyRetry is in how many seconds what is in use may be asked for again: by then a batch of
// an import is over.
const busyRetry = 2

// classify finds the fault in an error, or makes one.
func classify(err error) *fault.Error {
	if f := fault.Of(err); f != nil {
		return f
	}
	if errors.Is(err, policy.ErrDenied) {
		return fault.New(fault.Forbidden, "you may not do this").Because(err)
	}
	if database.IsBusy(err) {
		return fault.New(fault.Unavailable, "the records are in use, for instance by an import that is writing them; nothing was changed: try again in %d seconds", busyRetry).
			With("retryAfter", busyRetry).Because(err)
	}
	listed, ok := errors.AsType[*gqlerror.Error](err)
	if ok && listed.Err == nil {
		// gqlgen's and gqlparser's own words on the document, which they wrote for clients.
		return &fault.Error{Kind: fault.BadRequest, Message: withoutValues(listed.Message), Extra: without(listed.Extensions, "code")}
	}
	if code, _ := extensionOf(listed, "code").(string); code == errcode.ParseFailed || code == errcode.ValidationFailed {
		return &fault.Error{Kind: fault.BadRequest, Message: withoutValues(listed.Message)}
	}
	return fault.New(fault.Internal, "internal error; the server's log has details under the request id").Because(err)
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
