package journal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
)

func anyID() *rapid.Generator[id.ID] {
	made := id.Many(id.Contact, 50)
	return rapid.OneOf(rapid.SampledFrom(made), rapid.Custom(func(t *rapid.T) (of id.ID) {
		copy(of[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		return of
	}))
}

// Whatever a batch's rows came to is read again as it was written (rule J13).
func TestOutcomesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.IntRange(1, 1_000_000).Draw(t, "first")
		numbered := rapid.Bool().Draw(t, "numbered")
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) journal.Row {
			r := journal.Row{
				Number: rapid.IntRange(1, 1<<40).Draw(t, "number"), Line: rapid.IntRange(1, 1<<40).Draw(t, "line"),
				Result: journal.Result(rapid.IntRange(int(journal.Created), int(journal.Failed)).Draw(t, "result")),
			}
			if rapid.Bool().Draw(t, "has a record") {
				r.Record = anyID().Draw(t, "record")
			}
			return r
		}), 0, 60).Draw(t, "rows")
		if !numbered {
			for i := range rows {
				rows[i].Number = first + i
			}
		}
		raw, err := journal.EncodeOutcomes(first, rows)
		if err != nil {
			t.Fatal(err)
		}
		got, err := journal.DecodeOutcomes(raw, first, len(rows))
		if err != nil || !slices.Equal(got, rows) {
			t.Fatalf("%v: %s", err, cmp.Diff(rows, got))
		}
		one := journal.Result(rapid.IntRange(int(journal.Created), int(journal.Failed)).Draw(t, "of one result"))
		found, at := []journal.Row{}, []int{}
		err = journal.FindOutcomes(raw, first, len(rows), func(r journal.Result) bool { return r == one }, func(i int, r journal.Row) {
			found, at = append(found, r), append(at, i)
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			if r.Result == one {
				if len(found) == 0 || found[0] != r || at[0] != i {
					t.Fatalf("row %d is not found: %v at %v", i, found, at)
				}
				found, at = found[1:], at[1:]
			}
		}
		if len(found) > 0 {
			t.Fatalf("also found: %v", found)
		}
		if _, err := journal.DecodeOutcomes(raw, first, len(rows)+1); !errors.Is(err, journal.ErrMalformed) {
			t.Fatalf("as one row more: %v", err)
		}
	})
}

// Whatever a batch replaced is read again as it was written (rule J14).
func TestImagesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		ids := rapid.SliceOfN(anyID(), 0, 4)
		images := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) journal.Image {
			m := journal.Image{What: rapid.SampledFrom([]journal.Result{journal.Created, journal.Updated, journal.Deleted}).Draw(t, "what")}
			if m.What == journal.Created {
				if m.Hash = rapid.Uint64().Draw(t, "hash"); rapid.Bool().Draw(t, "for the first time") {
					return m
				}
			}
			m.Previous = time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "previous")).UTC()
			for range rapid.IntRange(0, 3).Draw(t, "fields") {
				m.Fields = append(m.Fields, journal.FieldChange{
					Field: rapid.SampledFrom([]string{"email", "last_name", ""}).Draw(t, "field"), Before: text.Draw(t, "before"), After: text.Draw(t, "after"),
				})
			}
			m.Added, m.Removed = ids.Draw(t, "added"), ids.Draw(t, "removed")
			for range rapid.IntRange(0, 3).Draw(t, "values") {
				m.CustomValues = append(m.CustomValues, journal.ValueChange{Field: anyID().Draw(t, "custom field"), Before: text.Draw(t, "before"), After: text.Draw(t, "after")})
			}
			return m
		}), 0, 30).Draw(t, "images")
		for i := range images {
			images[i].Row = rapid.IntRange(0, 3).Draw(t, "gap")
			if i > 0 {
				images[i].Row += images[i-1].Row + 1
			}
		}
		made := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) journal.Reference {
			return journal.Reference{ID: anyID().Draw(t, "made"), Company: anyID().Draw(t, "company"), Name: text.Draw(t, "name"), Deleted: rapid.Bool().Draw(t, "deleted")}
		}), 0, 4).Draw(t, "references")

		raw, err := encode(images, made)
		if err != nil {
			t.Fatal(err)
		}
		if raw == nil {
			if len(images)+len(made) > 0 {
				t.Fatal("nothing was written")
			}
			return
		}
		rows := 200
		got, gotMade, err := journal.DecodeImages(raw, rows)
		if diff := cmp.Diff(images, got, cmpopts.EquateEmpty()) + cmp.Diff(made, gotMade, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatalf("%v: %s", err, diff)
		}
		if len(images) > 0 {
			if _, _, err := journal.DecodeImages(raw, images[len(images)-1].Row); !errors.Is(err, journal.ErrMalformed) {
				t.Fatalf("of a batch of fewer rows: %v", err)
			}
		}
	})
}

