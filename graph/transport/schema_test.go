package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const sdl = `
	scalar Upload
	input FileInput { file: Upload, files: [Upload], note: String }
	type Query { hello: String! maybe: String must: String! wait: String! text(size: Int!): String! fails(times: Int!): String panics: String! }
	type Mutation { rename(name: String!): String! upload(file: Upload!): Int! uploadInput(input: FileInput!): Int! ignore(file: Upload!): Int! swallow(file: Upload!): Int! linger(file: Upload!, ms: Int!): Int! }
	type Subscription { count(to: Int!): Int! forever: Int! text(size: Int!): String! denied: Int! panics: Int! stubborn: Int! pulled(size: Int): String! }
`

// schema is a small executable schema written by hand, in the shape that gqlgen
// generates: resolvers whose panics and errors become field errors.
type schema struct {
	parsed *ast.Schema

	// started gets a field's name when wait, forever or text begins, and ended when its
	// context is over.
	started, ended chan string
	// ticks feeds forever.
	ticks chan int
	// texts counts the events that text has made.
	texts atomic.Int64
	// uploaded gets each upload when its resolver has it.
	uploaded chan graphql.Upload

	// board has the events of pulled.
	board board

	// around, where set, sees each operation's context; values is for its findings.
	around func(context.Context)
	values chan any
}

func newSchema() *schema {
	return &schema{
		parsed:  gqlparser.MustLoadSchema(&ast.Source{Input: sdl}),
		started: make(chan string, 1000), ended: make(chan string, 1000),
		ticks: make(chan int), uploaded: make(chan graphql.Upload, 100), values: make(chan any, 1),
	}
}

func (s *schema) Schema() *ast.Schema { return s.parsed }

func (s *schema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (s *schema) Exec(ctx context.Context) graphql.ResponseHandler {
	if s.around != nil {
		s.around(ctx)
	}
	op := graphql.GetOperationContext(ctx)
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query", "Mutation", "Subscription"})
	if op.Operation.Operation == ast.Subscription {
		return s.subscribe(ctx, fields[0])
	}
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		data := map[string]any{}
		for _, field := range fields {
			value, err := s.guarded(ctx, op, field)
			if err != nil {
				graphql.AddError(ctx, err)
				if field.Definition.Type.NonNull {
					return &graphql.Response{Data: json.RawMessage("null")}
				}
			}
			data[field.Alias] = value
		}
		body, _ := json.Marshal(data)
		return &graphql.Response{Data: body}
	}
}

func (s *schema) guarded(ctx context.Context, op *graphql.OperationContext, field graphql.CollectedField) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = op.Recover(ctx, p)
		}
	}()
	return s.resolve(ctx, field, field.ArgumentMap(op.Variables))
}

func (s *schema) resolve(ctx context.Context, field graphql.CollectedField, args map[string]any) (any, error) {
	switch field.Name {
	case "__typename":
		return field.ObjectDefinition.Name, nil
	case "hello":
		return "hello", nil
	case "must", "maybe":
		return nil, errors.New(field.Name + " failed")
	case "rename":
		return args["name"], nil
	case "text":
		return strings.Repeat("x", number(args["size"])), nil
	case "fails":
		for i := range number(args["times"]) {
			graphql.AddErrorf(ctx, "failure %d", i)
		}
		return nil, nil
	case "panics":
		panic("secret")
	case "wait":
		s.started <- field.Name
		<-ctx.Done()
		s.ended <- field.Name
		return nil, ctx.Err()
	case "upload":
		return s.read(args["file"])
	case "uploadInput":
		input := args["input"].(map[string]any)
		if files, ok := input["files"].([]any); ok {
			return s.read(files[len(files)-1])
		}
		return s.read(input["file"])
	case "ignore":
		s.uploaded <- args["file"].(graphql.Upload)
		return 0, nil
	case "linger": // takes its time before reading, halfway, and afterwards
		file := args["file"].(graphql.Upload).File
		for _, n := range []int64{0, 1, 1 << 30} {
			if _, err := io.CopyN(io.Discard, file, n); err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			select {
			case <-time.After(time.Duration(number(args["ms"])) * time.Millisecond):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return 0, nil
	case "swallow": // loses the reason
		if _, err := s.read(args["file"]); err != nil {
			return nil, errors.New("could not read the file")
		}
		return 0, nil
	}
	return nil, nil // __schema, __type
}

func (s *schema) read(value any) (any, error) {
	upload, ok := value.(graphql.Upload)
	if !ok {
		return nil, fmt.Errorf("%T is no upload", value)
	}
	s.uploaded <- upload
	return io.Copy(io.Discard, upload.File)
}

func (s *schema) subscribe(ctx context.Context, field graphql.CollectedField) graphql.ResponseHandler {
	args := field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	if field.Name == "pulled" {
		return s.board.subscribe(ctx, field, args)
	}
	var buf bytes.Buffer
	n := 0
	return func(ctx context.Context) *graphql.Response {
		var value any
		switch field.Name {
		case "denied":
			if n++; n > 1 {
				return nil
			}
			graphql.AddErrorf(ctx, "not for you")
			return &graphql.Response{}
		case "panics":
			panic("secret")
		case "count":
			if n++; n > number(args["to"]) {
				return nil
			}
			value = n
		case "text":
			s.begin(ctx, field.Name, &n)
			s.texts.Add(1)
			value = strings.Repeat("x", number(args["size"]))
		case "stubborn": // outlives its context
			s.begin(ctx, field.Name, &n)
			<-ctx.Done()
			<-s.ticks
		case "forever":
			s.begin(ctx, field.Name, &n)
			select {
			case value = <-s.ticks:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		buf.Reset() // as generated code does: Data is valid until the next call only
		_ = json.NewEncoder(&buf).Encode(map[string]any{field.Alias: value})
		return &graphql.Response{Data: buf.Bytes()}
	}
}

// begin tells of a subscription's start, and of its end when its context is over.
func (s *schema) begin(ctx context.Context, name string, calls *int) {
	if *calls++; *calls == 1 {
		context.AfterFunc(ctx, func() { s.ended <- name })
		s.started <- name
	}
}

func number(v any) int {
	switch n := v.(type) {
	case int64:
		return int(n)
	case json.Number:
		i, _ := n.Int64()
		return int(i)
	}
	return 0
}
