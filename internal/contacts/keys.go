package contacts

import (
	"strings"

	"tenantry/internal/fold"
)

// DefaultUsername is the username of a contact that was given none: the part of the email
// before the @, in lower case (rule K1).
func DefaultUsername(email string) string {
	local, _, _ := strings.Cut(fold.Key(email), "@")
	return local
}

// SearchKeys are what a contact is found by beside its email (rule K6), for the columns
// username_key, first_name_key and last_name_key. A key is nil, and stands in no index,
// where the email begins with it: whatever begins the key then begins the email too.
type SearchKeys struct{ Username, FirstName, LastName *string }

// KeysOf makes the search keys of a contact. emailKey is fold.Email's; lastName may be "".
func KeysOf(emailKey, username, firstName, lastName string) SearchKeys {
	key := func(s string) *string {
		k := fold.Key(s)
		if strings.HasPrefix(emailKey, k) {
			return nil
		}
		return &k
	}
	return SearchKeys{Username: key(username), FirstName: key(firstName), LastName: key(lastName)}
}
