package sheet

import (
	"cmp"
	"slices"

	"tenantry/ent/enum"
)

// Options are how an import was asked for, as far as it concerns the file's rows (rules F5, F9,
// R3, R5, I9). The zero value of each means its default, the first value of its type; but a decimal
// separator that was not said is no POINT: with POINT 1,234 is a number, without it could be two.
type Options struct {
	UnknownColumns     enum.UnknownColumns    `json:"unknownColumns,omitempty"`
	DateOrder          enum.DateOrder         `json:"dateOrder,omitempty"`
	DecimalSeparator   enum.DecimalSeparator  `json:"decimalSeparator,omitempty"`
	Existing           enum.ExistingRecords   `json:"existing,omitempty"`
	Missing            enum.MissingRecords    `json:"missing,omitempty"`
	CreateMissing      []enum.ImportReference `json:"createMissing,omitempty"`
	ClearWith          *string                `json:"clearWith,omitempty"` // nil: no cell clears a value
	ReplaceExternalIDs bool                   `json:"replaceExternalIds,omitempty"`
}

// WithDefaults fills in what is not said, but for the decimal separator.
func (o Options) WithDefaults() Options {
	o.UnknownColumns = cmp.Or(o.UnknownColumns, enum.RefuseUnknown)
	o.DateOrder = cmp.Or(o.DateOrder, enum.YMD)
	o.Existing = cmp.Or(o.Existing, enum.UpdateExisting)
	o.Missing = cmp.Or(o.Missing, enum.CreateMissing)
	return o
}

// Said is what differs from the defaults.
func (o Options) Said() Options {
	blank(&o.UnknownColumns, enum.RefuseUnknown)
	blank(&o.DateOrder, enum.YMD)
	blank(&o.Existing, enum.UpdateExisting)
	blank(&o.Missing, enum.CreateMissing)
	if len(o.CreateMissing) == 0 {
		o.CreateMissing = nil
	}
	return o
}

func blank[T ~string](v *T, standard T) {
	if *v == standard {
		*v = ""
	}
}

// Creates reports whether what rows name of this is made where the company does not have it.
func (o Options) Creates(what enum.ImportReference) bool {
	return slices.Contains(o.CreateMissing, what)
}

// MaxClearWith is the most characters of Options.ClearWith.
const MaxClearWith = 200