func encode(images []journal.Image, made []journal.Reference) ([]byte, error) {
	var w journal.ImageWriter
	for _, m := range images {
		switch {
		case m.What == journal.Created && m.Previous.IsZero():
			w.Created(m.Row, m.Hash)
		case m.What == journal.Created:
			w.CreatedAs(m.Row, m.Hash, m.Previous)
		case m.What == journal.Updated:
			w.Updated(m.Row, m.Previous)
		default:
			w.Deleted(m.Row, m.Previous)
		}
		for _, f := range m.Fields {
			w.Field(f.Field, []byte(f.Before), []byte(f.After))
		}
		for _, label := range m.Added {
			w.LabelAdded(label)
		}
		for _, label := range m.Removed {
			w.LabelRemoved(label)
		}
		for _, v := range m.CustomValues {
			w.CustomValue(v.Field, v.Before, v.After)
		}
	}
	for _, r := range made {
		w.Made(r)
	}
	return w.Encode()
}

// What stands in a journal of new contacts, and of contacts of whom one field changed, takes little: most
// of it is the random part of ids, and hashes.
func TestAJournalIsSmall(t *testing.T) {
	const rows = 2_500
	outcomes, ids := make([]journal.Row, rows), id.Many(id.Contact, rows)
	var created journal.ImageWriter
	for i := range outcomes {
		outcomes[i] = journal.Row{Number: i + 1, Line: i + 2, Result: journal.Created, Record: ids[i]}
		created.Created(i, binary.BigEndian.Uint64(ids[i][7:15])*0x9E3779B97F4A7C15)
	}
	raw, err := journal.EncodeOutcomes(1, outcomes)
	images, err2 := created.Encode()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if a, b := len(raw)/rows, len(images)/rows; a > 8 || b > 9 {
		t.Errorf("outcomes take %d bytes a row, images %d", a, b)
	}
}

// What declares more than it has is refused before memory is taken for it.
func TestDeclaredLengthsAreChecked(t *testing.T) {
	huge := binary.AppendUvarint([]byte{1}, 500<<20)
	huge = append(binary.AppendUvarint(huge, 10), bytes.Repeat([]byte{0x28}, 10)...)
	for name, raw := range map[string][]byte{
		"nothing": nil, "another version": {9, 0, 0}, "half a MiB of one block": huge, "a length without an end": bytes.Repeat([]byte{0xFF}, 40),
	} {
		taken := allocated(func() {
			if _, err := journal.DecodeOutcomes(raw, 1, 1_000_000); !errors.Is(err, journal.ErrMalformed) {
				t.Errorf("%s as outcomes: %v", name, err)
			}
			if _, _, err := journal.DecodeImages(raw, 1_000_000); !errors.Is(err, journal.ErrMalformed) {
				t.Errorf("%s as images: %v", name, err)
			}
		})
		if taken > 16<<20 {
			t.Errorf("%s took %d bytes", name, taken)
		}
	}
}

func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Arbitrary bytes are an error, or what is written again to the same values; and they take no more
// memory than what they decompress to allows.
func FuzzDecode(f *testing.F) {
	ids := id.Many(id.Contact, 3)
	outcomes, err := journal.EncodeOutcomes(7, []journal.Row{{7, 8, journal.Created, ids[0]}, {8, 9, journal.Failed, id.ID{}}, {9, 12, journal.Unchanged, ids[1]}})
	if err != nil {
		f.Fatal(err)
	}
	images, err := encode([]journal.Image{
		{Row: 0, What: journal.Created, Hash: 1},
		{Row: 2, What: journal.Updated, Previous: time.UnixMicro(5), Fields: []journal.FieldChange{{"email", "a", "b"}}, Added: ids[:1], CustomValues: []journal.ValueChange{{ids[2], "x", ""}}},
	}, []journal.Reference{{ids[0], ids[1], "gold", true}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(outcomes, 3)
	f.Add(images, 3)
	f.Add([]byte{1, 0, 0}, 0)
	f.Fuzz(func(t *testing.T, raw []byte, rows int) {
		const most = 64 << 20 // what is tried here is a few kilobytes, of which each 3 can be a block of 128 KiB
		if len(raw) > 1_000 {
			return
		}
		taken := allocated(func() {
			if got, err := journal.DecodeOutcomes(raw, 1, rows); err == nil {
				again, err := journal.EncodeOutcomes(1, got)
				if err != nil || len(got) != rows {
					t.Fatal(err, len(got))
				}
				if same, err := journal.DecodeOutcomes(again, 1, rows); err != nil || !slices.Equal(same, got) {
					t.Fatal(err, cmp.Diff(got, same))
				}
			}
			if got, made, err := journal.DecodeImages(raw, rows); err == nil && len(got)+len(made) > 0 {
				again, err := encode(got, made)
				if err != nil {
					t.Fatal(err)
				}
				if same, sameMade, err := journal.DecodeImages(again, rows); err != nil || !cmp.Equal(same, got) || !cmp.Equal(sameMade, made) {
					t.Fatal(err, cmp.Diff(got, same), cmp.Diff(made, sameMade))
				}
			}
		})
		if taken > 16*most {
			t.Errorf("%d bytes of memory for %d", taken, len(raw))
		}
	})
}
