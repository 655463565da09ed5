package model

import (
	"slices"
	"strings"
)

// people compares a tenant's contacts or users with what a serial run would have left (I1,
// I2, I6, I7).
func (c *checker) people(t *Tenant, kind Kind, entries []Entry, all []Record) {
	want := map[string]Entry{}
	for _, e := range entries {
		want[emailKey(e.Email)] = e
	}
	have := map[string]bool{}
	for _, r := range all {
		theirs := strings.HasSuffix(emailKey(r.Email), "@"+domain(t, kind))
		if theirs && r.Company != t.Company {
			c.violate("I7", "%s's %s %s stand in company %s", t.Tag, kind, r.Email, r.Company)
		}
		if r.Company != t.Company {
			continue
		}
		key := emailKey(r.Email)
		w, wanted := want[key]
		switch {
		case !wanted && !theirs && c.anothers(t, kind, key):
			c.violate("I7", "%s has, among its %s, %s", t.Tag, kind, r.Email)
		case !wanted:
			c.violate("I2", "%s has, among its %s, %s, whom no import wrote", t.Tag, kind, r.Email)
		case have[key]:
			c.violate("I2", "%s has, among its %s, %s twice", t.Tag, kind, r.Email)
		case r.Entry != w:
			c.violate("I6", "%s: among its %s stands %+v, a serial run gives %+v", t.Tag, kind, r.Entry, w)
		case theirs && !r.Sound:
			c.violate("I6", "%s: among its %s, %s has another role or place than a new one has", t.Tag, kind, r.Email)
		}
		have[key] = true
	}
	for _, key := range sortedKeys(want) {
		if !have[key] {
			c.violate("I1", "%s: %s is missing among its %s", t.Tag, key, kind)
		}
	}
}

// anothers: the email is in another tenant's files.
func (c *checker) anothers(t *Tenant, kind Kind, key string) bool {
	return slices.ContainsFunc(c.w.Tenants, func(other *Tenant) bool {
		return other != t && strings.HasSuffix(key, "@"+domain(other, kind))
	})
}
