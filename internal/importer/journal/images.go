package journal

import (
	"encoding/binary"
	"time"

	"tenantry/internal/id"
)

// Image is what a batch did to a record: one of each, whichever of its rows are about it.
type Image struct {
	// Row is the index in the batch of the last row that created, changed or deleted the record:
	// that row of its outcomes has the record's id.
	Row  int
	What Result // Created, Updated or Deleted: what the whole batch did to it

	// Hash is of the state in which the batch left a record that it created.
	Hash uint64

	// What was replaced in a record that was updated; all that it had, and nothing behind it, of
	// one that was deleted; of a contact that was created, where the batch, of an undo, has made it again, how it
	// differs from what was deleted; all of a new customer, with nothing before it.
	Previous     time.Time // its updated_at before; zero: it was not there
	Fields       []FieldChange
	Added        []id.ID // labels
	Removed      []id.ID // labels
	CustomValues []ValueChange
}

// FieldChange is a field of a record, by its name in files, before and behind the batch. Values are
// in the form of package field's AppendState; empty is absent.
type FieldChange struct{ Field, Before, After string }

// ValueChange is a custom field's value before and behind the batch; empty is absent.
type ValueChange struct {
	Field         id.ID
	Before, After string
}

// Reference is what a batch made for its rows beside their records: a label, a project or a desk that
// they name (rule R5), or the right of a partner admin. The id says of which kind it is.
type Reference struct {
	ID      id.ID // of the label, project or desk; of the user who became partner admin
	Company id.ID
	Name    string // empty for a partner admin
	Deleted bool   // the batch, of an undo, has deleted it
}

// The columns of images.
const (
	fieldNames   = iota // their number, then each with its length: what fields are numbered by
	knownIDs            // of labels and custom fields: what those are numbered by
	imageKinds          // one byte of an image
	imageRows           // how much further than one behind the last
	previousAt          // microseconds, how much later than the last
	changeCounts        // of an image that is no creation: fields, labels added, labels removed, values
	fieldNumbers        // of a change
	beforeLengths
	afterLengths
	befores
	afters
	labelNumbers
	valueNumbers
	valueBeforeLengths
	valueAfterLengths
	valueBefores
	valueAfters
	referenceIDs         // 32 bytes of a reference: its id and its company's
	referenceNameLengths // twice the length, and one more where it was deleted
	referenceNames
	imageColumns
)

// more is set in the kind of an image of a creation that says more than a hash.
const more = 0x80

// ImageWriter collects the images of a batch, in the order of their rows, and what it made for them.
// The zero value is ready; it is for one goroutine.
//
// Behind Updated, Deleted and CreatedAs stand the calls that say what of the record was replaced.
type ImageWriter struct {
	columns [imageColumns][]byte
	hashes  []byte
	names   []string
	numbers map[id.ID]int // of labels and custom fields
	row     int           // one behind the last image's
	at      int64         // of the last one

	open                            bool // the last image's counts are to be written
	fields, added, removed, changed int  // the counts
	any                             bool
}

// Created says that the batch created the record of its row of that index, and left it in a state of
// that hash.
func (w *ImageWriter) Created(row int, hash uint64) {
	w.begin(row, Created)
	w.hashes = binary.LittleEndian.AppendUint64(w.hashes, hash)
}

// CreatedAs is Created of a record of which the calls behind it say more. previous is its updated_at when it was deleted, where
// the batch has made it again; else it is zero.
func (w *ImageWriter) CreatedAs(row int, hash uint64, previous time.Time) {
	w.replaced(row, Created|more, previous)
	w.hashes = binary.LittleEndian.AppendUint64(w.hashes, hash)
}

// Updated says that the batch changed the record of the row, whose updated_at was previous.
func (w *ImageWriter) Updated(row int, previous time.Time) { w.replaced(row, Updated, previous) }

// Deleted says that the batch deleted the record of the row, whose updated_at was previous.
func (w *ImageWriter) Deleted(row int, previous time.Time) { w.replaced(row, Deleted, previous) }

func (w *ImageWriter) replaced(row int, what Result, previous time.Time) {
	w.begin(row, what)
	w.open = true
	at := previous.UnixMicro()
	w.columns[previousAt] = binary.AppendVarint(w.columns[previousAt], at-w.at)
	w.at = at
}

