//go:build ignore

// Generates ent's code into ent/generated/ent. Run it from the repository's root
// (make generate): relative paths in its output depend on where it runs.
package main

import (
	"log"
	"slices"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

// clientWithoutSchema is ent's template "client/init" without the client's Schema field. That
// field brings ent's migration code, and with it Atlas and HCL, into every program that opens
// the database: 46 packages and 7 MB of the server. migrations/diff imports the generated
// package migrate itself.
const clientWithoutSchema = `{{ define "client/init" }}
// Client is the client that holds all ent builders.
type Client struct {
	config
	{{- range $n := $.Nodes }}
		// {{ $n.Name }} is the client for interacting with the {{ $n.Name }} builders.
		{{ $n.Name }} *{{ $n.ClientName }}
	{{- end }}
}

// NewClient creates a new client configured with the given options.
func NewClient(opts ...Option) *Client {
	client := &Client{config: newConfig(opts...)}
	client.init()
	return client
}

func (c *Client) init() {
	{{- range $n := $.Nodes }}
		c.{{ $n.Name }} = New{{ $n.ClientName }}(c.config)
	{{- end }}
}
{{ end }}`

func main() {
	// Nothing uses enttest, which needs the field.
	gen.GraphTemplates = slices.DeleteFunc(gen.GraphTemplates, func(t gen.GraphTemplate) bool { return t.Name == "enttest" })
	err := entc.Generate("./ent/schema", &gen.Config{
		Target:     "./ent/generated/ent",
		Package:    "tenantry/ent/generated/ent",
		BuildFlags: []string{"-tags=entc"}, // see ent/schema/policies.go
		Features:   []gen.Feature{gen.FeaturePrivacy, gen.FeatureLock},
		Templates:  []*gen.Template{gen.MustParse(gen.NewTemplate("client").Parse(clientWithoutSchema))},
	})
	if err != nil {
		log.Fatalf("generating ent's code: %v", err)
	}
}
