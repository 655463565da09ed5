package tenancy

import (
	"tenantry/internal/fault"
	"tenantry/internal/input"
	"tenantry/internal/tokensecret"
)

// companyName checks the name of a company that is to be made or renamed.
func companyName(raw string, path ...string) (string, error) {
	if tokensecret.In(raw) {
		return "", fault.New(fault.Invalid, tokensecret.AsName).At(path...)
	}
	return input.Name(raw, path...)
}
