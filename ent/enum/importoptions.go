package enum

import "io"

// What an import is asked for. The first value of each is its default.

// DateOrder is the order of day, month and year in dates of a file (rule F9).
type DateOrder string

// The values of DateOrder.
const (
	YMD DateOrder = "YMD"
	DMY DateOrder = "DMY"
	MDY DateOrder = "MDY"
)

// Values lists them.
func (DateOrder) Values() []string { return []string{string(YMD), string(DMY), string(MDY)} }

// DecimalSeparator is what separates a number's decimals in a file (rule F9).
type DecimalSeparator string

// The values of DecimalSeparator.
const (
	PointDecimals DecimalSeparator = "POINT"
	CommaDecimals DecimalSeparator = "COMMA"
)

// Values lists them.
func (DecimalSeparator) Values() []string {
	return []string{string(PointDecimals), string(CommaDecimals)}
}

// UnknownColumns is what becomes of columns that are not recognized (rule F5).
type UnknownColumns string

// The values of UnknownColumns.
const (
	RefuseUnknown   UnknownColumns = "REFUSE"
	LeaveOutUnknown UnknownColumns = "LEAVE_OUT"
)

// Values lists them.
func (UnknownColumns) Values() []string {
	return []string{string(RefuseUnknown), string(LeaveOutUnknown)}
}

// ExistingRecords is what becomes of rows whose record exists (rule R5).
type ExistingRecords string

// The values of ExistingRecords.
const (
	UpdateExisting ExistingRecords = "UPDATE"
	FillBlanks     ExistingRecords = "FILL_BLANKS"
	SkipExisting   ExistingRecords = "SKIP"
)

// Values lists them.
func (ExistingRecords) Values() []string {
	return []string{string(UpdateExisting), string(FillBlanks), string(SkipExisting)}
}

// MissingRecords is what becomes of rows whose record does not exist (rule R5).
type MissingRecords string

// The values of MissingRecords.
const (
	CreateMissing MissingRecords = "CREATE"
	SkipMissing   MissingRecords = "SKIP"
)

// Values lists them.
func (MissingRecords) Values() []string { return []string{string(CreateMissing), string(SkipMissing)} }

// ImportReference is what rows of a file refer to by name, and an import may create (rule R5).
type ImportReference string

// The values of ImportReference.
const (
	LabelReferences   ImportReference = "LABELS"
	ProjectReferences ImportReference = "PROJECTS"
	DeskReferences    ImportReference = "DESKS"
)

// Values lists them.
func (ImportReference) Values() []string {
	return []string{string(LabelReferences), string(ProjectReferences), string(DeskReferences)}
}

// ColumnSource is how a column of a file got its field (rule F5).
type ColumnSource string

// The values of ColumnSource.
const (
	FromName   ColumnSource = "NAME"
	FromAlias  ColumnSource = "ALIAS"
	Remembered ColumnSource = "REMEMBERED"
	Explicit   ColumnSource = "EXPLICIT"
	LeftOut    ColumnSource = "LEFT_OUT"
)

// Values lists them.
func (ColumnSource) Values() []string {
	return []string{string(FromName), string(FromAlias), string(Remembered), string(Explicit), string(LeftOut)}
}

func (v DateOrder) MarshalGQL(w io.Writer)        { write(w, v) } //nolint:revive // gqlgen's interface
func (v DecimalSeparator) MarshalGQL(w io.Writer) { write(w, v) } //nolint:revive // gqlgen's interface
func (v UnknownColumns) MarshalGQL(w io.Writer)   { write(w, v) } //nolint:revive // gqlgen's interface
func (v ExistingRecords) MarshalGQL(w io.Writer)  { write(w, v) } //nolint:revive // gqlgen's interface
func (v MissingRecords) MarshalGQL(w io.Writer)   { write(w, v) } //nolint:revive // gqlgen's interface
func (v ImportReference) MarshalGQL(w io.Writer)  { write(w, v) } //nolint:revive // gqlgen's interface
func (v ColumnSource) MarshalGQL(w io.Writer)     { write(w, v) } //nolint:revive // gqlgen's interface

func (v *DateOrder) UnmarshalGQL(in any) error        { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *DecimalSeparator) UnmarshalGQL(in any) error { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *UnknownColumns) UnmarshalGQL(in any) error   { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *ExistingRecords) UnmarshalGQL(in any) error  { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *MissingRecords) UnmarshalGQL(in any) error   { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *ImportReference) UnmarshalGQL(in any) error  { return read(v, in) } //nolint:revive // gqlgen's interface
func (v *ColumnSource) UnmarshalGQL(in any) error     { return read(v, in) } //nolint:revive // gqlgen's interface
