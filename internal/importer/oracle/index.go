package oracle

// index finds companies and contacts by what files name them by, since to look at each of
// them for each row takes minutes where there are ten thousand.
type index struct {
	companies map[string][]*Company            // by slug, and by the slug of their name
	contacts  map[*Company]map[string]*Contact // by emailKey
}

func (w *World) indexed() *index {
	x := &index{companies: map[string][]*Company{}, contacts: map[*Company]map[string]*Contact{}}
	for _, c := range w.Companies {
		x.company(c)
		x.contacts[c] = map[string]*Contact{}
		for _, k := range c.Contacts {
			x.contact(c, k)
		}
	}
	return x
}

func (x *index) company(c *Company) {
	x.companies[c.Slug] = append(x.companies[c.Slug], c)
	if s := slug(c.Name); s != c.Slug {
		x.companies[s] = append(x.companies[s], c)
	}
}

func (x *index) contact(c *Company, k *Contact) { x.contacts[c][emailKey(k.Email)] = k }
