package contacts

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
	"tenantry/internal/searchindex"
)

// Bulk reads and writes contacts by the thousand, past ent and its policies: whoever calls
// it has checked the rights, and says of which companies it is. Make it with [NewBulk].
type Bulk struct {
	stored   []field.Field[Record] // those that are columns of contacts
	changing []field.Field[Record] // those of them that can change
	searched []field.Field[Record] // by keys in columns of their own; not by the email

	insert []database.Column[*written]
	update []updated
}

// updated is a column of a contact that is there already.
type updated struct {
	database.Column[*written]
	differs func(w *written) bool // from what is stored; nil: always
}

// NewBulk returns a Bulk for contacts that have these fields.
func NewBulk(fields []Field) *Bulk {
	b := &Bulk{stored: field.Stored(Described(fields))}
	record := func(w *written) *Record { return w.Record }
	b.insert = field.Values(b.stored, record)
	b.changing = slices.DeleteFunc(slices.Clone(b.stored), func(f field.Field[Record]) bool { return f.Fixed })
	for i, c := range field.Values(b.changing, record) {
		f := &b.changing[i]
		differs := func(w *written) bool { return !f.Same(w.Record, w.Stored) }
		if f.Column == contact.FieldExternalID {
			differs = func(w *written) bool { return w.parked || !f.Same(w.Record, w.Stored) }
		}
		b.update = append(b.update, updated{c, differs})
	}
	email := func(w *written) bool { return w.parked || w.EmailKey != w.Stored.EmailKey }
	for i := range b.stored {
		if f := &b.stored[i]; f.SearchKey != "" {
			place := len(b.searched)
			b.searched = append(b.searched, *f)
			b.add(f.SearchKey, func(to *database.Values, w *written) { to.TextOrNull(w.keys[place]) },
				func(w *written) bool { return email(w) || !f.Same(w.Record, w.Stored) })
		}
	}
	b.add(contact.FieldEmailKey, func(to *database.Values, w *written) { to.Text(w.EmailKey) }, email)
	b.add(contact.FieldInBlock, func(to *database.Values, w *written) { to.Bool(w.inBlock) }, nil)
	b.add(contact.FieldUpdatedAt, func(to *database.Values, w *written) { to.Time(w.at) }, nil)
	b.insert = append(b.insert, byTenant...)
	return b
}

// byTenant finds a contact.
var byTenant = []database.Column[*written]{
	{Name: contact.FieldID, Put: func(to *database.Values, w *written) { to.ID(w.ID) }},
	{Name: contact.FieldCompanyID, Put: func(to *database.Values, w *written) { to.ID(w.Company) }},
}

func (b *Bulk) add(name string, put func(*database.Values, *written), differs func(*written) bool) {
	c := database.Column[*written]{Name: name, Put: put}
	b.insert, b.update = append(b.insert, c), append(b.update, updated{c, differs})
}

// differing are the columns in which one of the contacts differs from what is stored of it: to write
// the others would cost as much, and on SQLite the entries in their indexes.
func (b *Bulk) differing(contacts []*written) (columns []database.Column[*written]) {
	for _, u := range b.update {
		if u.differs == nil || slices.ContainsFunc(contacts, u.differs) {
			columns = append(columns, u.Column)
		}
	}
	return columns
}

// Upsert is a contact that is to be written as it stands here.
type Upsert struct {
	*Record
	Stored       *Record // what was found of it; nil: the contact is new
	ClearsLabels bool    // those that it has are taken away
	Labels       []id.ID // to be added
	Values       []ValueChange
}

// ValueChange is a custom field's value that is to be set, or taken away.
type ValueChange struct {
	Field    id.ID
	Value    string // empty: the contact is to have none
	Replaces bool   // the contact has one already
}

// written is a contact on its way into the database.
type written struct {
	*Upsert
	keys    []string // for the fields that are searched
	inBlock bool
	parked  bool
	at      time.Time
}

// ErrChanged says that somebody has changed or deleted a contact after it was found.
var ErrChanged = errors.New("a contact was changed meanwhile")

