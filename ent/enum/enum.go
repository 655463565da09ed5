// Package enum defines the closed sets of values that the API, the database and the
// import engine share. It imports nothing of ours.
package enum

import (
	"fmt"
	"io"
	"slices"
	"strconv"
)

// UserRole is what a user may do in the own company (rules U1, U5).
type UserRole string

// The roles.
const (
	Admin  UserRole = "ADMIN"
	Member UserRole = "MEMBER"
)

// Values lists the roles, for ent.
func (UserRole) Values() []string { return []string{string(Admin), string(Member)} }

// ImportKind is what the rows of a file become. The set is open: the API's schema says which
// names it knows, and a process which of them are registered with it.
type ImportKind string

// The kinds of this program.
const (
	Customers ImportKind = "CUSTOMERS"
	Contacts  ImportKind = "CONTACTS"
	Users     ImportKind = "USERS"
)

// ImportStatus is where an import stands in its life.
type ImportStatus string

// The statuses; the last three are final.
const (
	Queued    ImportStatus = "QUEUED"
	Running   ImportStatus = "RUNNING"
	Completed ImportStatus = "COMPLETED"
	Failed    ImportStatus = "FAILED"
	Canceled  ImportStatus = "CANCELED"
)

// Values lists the statuses, for ent.
func (ImportStatus) Values() []string {
	return []string{string(Queued), string(Running), string(Completed), string(Failed), string(Canceled)}
}

// Final reports whether nothing follows this status.
func (s ImportStatus) Final() bool { return s == Completed || s == Failed || s == Canceled }

// RowOutcome is what became of a row of an import (rule J13).
type RowOutcome string

// The outcomes.
const (
	RowCreated   RowOutcome = "CREATED"
	RowUpdated   RowOutcome = "UPDATED"
	RowDeleted   RowOutcome = "DELETED" // of an undo
	RowUnchanged RowOutcome = "UNCHANGED"
	RowSkipped   RowOutcome = "SKIPPED"
	RowFailed    RowOutcome = "FAILED"
)

// Values lists the outcomes.
func (RowOutcome) Values() []string {
	return []string{
		string(RowCreated), string(RowUpdated), string(RowDeleted), string(RowUnchanged), string(RowSkipped), string(RowFailed),
	}
}

// IssueCode says what is wrong with a row (rule R1).
type IssueCode string

// The codes of issues.
const (
	Required            IssueCode = "REQUIRED"
	InvalidEmail        IssueCode = "INVALID_EMAIL"
	InvalidValue        IssueCode = "INVALID_VALUE"
	TooLong             IssueCode = "TOO_LONG"
	TooShort            IssueCode = "TOO_SHORT"
	UnsafeContent       IssueCode = "UNSAFE_CONTENT"
	WrongFieldCount     IssueCode = "WRONG_FIELD_COUNT"
	AlreadyExists       IssueCode = "ALREADY_EXISTS"
	EmailTaken          IssueCode = "EMAIL_TAKEN"
	DuplicateInFile     IssueCode = "DUPLICATE_IN_FILE"
	Forbidden           IssueCode = "FORBIDDEN"
	LastAdministrator   IssueCode = "LAST_ADMINISTRATOR"
	NoSuchRecord        IssueCode = "NO_SUCH_RECORD"
	EditedSince         IssueCode = "EDITED_SINCE"
	UnknownID           IssueCode = "UNKNOWN_ID"
	UnknownPartnerAdmin IssueCode = "UNKNOWN_PARTNER_ADMIN"
	UnknownProject      IssueCode = "UNKNOWN_PROJECT"
	UnknownDesk         IssueCode = "UNKNOWN_DESK"
	UnknownLabel        IssueCode = "UNKNOWN_LABEL"
	UnknownField        IssueCode = "UNKNOWN_FIELD"
	UnknownCompany      IssueCode = "UNKNOWN_COMPANY"
)

// Values lists the codes, for ent.
func (IssueCode) Values() []string {
	return []string{
		string(Required), string(InvalidEmail), string(InvalidValue), string(TooLong), string(TooShort),
		string(UnsafeContent), string(WrongFieldCount), string(AlreadyExists), string(EmailTaken),
		string(DuplicateInFile), string(Forbidden), string(LastAdministrator), string(NoSuchRecord), string(EditedSince), string(UnknownID),
		string(UnknownPartnerAdmin), string(UnknownProject), string(UnknownDesk), string(UnknownLabel),
		string(UnknownField), string(UnknownCompany),
	}
}

// SkipCodes are those of issues of rows that are skipped rather than failed (rules I6, R5).
func SkipCodes() []IssueCode { return []IssueCode{AlreadyExists, DuplicateInFile, NoSuchRecord} }

// Skips reports whether a row with this issue is skipped rather than failed.
func (c IssueCode) Skips() bool { return slices.Contains(SkipCodes(), c) }

// NotificationKind is what a notification tells.
type NotificationKind string

