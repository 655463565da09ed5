package app

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/schema"
)

// notYet is what the contract has and this version has not: whole types, and single
// fields, arguments and enum values. It only ever gets shorter.
const notYet = `
AddCustomerInput.idempotencyKey
AuditFilter ChangePartnerAdminsInput ChangePartnerAdminsPayload Company.partnerAccess
CreatePasswordLinkInput CreatePasswordLinkPayload CreateWebhookInput CreateWebhookPayload
CustomerFilter.origin CustomerFilter.partnerAdminId CustomerOrigin DeleteWebhookInput DeleteWebhookPayload
ExportAuditInput ExportAuditPayload
ExportPartnerAccessInput ExportPartnerAccessPayload ImportCsvInput.invite ImportOptions.invite
InviteUserInput
InviteUserPayload Mutation.changePartnerAdmins
Mutation.createPasswordLink Mutation.createWebhook Mutation.deleteWebhook
Mutation.exportAudit Mutation.exportPartnerAccess Mutation.inviteUser Mutation.pingWebhook
Mutation.redeliverWebhook Mutation.requestPasswordReset
Mutation.rotateWebhookSecret Mutation.setPassword Mutation.updateWebhook
PartnerAccess PartnerAccessConnection PartnerAccessEdge PartnerAccessFilter PartnerAdminInput.endsAt PingWebhookInput
PingWebhookPayload PlatformImport PlatformImportConnection PlatformImportEdge PreviewImportInput.invite
Query.auditEvents(filter) Query.partnerAccess Query.platformImports Query.webhooks
RedeliverWebhookInput RedeliverWebhookPayload RequestPasswordResetInput RequestPasswordResetPayload
RotateWebhookSecretInput
RotateWebhookSecretPayload SetPasswordInput SetPasswordPayload
UpdateWebhookInput UpdateWebhookPayload
User.invited User.partnerAdminOf Webhook WebhookAttempt WebhookDelivery
WebhookDeliveryConnection WebhookDeliveryEdge WebhookDeliveryStatus WebhookEvent
`

// Clients are written against testdata/api/contract.graphql. What we have of it is spelt
// as it is there, name for name and type for type; what we have not is in the list above;
// anything may stand beside it.
func TestContract(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../testdata/api/contract.graphql")
	if err != nil {
		t.Fatal(err)
	}
	contract := gqlparser.MustLoadSchema(&ast.Source{Name: "contract", Input: string(text)})
	ours := gqlparser.MustLoadSchema(&ast.Source{Name: "ours", Input: schema.SDL()})

	want, have := describe(contract), describe(ours)
	var missing []string
	for name, is := range want {
		got, there := have[name]
		if !there {
			missing = append(missing, name)
			continue
		}
		if got != is {
			t.Errorf("%s is %s; the contract has %s", name, got, is)
		}
	}
	// What is missing with a whole type is said once.
	whole := slices.Clone(missing)
	missing = slices.DeleteFunc(missing, func(name string) bool {
		for i := range name {
			if (name[i] == '.' || name[i] == '(') && slices.Contains(whole, name[:i]) {
				return true
			}
		}
		return false
	})
	slices.Sort(missing)
	listed := strings.Fields(notYet)
	for _, name := range missing {
		if !slices.Contains(listed, name) {
			t.Errorf("the contract's %s is missing", name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(missing, name) {
			t.Errorf("%s is there, or the contract does not have it: take it off the list", name)
		}
	}
	// An argument that the contract does not have must be one that clients can leave out.
	for name, is := range have {
		if owner, _, argument := strings.Cut(name, "("); argument && want[owner] != "" && want[name] == "" && strings.Contains(is, "!") && !strings.Contains(is, "=") {
			t.Errorf("%s: %s must be given, and clients of the contract do not", name, is)
		}
	}
}

// describe says of everything in a schema what it is: of a type its kind and interfaces
// (T), of a field its type (T.f), of an argument its type and default (T.f(a)), of an enum
// value that it is one (T.V).
func describe(s *ast.Schema) map[string]string {
	out := map[string]string{}
	for _, def := range s.Types {
		if def.BuiltIn || strings.HasPrefix(def.Name, "__") {
			continue
		}
		is := string(def.Kind)
		if len(def.Interfaces) > 0 {
			names := slices.Sorted(slices.Values(def.Interfaces))
			is += " implements " + strings.Join(names, " & ")
		}
		out[def.Name] = is
		for _, value := range def.EnumValues {
			out[def.Name+"."+value.Name] = "a value"
		}
		for _, field := range def.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			out[def.Name+"."+field.Name] = typeOf(field.Type, field.DefaultValue)
			for _, argument := range field.Arguments {
				out[def.Name+"."+field.Name+"("+argument.Name+")"] = typeOf(argument.Type, argument.DefaultValue)
			}
		}
	}
	return out
}

func typeOf(t *ast.Type, standard *ast.Value) string {
	if standard == nil {
		return t.String()
	}
	return t.String() + " = " + standard.String()
}

// An input's field that the contract does not have must be one that clients can leave out.
func TestInputsAskNothingMore(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../testdata/api/contract.graphql")
	if err != nil {
		t.Fatal(err)
	}
	contract := gqlparser.MustLoadSchema(&ast.Source{Name: "contract", Input: string(text)})
	ours := gqlparser.MustLoadSchema(&ast.Source{Name: "ours", Input: schema.SDL()})
	for name, def := range ours.Types {
		known := contract.Types[name]
		if def.Kind != ast.InputObject || known == nil {
			continue
		}
		for _, field := range def.Fields {
			if known.Fields.ForName(field.Name) == nil && field.Type.NonNull && field.DefaultValue == nil {
				t.Errorf("%s.%s must be given, and clients of the contract do not", name, field.Name)
			}
		}
	}
}

// Everything of the schema says what it is: types, fields, arguments, enum values.
func TestTheSchemaDescribesItself(t *testing.T) {
	t.Parallel()
	ours := gqlparser.MustLoadSchema(&ast.Source{Name: "ours", Input: schema.SDL()})
	described := func(name, description string) {
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", name)
		}
	}
	for _, def := range ours.Types {
		if def.BuiltIn {
			continue
		}
		if def != ours.Query && def != ours.Mutation && def != ours.Subscription {
			described(def.Name, def.Description)
		}
		for _, value := range def.EnumValues {
			described(def.Name+"."+value.Name, value.Description)
		}
		for _, field := range def.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			described(def.Name+"."+field.Name, field.Description)
			for _, argument := range field.Arguments {
				if argument.Name != "input" { // its type says it
					described(def.Name+"."+field.Name+"("+argument.Name+")", argument.Description)
				}
			}
		}
	}
}