// Write makes the contacts what they are to be: what is changed first, so that new ones can
// take emails which others have given up. Where one that is there already is no longer as it was
// found the error is [ErrChanged]. It returns the updated_at of all of them, which is later than what any of
// them had, and gives a new one without a time of creation that time; zero where there are none.
func (b *Bulk) Write(ctx context.Context, tx *database.Tx, contacts []Upsert) (at time.Time, err error) {
	if len(contacts) == 0 {
		return at, nil
	}
	var latest time.Time
	for i := range contacts {
		if was := contacts[i].Stored; was != nil && was.Updated.After(latest) {
			latest = was.Updated
		}
	}
	at = changedAt(latest)
	return at, b.write(ctx, tx, contacts, at)
}

func (b *Bulk) write(ctx context.Context, tx *database.Tx, contacts []Upsert, at time.Time) error {
	all, index := b.written(contacts, at)
	var parked, unlabelled []*written
	changed, made := parts(all)
	var labels []contactLabel
	var filled, refilled, emptied []fieldValue
	for i := range all {
		w := &all[i]
		w.inBlock = index.Takes(w.Company)
		if was := w.Stored; was != nil && (was.EmailKey != w.EmailKey || was.ExternalID != "" && was.ExternalID != w.ExternalID) {
			w.parked = true
			parked = append(parked, w)
		}
		if w.ClearsLabels {
			unlabelled = append(unlabelled, w)
		}
		for _, label := range w.Labels {
			labels = append(labels, contactLabel{w.Company, w.ID, label})
		}
		for _, v := range w.Values {
			switch value := (fieldValue{w.Company, w.ID, v.Field, v.Value}); {
			case v.Value == "" && v.Replaces:
				emptied = append(emptied, value)
			case v.Value == "":
			case v.Replaces:
				refilled = append(refilled, value)
			default:
				filled = append(filled, value)
			}
		}
	}
	for _, step := range []func() error{
		func() error { return set(ctx, tx, park, parked) },
		func() error { return set(ctx, tx, b.differing(changed), changed) },
		func() error {
			return database.Set(ctx, tx, customfieldvalue.Table, ofField, valueOfField, refilled)
		},
		func() error { return clearLabels(ctx, tx, unlabelled) },
		func() error { return clearValues(ctx, tx, emptied) },
		func() error { return database.Insert(ctx, tx, contact.Table, b.insert, made) },
		func() error { return database.Insert(ctx, tx, contactlabel.Table, labelColumns, labels) },
		func() error {
			return database.Insert(ctx, tx, customfieldvalue.Table, slices.Concat(ofField, valueOfField), filled)
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return index.Write(ctx, tx)
}

// written makes the contacts ready, with their search keys, which are also in the index's batch.
func (b *Bulk) written(contacts []Upsert, at time.Time) ([]written, *searchindex.Batch) {
	all, keys, some := make([]written, len(contacts)), make([]string, len(contacts)*len(b.searched)), 0
	for i := range contacts {
		c := &contacts[i]
		all[i] = written{Upsert: c, at: at}
		all[i].keys, keys = keys[:len(b.searched):len(b.searched)], keys[len(b.searched):]
		b.setKeys(c.EmailKey, c.Record, all[i].keys)
		for _, key := range all[i].keys {
			if key != "" {
				some++
			}
		}
		if c.Created.IsZero() {
			c.Created = at
		}
	}
	index := searchindex.NewBatch(some)
	for i := range all {
		index.Add(all[i].Company, all[i].ID, all[i].keys...)
	}
	return all, index
}

// parts are those that are there already, and those that are new.
func parts(all []written) (changed, made []*written) {
	known := 0
	for i := range all {
		if all[i].Stored != nil {
			known++
		}
	}
	changed, made = make([]*written, 0, known), make([]*written, 0, len(all)-known)
	for i := range all {
		if w := &all[i]; w.Stored != nil {
			changed = append(changed, w)
		} else {
			made = append(made, w)
		}
	}
	return changed, made
}

// set changes the columns of contacts that are as they were found, in the order of their ids, so that
// two transactions seldom wait for each other. They may where contacts are parked, which are changed
// before the others: then the database ends one of both, and it is run again.
func set(ctx context.Context, tx *database.Tx, columns []database.Column[*written], contacts []*written) error {
	slices.SortFunc(contacts, func(x, y *written) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	found, err := database.SetUnchanged(ctx, tx, contact.Table, byTenant, columns, func(w *written) database.Version { return w.Version }, contacts)
	if err == nil && found < len(contacts) {
		err = ErrChanged
	}
	for _, w := range contacts {
		w.Version = 0 // ours now
	}
	return err
}

// park gives a contact a key that no email has, and no external id, for as long as these pass from one
// to another.
var park = []database.Column[*written]{
	{Name: contact.FieldEmailKey, Of: func(w *written) any { return "\x01" + w.ID.String() }},
	{Name: contact.FieldExternalID, Of: func(*written) any { return nil }},
}

// contactLabel is that a contact has a label.
type contactLabel struct{ company, contact, label id.ID }

var labelColumns = []database.Column[contactLabel]{
	{Name: contactlabel.FieldCompanyID, Put: func(to *database.Values, l contactLabel) { to.ID(l.company) }},
	{Name: contactlabel.FieldContactID, Put: func(to *database.Values, l contactLabel) { to.ID(l.contact) }},
	{Name: contactlabel.FieldLabelID, Put: func(to *database.Values, l contactLabel) { to.ID(l.label) }},
}

// fieldValue is what a contact has in a custom field.
type fieldValue struct {
	company, contact, field id.ID
	value                   string
}

var (
	ofField = []database.Column[fieldValue]{
		{Name: customfieldvalue.FieldCompanyID, Put: func(to *database.Values, v fieldValue) { to.ID(v.company) }},
		{Name: customfieldvalue.FieldContactID, Put: func(to *database.Values, v fieldValue) { to.ID(v.contact) }},
		{Name: customfieldvalue.FieldCustomFieldID, Put: func(to *database.Values, v fieldValue) { to.ID(v.field) }},
	}
	valueOfField = []database.Column[fieldValue]{
		{Name: customfieldvalue.FieldValue, Put: func(to *database.Values, v fieldValue) { to.Text(v.value) }},
	}
)

// setKeys makes the search keys of a contact (rule K6).
func (b *Bulk) setKeys(emailKey string, r *Record, keys []string) {
	for i := range b.searched {
		keys[i] = searchKey(emailKey, b.searched[i].Format(r))
	}
}

// set puts the record into ent's mutation of its contact.
func (b *Bulk) set(m *ent.ContactMutation, r *Record) error {
	emailKey := normalize.Email(r.Email)
	m.SetEmailKey(emailKey)
	m.SetInBlock(false) // whatever was: these keys are new
	for i := range b.stored {
		f := &b.stored[i]
		if f.Fixed {
			continue
		}
		if err := field.Set(m, f.Column, f.Entity(r)); err != nil {
			return err
		}
		if f.SearchKey == "" {
			continue
		}
		var key any
		if k := searchKey(emailKey, f.Format(r)); k != "" {
			key = k
		}
		if err := field.Set(m, f.SearchKey, key); err != nil {
			return err
		}
	}
	return nil
}

// Names are by what contacts are looked for, each of which finds some.
type Names struct {
	IDs         []string // texts of ids
	ExternalIDs []string
	EmailKeys   []string
}

// Find calls each for the companies' contacts that are named so, with what of them can change; the
// record is another's as soon as it returns. With hold they stay as they are until the transaction
// ends; without, [Bulk.Write] finds out whether they did.
func (b *Bulk) Find(ctx context.Context, tx *database.Tx, companies []id.ID, names Names, hold bool, each func(*Record) error) error {
	return b.find(ctx, tx, b.changing, companies, names, hold, each)
}

// FindWhole is [Bulk.Find] with all that the contacts' rows hold.
func (b *Bulk) FindWhole(ctx context.Context, tx *database.Tx, companies []id.ID, names Names, hold bool, each func(*Record) error) error {
	return b.find(ctx, tx, b.stored, companies, names, hold, each)
}

func (b *Bulk) find(ctx context.Context, tx *database.Tx, fields []field.Field[Record], companies []id.ID, names Names, hold bool, each func(*Record) error) error {
	d, lock := tx.Dialect(), ""
	keys := append(slices.Clip(keys), updatedKey, field.Key[Record]{Column: d.RowVersion(), Into: func(r *Record) any { return &r.Version }})
	found := each
	if len(companies) == 1 { // it need not be read with each
		keys = slices.DeleteFunc(keys, func(k field.Key[Record]) bool { return k.Column == contact.FieldCompanyID })
		found = func(r *Record) error {
			r.Company = companies[0]
			return each(r)
		}
	}
	if hold {
		lock = ` ORDER BY id` + d.Lock(database.ForUpdate)
	}
	texts := make([]string, len(companies))
	for i, company := range companies {
		texts[i] = company.String()
	}
	for _, by := range []struct {
		column, among string
		named         []string
	}{
		{contact.FieldID, d.AmongIDTexts("$2"), names.IDs},
		{contact.FieldExternalID, d.AmongTexts("$2"), names.ExternalIDs},
		{contact.FieldEmailKey, d.AmongTexts("$2"), names.EmailKeys},
	} {
		if len(by.named) == 0 {
			continue
		}
		err := field.Read(ctx, tx, contact.Table, keys, fields, found, `WHERE company_id`+d.AmongIDTexts("$1")+` AND `+by.column+by.among+lock,
			database.Texts(texts), database.Texts(by.named))
		if err != nil {
			return err
		}
	}
	return nil
}

// record is one contact of the company; an error of ent's where it is not there.
func (b *Bulk) record(ctx context.Context, tx *database.Tx, company, contactID id.ID) (Record, error) {
	var found []Record
	err := field.Read(ctx, tx, contact.Table, append(slices.Clip(keys), updatedKey), b.stored, func(r *Record) error { found = append(found, *r); return nil },
		`WHERE company_id = $1 AND id = $2`, company, contactID)
	if err == nil && len(found) == 0 {
		err = &ent.NotFoundError{}
	}
	return append(found, Record{})[0], err
}

// Page gives the company's contacts that the context's viewer sees, by email, behind the one of
// that key.
func (b *Bulk) Page(ctx context.Context, db *database.DB, company id.ID, behind string, most int) (page []*Record, err error) {
	where := sql.And(sql.EQ(contact.FieldCompanyID, company), sql.GT(contact.FieldEmailKey, behind),
		policy.CanRead(viewer.FromContext(ctx), contact.FieldCompanyID))
	err = field.ReadPage(ctx, db, contact.Table, keys, b.stored, func(r *Record) error { page = append(page, new(*r)); return nil },
		field.Page{Where: where, Order: []string{contact.FieldEmailKey}, Most: most})
	return page, err
}

// updatedKey is when a contact was last written.
var updatedKey = field.Key[Record]{Column: contact.FieldUpdatedAt, Into: func(r *Record) any { return (*updatedAt)(&r.Updated) }}

// updatedAt scans a time in UTC, so that two can be compared.
type updatedAt time.Time

// Scan implements sql.Scanner.
func (u *updatedAt) Scan(value any) error {
	var at database.Time
	err := at.Scan(value)
	*u = updatedAt(at.UTC())
	return err
}

// keys are what is read of a contact beside its fields.
var keys = []field.Key[Record]{
	{Column: contact.FieldID, Into: func(r *Record) any { return field.IDInto(&r.ID) }},
	{Column: contact.FieldCompanyID, Into: func(r *Record) any { return field.IDInto(&r.Company) }},
	{Column: contact.FieldEmailKey, Into: func(r *Record) any { return &r.EmailKey }},
}