// The kinds of notifications.
const (
	ImportFinished        NotificationKind = "IMPORT_FINISHED"
	TransferTokenReceived NotificationKind = "TRANSFER_TOKEN_RECEIVED"
	CustomerClaimed       NotificationKind = "CUSTOMER_CLAIMED"
	CustomerLost          NotificationKind = "CUSTOMER_LOST"
	PartnershipEnded      NotificationKind = "PARTNERSHIP_ENDED"
	PartnerAdminAdded     NotificationKind = "PARTNER_ADMIN_ADDED"
	PartnerAdminRemoved   NotificationKind = "PARTNER_ADMIN_REMOVED"
	AccountChanged        NotificationKind = "ACCOUNT_CHANGED"
)

// Values lists the kinds, for ent.
func (NotificationKind) Values() []string {
	return []string{
		string(ImportFinished), string(TransferTokenReceived), string(CustomerClaimed), string(CustomerLost),
		string(PartnershipEnded), string(PartnerAdminAdded), string(PartnerAdminRemoved), string(AccountChanged),
	}
}

// SessionKind is how a browser or a program carries its session.
type SessionKind string

// The kinds of sessions.
const (
	Bearer SessionKind = "BEARER"
	Cookie SessionKind = "COOKIE"
)

// Values lists the kinds, for ent.
func (SessionKind) Values() []string { return []string{string(Bearer), string(Cookie)} }

// APIKeyAccess is what an API key may do of what its creator may (rule U7).
type APIKeyAccess string

// The accesses of API keys.
const (
	ReadAccess  APIKeyAccess = "READ"
	WriteAccess APIKeyAccess = "WRITE"
)

// Values lists the accesses, for ent.
func (APIKeyAccess) Values() []string { return []string{string(ReadAccess), string(WriteAccess)} }

// ContactType is what kind of customer a contact is (rule K1).
type ContactType string

// The types of contacts.
const (
	Personal ContactType = "PERSONAL"
	Business ContactType = "BUSINESS"
)

// Values lists the types, for ent.
func (ContactType) Values() []string { return []string{string(Personal), string(Business)} }

// CustomFieldType is what values of a custom field look like (rule K3).
type CustomFieldType string

// The types of custom fields.
const (
	Text    CustomFieldType = "TEXT"
	Number  CustomFieldType = "NUMBER"
	Boolean CustomFieldType = "BOOLEAN"
	Date    CustomFieldType = "DATE"
)

// Values lists the types, for ent.
func (CustomFieldType) Values() []string {
	return []string{string(Text), string(Number), string(Boolean), string(Date)}
}

// What follows lets the API speak the same types: one line each way for each set.

func (v UserRole) MarshalGQL(w io.Writer)         { write(w, v) } //nolint:revive // gqlgen's interface
func (v ImportKind) MarshalGQL(w io.Writer)       { write(w, v) } //nolint:revive // gqlgen's interface
func (v ImportStatus) MarshalGQL(w io.Writer)     { write(w, v) } //nolint:revive // gqlgen's interface
func (v RowOutcome) MarshalGQL(w io.Writer)       { write(w, v) } //nolint:revive // gqlgen's interface
func (v IssueCode) MarshalGQL(w io.Writer)        { write(w, v) } //nolint:revive // gqlgen's interface
func (v NotificationKind) MarshalGQL(w io.Writer) { write(w, v) } //nolint:revive // gqlgen's interface
func (v SessionKind) MarshalGQL(w io.Writer)      { write(w, v) } //nolint:revive // gqlgen's interface
func (v APIKeyAccess) MarshalGQL(w io.Writer)     { write(w, v) } //nolint:revive // gqlgen's interface
func (v ContactType) MarshalGQL(w io.Writer)      { write(w, v) } //nolint:revive // gqlgen's interface
func (v CustomFieldType) MarshalGQL(w io.Writer)  { write(w, v) } //nolint:revive // gqlgen's interface

func (v *UserRole) UnmarshalGQL(in any) error         { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *ImportStatus) UnmarshalGQL(in any) error     { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *RowOutcome) UnmarshalGQL(in any) error       { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *IssueCode) UnmarshalGQL(in any) error        { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *NotificationKind) UnmarshalGQL(in any) error { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *SessionKind) UnmarshalGQL(in any) error      { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *APIKeyAccess) UnmarshalGQL(in any) error     { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *ContactType) UnmarshalGQL(in any) error      { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *CustomFieldType) UnmarshalGQL(in any) error  { return read(v, in) } //nolint:revive // gqlgen's interface

// UnmarshalGQL is gqlgen's; the schema has refused what it does not know.
func (v *ImportKind) UnmarshalGQL(in any) error {
	s, ok := in.(string)
	if !ok {
		return fmt.Errorf("%v is no kind of import", in)
	}
	*v = ImportKind(s)
	return nil
}

type set interface {
	~string
	Values() []string
}

func write[T ~string](w io.Writer, v T) { _, _ = io.WriteString(w, strconv.Quote(string(v))) }

func read[T set](v *T, in any) error {
	s, ok := in.(string)
	if !ok || !slices.Contains(T("").Values(), s) {
		return fmt.Errorf("%v is not one of %v", in, T("").Values())
	}
	*v = T(s)
	return nil
}
