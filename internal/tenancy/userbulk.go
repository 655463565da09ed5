package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
)

// UserBulk reads and writes users by the thousand, past ent and its policies: whoever calls it
// has checked the rights, and says of which company they are. Make it with [NewUserBulk].
type UserBulk struct {
	stored                  []field.Field[UserRecord]
	insert, update, replace []database.Column[*writtenUser]
}

// UserUpsert is a user who is to be written as they stand here.
type UserUpsert struct {
	UserRecord
	New         bool // there is no row yet
	Changed     bool // fields of files are to be written
	NewPassword bool // PasswordHash is to be written
}

type writtenUser struct {
	*UserUpsert
	at time.Time
}

// NewUserBulk returns a UserBulk for users who have these fields.
func NewUserBulk(fields []UserField) *UserBulk {
	b := &UserBulk{stored: field.Stored(DescribedUsers(fields))}
	record := func(w *writtenUser) *UserRecord { return &w.UserRecord }
	b.insert = field.Values(b.stored, record)
	for _, f := range b.stored {
		if f.Name == "" || f.Name == UserEmail { // the email identifies a user of a file
			continue
		}
		b.update = append(b.update, field.Values([]field.Field[UserRecord]{f}, record)...)
		if f.SearchKey != "" {
			key := database.Column[*writtenUser]{Name: f.SearchKey, Of: func(w *writtenUser) any { return normalize.Key(f.Format(&w.UserRecord)) }}
			b.insert, b.update = append(b.insert, key), append(b.update, key)
		}
	}
	changedAt := database.Column[*writtenUser]{Name: user.FieldUpdatedAt, Of: func(w *writtenUser) any { return w.at }}
	hash := database.Column[*writtenUser]{Name: user.FieldPasswordHash, Of: func(w *writtenUser) any { return w.PasswordHash }}
	b.insert = append(append(b.insert, userByTenant...), hash, changedAt,
		database.Column[*writtenUser]{Name: user.FieldCreatedAt, Of: func(w *writtenUser) any { return w.at }},
		database.Column[*writtenUser]{Name: user.FieldEmailKey, Of: func(w *writtenUser) any { return w.EmailKey }})
	b.update = append(b.update, changedAt)
	b.replace = []database.Column[*writtenUser]{hash, changedAt}
	return b
}

// userByTenant finds a user.
var userByTenant = []database.Column[*writtenUser]{
	{Name: user.FieldID, Of: func(w *writtenUser) any { return w.ID }},
	{Name: user.FieldCompanyID, Of: func(w *writtenUser) any { return w.Company }},
}

// userKeys are what is read of a user beside the fields.
var userKeys = []field.Key[UserRecord]{
	{Column: user.FieldID, Into: func(r *UserRecord) any { return &r.ID }},
	{Column: user.FieldCompanyID, Into: func(r *UserRecord) any { return &r.Company }},
	{Column: user.FieldEmailKey, Into: func(r *UserRecord) any { return &r.EmailKey }},
}

// Write makes and changes users. What else belongs to that is [Service.UsersImported].
func (b *UserBulk) Write(ctx context.Context, tx *database.Tx, users []*UserUpsert) error {
	at := now()
	var made, changed, replaced []*writtenUser
	for _, u := range users {
		w := &writtenUser{u, at}
		switch {
		case u.New:
			made = append(made, w)
			continue
		case u.Changed:
			changed = append(changed, w)
		}
		if u.NewPassword {
			replaced = append(replaced, w)
		}
	}
	if err := database.Insert(ctx, tx, user.Table, b.insert, made); err != nil {
		return err
	}
	if err := database.Set(ctx, tx, user.Table, userByTenant, b.update, changed); err != nil {
		return err
	}
	return database.Set(ctx, tx, user.Table, userByTenant, b.replace, replaced)
}

