package kind

import (
	"fmt"

	"tenantry/ent/enum"
)

// Set is the kinds that a process knows, each name once.
type Set []Kind

// Named is the kind of the name. An error where there is none.
func (s Set) Named(name enum.ImportKind) (Kind, error) {
	for _, k := range s {
		if k.Name() == name {
			return k, nil
		}
	}
	return nil, fmt.Errorf("no kind is named %s", name)
}
