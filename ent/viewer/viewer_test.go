package viewer_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"tenantry/ent/viewer"
)

// Renewed rights hold in what began before: a subscription's context came of the
// connection's. Another person's do not, and a bypass stays what it was.
func TestRenew(t *testing.T) {
	t.Parallel()
	kim := viewer.Viewer{UserID: uuid.New(), Partner: true, Admin: true}
	connection := viewer.NewContext(t.Context(), kim)
	type key struct{}
	running := context.WithValue(connection, key{}, "a subscription")
	viewer.Renew(connection, viewer.Viewer{UserID: uuid.New(), Operator: true})
	if got := viewer.FromContext(running); got != kim {
		t.Errorf("another person's rights came in: %+v", got)
	}
	bypass := viewer.BypassTenancy(running, "a test of what passes by")
	demoted := kim
	demoted.Partner = false
	viewer.Renew(connection, demoted)
	if got := viewer.FromContext(running); got != demoted {
		t.Errorf("the subscription goes on with %+v", got)
	}
	if _, ok := viewer.FromContext(bypass).System(); !ok {
		t.Error("the bypass is gone")
	}
	if _, ok := viewer.FromContext(running).System(); ok {
		t.Error("the bypass has got out")
	}
	viewer.Renew(t.Context(), kim)
	if viewer.FromContext(t.Context()).Authenticated() {
		t.Error("nobody became somebody")
	}
}
