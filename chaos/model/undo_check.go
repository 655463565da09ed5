package model

import "tenantry/internal/importer/journal"

// undone: contacts that imports have created are there, unless an undo of that import or somebody has
// deleted them, and then they are not until an undo of that undo has made them again (I10). That edits
// are kept, and what else an undo does, is compared with the serial run (I6).
func (c *checker) undone() {
	there, deleted, by := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range c.t.Contacts {
		there[c.t.Contacts[i].ID] = true
	}
	for _, s := range c.w.Sent {
		for _, e := range s.Edits {
			by[e.ID] = e.Delete
		}
	}
	created, again := map[string]map[string]bool{}, map[string]map[string]bool{} // by import; by the undo that is undone
	for i := range c.t.Imports {
		run := &c.t.Imports[i]
		created[run.ID] = run.Records(journal.Created)
		if run.Undoes != "" {
			again[run.Undoes] = created[run.ID]
		}
	}
	for i := range c.t.Imports {
		run := &c.t.Imports[i]
		for record := range run.Records(journal.Deleted) {
			deleted[record] = true
			switch {
			case !created[run.Undoes][record]:
				c.violate("I10", "import %s has deleted the contact %s, which the import that it undoes (%s) has not created", run.ID, record, run.Undoes)
			case there[record] && !again[run.ID][record]:
				c.violate("I10", "import %s has deleted the contact %s, which is there", run.ID, record)
			}
		}
	}
	for i := range c.t.Imports {
		run := &c.t.Imports[i]
		for record := range again[run.ID] {
			if !run.Records(journal.Deleted)[record] {
				c.violate("I10", "an undo of import %s has made the contact %s, which that one has not deleted", run.ID, record)
			}
		}
		s := c.sentAs[run.ID]
		if run.Kind != Contacts || run.DryRun || s == nil || s.Fate == Disappears {
			continue
		}
		for record := range created[run.ID] {
			if !there[record] && !deleted[record] && !by[record] {
				c.violate("I10", "the contact %s, which import %s has created, is gone, and nothing has deleted it", record, run.ID)
			}
		}
	}
}

// Records are those of the import's rows with the result.
func (i *Import) Records(result journal.Result) map[string]bool {
	records := map[string]bool{}
	for _, b := range i.Batches {
		for _, r := range b.Rows {
			if r.Result == result && r.Record != (journal.Row{}).Record {
				records[r.Record.String()] = true
			}
		}
	}
	return records
}