// Find calls each for the users of the platform who have one of the emails, and with
// administrators for the company's too. With hold those of the company stay as they are until
// the transaction ends.
func (b *UserBulk) Find(ctx context.Context, tx *database.Tx, company id.ID, emailKeys []string, administrators, hold bool, each func(*UserRecord) error) error {
	in, also, lock := `email_key`+tx.Dialect().AmongTexts("$2"), "", ""
	if administrators {
		also = ` OR role = 'ADMIN'`
	}
	if hold {
		lock = tx.Dialect().Lock(database.ForUpdate)
	}
	for _, where := range []string{
		`WHERE company_id = $1 AND (` + in + also + `) ORDER BY id` + lock,
		`WHERE company_id <> $1 AND ` + in,
	} {
		if err := field.Read(ctx, tx, user.Table, userKeys, b.stored, each, where, company, database.Texts(emailKeys)); err != nil {
			return err
		}
	}
	return nil
}

// Page gives the company's users whom the context's viewer sees, by email, behind the one of
// that key.
func (b *UserBulk) Page(ctx context.Context, db *database.DB, company id.ID, behind string, most int) (page []*UserRecord, err error) {
	where := entsql.And(entsql.EQ(user.FieldCompanyID, company), entsql.GT(user.FieldEmailKey, behind),
		policy.CanRead(viewer.FromContext(ctx), user.FieldCompanyID))
	err = field.ReadPage(ctx, db, user.Table, userKeys, b.stored, func(r *UserRecord) error { page = append(page, new(*r)); return nil },
		field.Page{Where: where, Order: []string{user.FieldEmailKey}, Most: most})
	return page, err
}

// record is one user of the company; an error of ent's where they are not there.
func (b *UserBulk) record(ctx context.Context, tx *database.Tx, company, userID id.ID) (*UserRecord, error) {
	var found *UserRecord
	err := field.Read(ctx, tx, user.Table, userKeys, b.stored, func(r *UserRecord) error { found = new(*r); return nil },
		`WHERE company_id = $1 AND id = $2`, company, userID)
	if err == nil && found == nil {
		err = &ent.NotFoundError{}
	}
	return found, err
}

// set puts those of the fields into ent's mutation in which the record is not like the one
// before; nil: all of them.
func (b *UserBulk) set(m *ent.UserMutation, r, before *UserRecord) error {
	for i := range b.stored {
		f := &b.stored[i]
		if before != nil && f.Same(r, before) {
			continue
		}
		if err := field.Set(m, f.Column, f.Entity(r)); err != nil {
			return err
		}
		switch {
		case f.Name == UserEmail:
			m.SetEmailKey(normalize.Email(r.Email))
		case f.SearchKey != "":
			if err := m.SetField(f.SearchKey, normalize.Key(f.Format(r))); err != nil {
				return err
			}
		}
	}
	return nil
}

// Managed reports whether a partner manages the company: one that is demoted manages nobody
// (rule C2). With hold the company stays as it is until the transaction ends; what is inserted
// below it need not wait.
func Managed(ctx context.Context, tx *database.Tx, company id.ID, hold bool) (bool, error) {
	query := `SELECT p.is_partner FROM companies c LEFT JOIN companies p ON p.id = c.partner_id WHERE c.id = $1`
	if hold {
		query += tx.Dialect().Lock(database.ForNoKeyUpdate, "c")
	}
	var managed sql.NullBool
	if err := tx.QueryRowContext(ctx, query, company).Scan(&managed); err != nil {
		return false, fmt.Errorf("looking for the company: %w", err)
	}
	return managed.Bool, nil
}

// ActiveUsers finds the company's active users by the keys of their emails (rule I7).
func ActiveUsers(ctx context.Context, tx *database.Tx, company id.ID, emailKeys []string) (map[string]id.ID, error) {
	users := map[string]id.ID{}
	if len(emailKeys) == 0 {
		return users, nil
	}
	err := tx.Each(ctx, "users", func(rows *sql.Rows) error {
		var key string
		var user id.ID
		err := rows.Scan(&key, &user)
		users[key] = user
		return err
	}, `SELECT email_key, id FROM users WHERE company_id = $1 AND active AND email_key`+tx.Dialect().AmongTexts("$2"), company, database.Texts(emailKeys))
	return users, err
}

// now is the time as columns hold it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
