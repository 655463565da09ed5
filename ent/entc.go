//go:build ignore

// Generates ent's code into ent/generated/ent. Run it from the repository's root
// (make generate): relative paths in its output depend on where it runs.
package main

import (
	"fmt"
	"log"
	"slices"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

func main() {
	// Nothing uses enttest, which wants the client's Schema (ent/template/client.tmpl).
	gen.GraphTemplates = slices.DeleteFunc(gen.GraphTemplates, func(t gen.GraphTemplate) bool { return t.Name == "enttest" })
	err := entc.Generate("./ent/schema", &gen.Config{
		Target:   "./ent/generated/ent",
		Package:  "tenantry/ent/generated/ent",
		Features: []gen.Feature{gen.FeaturePrivacy},
		Hooks:    []gen.Hook{checks},
	}, entc.TemplateDir("./ent/template"))
	if err != nil {
		log.Fatalf("generating ent's code: %v", err)
	}
}

// checks has the builders call what the annotation Check of a field says.
func checks(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		for _, n := range g.Nodes {
			for _, f := range append(slices.Clip(n.Fields), n.ID) {
				if f.Validators > 0 {
					return fmt.Errorf("%s.%s has a validator of ent's: use an annotation of ent/schema/entity.go", n.Name, f.Name)
				}
				if f.Annotations["Check"] != nil {
					f.Validators = 1
				}
			}
		}
		return next.Generate(g)
	})
}
