//go:build ignore

// Generates ent's code into ent/generated/ent. Run it from the repository's root
// (make generate): relative paths in its output depend on where it runs.
package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

func main() {
	err := entc.Generate("./ent/schema", &gen.Config{
		Target:   "./ent/generated/ent",
		Package:  "tenantry/ent/generated/ent",
		Features: []gen.Feature{gen.FeaturePrivacy, gen.FeatureLock},
	})
	if err != nil {
		log.Fatalf("generating ent's code: %v", err)
	}
}