func (w *ImageWriter) begin(row int, what Result) {
	w.end()
	w.any = true
	w.columns[imageKinds] = append(w.columns[imageKinds], byte(what))
	w.columns[imageRows] = binary.AppendVarint(w.columns[imageRows], int64(row-w.row))
	w.row = row + 1
}

// end writes the counts of the last image.
func (w *ImageWriter) end() {
	if !w.open {
		return
	}
	c := w.columns[changeCounts]
	for _, n := range [...]int{w.fields, w.added, w.removed, w.changed} {
		c = binary.AppendUvarint(c, uint64(n))
	}
	w.columns[changeCounts] = c
	w.open, w.fields, w.added, w.removed, w.changed = false, 0, 0, 0, 0
}

// Field says that the field of the record of this name in files had another value before.
func (w *ImageWriter) Field(name string, before, after []byte) {
	w.fields++
	c := &w.columns
	c[fieldNumbers] = binary.AppendUvarint(c[fieldNumbers], w.nameNumber(name))
	c[beforeLengths], c[befores] = binary.AppendUvarint(c[beforeLengths], uint64(len(before))), append(c[befores], before...)
	c[afterLengths], c[afters] = binary.AppendUvarint(c[afterLengths], uint64(len(after))), append(c[afters], after...)
}

// LabelAdded says that the record has the label since. All those come before the first LabelRemoved.
func (w *ImageWriter) LabelAdded(label id.ID) {
	w.added++
	w.columns[labelNumbers] = binary.AppendUvarint(w.columns[labelNumbers], w.idNumber(label))
}

// LabelRemoved says that the record had the label.
func (w *ImageWriter) LabelRemoved(label id.ID) {
	w.removed++
	w.columns[labelNumbers] = binary.AppendUvarint(w.columns[labelNumbers], w.idNumber(label))
}

// CustomValue says that the record's value of the custom field was another one; empty is none.
func (w *ImageWriter) CustomValue(field id.ID, before, after string) {
	w.changed++
	c := &w.columns
	c[valueNumbers] = binary.AppendUvarint(c[valueNumbers], w.idNumber(field))
	c[valueBeforeLengths], c[valueBefores] = binary.AppendUvarint(c[valueBeforeLengths], uint64(len(before))), append(c[valueBefores], before...)
	c[valueAfterLengths], c[valueAfters] = binary.AppendUvarint(c[valueAfterLengths], uint64(len(after))), append(c[valueAfters], after...)
}

// Made says what the batch made for its rows, or deleted. It may be called at any time.
func (w *ImageWriter) Made(r Reference) {
	w.any = true
	c := &w.columns
	c[referenceIDs] = append(append(c[referenceIDs], r.ID[:]...), r.Company[:]...)
	size := uint64(len(r.Name)) << 1
	if r.Deleted {
		size++
	}
	c[referenceNameLengths], c[referenceNames] = binary.AppendUvarint(c[referenceNameLengths], size), append(c[referenceNames], r.Name...)
}

func (w *ImageWriter) nameNumber(name string) uint64 {
	for i, known := range w.names { // a batch has few
		if known == name {
			return uint64(i)
		}
	}
	w.names = append(w.names, name)
	w.columns[fieldNames] = append(binary.AppendUvarint(w.columns[fieldNames], uint64(len(name))), name...)
	return uint64(len(w.names) - 1)
}

func (w *ImageWriter) idNumber(of id.ID) uint64 {
	n, known := w.numbers[of]
	if !known {
		if w.numbers == nil {
			w.numbers = map[id.ID]int{}
		}
		n = len(w.numbers)
		w.numbers[of] = n
		w.columns[knownIDs] = append(w.columns[knownIDs], of[:]...)
	}
	return uint64(n)
}

// Encode gives all images; nil where there are none, and nothing was made. Nothing is to be added
// behind it.
func (w *ImageWriter) Encode() ([]byte, error) {
	if !w.any {
		return nil, nil
	}
	w.end()
	return pack(w.columns[:], w.hashes)
}

