package contacts

import (
	"strings"

	"tenantry/internal/normalize"
)

// DefaultUsername is the username of a contact that was given none: the part of the email
// before the @, in lower case (rule K1).
func DefaultUsername(email string) string {
	local, _, _ := strings.Cut(normalize.Key(email), "@")
	return local
}

// searchKey is by what a contact is found beside its email (rule K6), for the column of the
// key. It is empty, NULL, and stands in no index, where the email begins with it: whatever begins
// the key then begins the email too. emailKey is normalize.Email's.
func searchKey(emailKey, text string) string {
	k := normalize.Key(text)
	if strings.HasPrefix(emailKey, k) {
		return ""
	}
	return k
}