// Decode gives what became of the rows of a batch, its images, in the order of the rows, and what it made for
// them: [DecodeOutcomes] and [DecodeImages] of both columns. There are no images where they are kept no longer.
func Decode(outcomes, images []byte, first, rows int) (of []Row, replaced []Image, made []Reference, err error) {
	if of, err = DecodeOutcomes(outcomes, first, rows); err == nil && len(images) > 0 {
		replaced, made, err = DecodeImages(images, rows)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	return of, replaced, made, nil
}

// DecodeImages gives the images of a batch that has so many rows, in the order of those, and what it
// made for them. It takes a few times the memory of what raw decompresses to, which is 512 MiB at
// most. The error is [ErrMalformed].
func DecodeImages(raw []byte, rows int) ([]Image, []Reference, error) {
	columns, hashes, err := unpack(raw, maxPlain, imageColumns)
	if err != nil {
		return nil, nil, err
	}
	d := decoder{c: columns, hashes: hashes}
	for names := &columns[fieldNames]; len(names.rest) > 0; {
		d.names = append(d.names, string(names.take(names.count(len(names.rest)))))
	}
	for known := &columns[knownIDs]; len(known.rest) > 0; {
		d.ids = append(d.ids, known.id())
	}
	images := make([]Image, min(len(columns[imageKinds].rest), max(rows, 0)))
	row := 0
	for i := range images {
		next := row + int(columns[imageRows].varint())
		if next < row || next >= rows || !d.image(&images[i]) {
			return nil, nil, malformed("image %d is wrong", i)
		}
		images[i].Row, row = next, next+1
	}
	references := make([]Reference, len(columns[referenceIDs].rest)/(2*len(id.ID{})))
	for i := range references {
		r := &references[i]
		r.ID, r.Company = columns[referenceIDs].id(), columns[referenceIDs].id()
		size := columns[referenceNameLengths].uvarint()
		if size>>1 > uint64(len(columns[referenceNames].rest)) {
			return nil, nil, malformed("the name of reference %d is too long", i)
		}
		r.Name, r.Deleted = string(columns[referenceNames].take(int(size>>1))), size&1 == 1
	}
	return images, references, read(append(columns, d.hashes)...)
}

// decoder reads image after image.
type decoder struct {
	c      []column
	hashes column
	names  []string
	ids    []id.ID
	at     int64
}

func (d *decoder) image(to *Image) bool {
	c := d.c
	of := c[imageKinds].byte()
	to.What = Result(of &^ more)
	switch {
	case to.What == Created:
		if to.Hash = d.hashes.uint64(); of&more == 0 || d.hashes.bad {
			return !d.hashes.bad
		}
	case of != byte(Updated) && of != byte(Deleted):
		return false
	}
	d.at += c[previousAt].varint()
	to.Previous = time.UnixMicro(d.at).UTC()
	counts := &c[changeCounts]
	fields, labels := counts.entries(&c[fieldNumbers]), &c[labelNumbers]
	added, removed := counts.entries(labels), counts.entries(labels)
	values := counts.entries(&c[valueNumbers])
	if counts.bad || added+removed > len(labels.rest) {
		return false
	}
	to.Fields = make([]FieldChange, fields)
	for i := range to.Fields {
		n := c[fieldNumbers].count(len(d.names) - 1)
		if c[fieldNumbers].bad || n >= len(d.names) {
			return false
		}
		to.Fields[i] = FieldChange{d.names[n], c[befores].text(&c[beforeLengths]), c[afters].text(&c[afterLengths])}
	}
	to.Added, to.Removed = make([]id.ID, added), make([]id.ID, removed)
	for _, list := range [][]id.ID{to.Added, to.Removed} {
		for i := range list {
			list[i] = d.id(labels)
		}
	}
	to.CustomValues = make([]ValueChange, values)
	for i := range to.CustomValues {
		field := d.id(&c[valueNumbers])
		to.CustomValues[i] = ValueChange{field, c[valueBefores].text(&c[valueBeforeLengths]), c[valueAfters].text(&c[valueAfterLengths])}
	}
	return !labels.bad && !c[valueNumbers].bad
}

// id is the one of the number that the column has.
func (d *decoder) id(numbers *column) id.ID {
	n := numbers.count(len(d.ids) - 1)
	if numbers.bad || n >= len(d.ids) {
		numbers.bad = true
		return id.ID{}
	}
	return d.ids[n]
}
