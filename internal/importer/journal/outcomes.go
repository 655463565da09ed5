package journal

import (
	"encoding/binary"
	"fmt"

	"tenantry/internal/id"
)

// Row is what became of a row.
type Row struct {
	Number int // in the file; 1 is its first data row
	Line   int // of the file, on which it begins
	Result Result
	Record id.ID // which the row is about; the nil UUID: none, or it is not known
}

// The columns of outcomes.
const (
	rowResults = iota // with hasRecord where the row has one
	rowNumbers        // how much further than one behind the last; empty where all are 0
	rowLines          // likewise
	recordTimes
	recordKinds
	outcomeColumns
)

const (
	hasRecord = 0x80

	// mostOutcome is how many bytes a row takes at most in the columns.
	mostOutcome = 2 + 3*binary.MaxVarintLen64
)

// EncodeOutcomes encodes the rows of a batch; first is the batch's first_row. An import's rows are
// numbered from there on without a gap, and the numbers take no space then.
func EncodeOutcomes(first int, rows []Row) ([]byte, error) {
	if len(rows) > maxRows {
		return nil, fmt.Errorf("a batch has %d rows; it may have %d", len(rows), maxRows)
	}
	results, numbers, lines := make([]byte, len(rows)), make([]byte, 0, len(rows)), make([]byte, 0, len(rows))
	records := ids{times: make([]byte, 0, 2*len(rows)), kinds: make([]byte, 0, len(rows)), random: make([]byte, 0, randomBytes*len(rows))}
	gapless, number, line := true, first, 1
	for i := range rows {
		r := &rows[i]
		results[i] = byte(r.Result)
		if r.Record != (id.ID{}) {
			results[i] |= hasRecord
			records.add(r.Record)
		}
		gapless = gapless && r.Number == number
		numbers = binary.AppendVarint(numbers, int64(r.Number-number))
		lines = binary.AppendVarint(lines, int64(r.Line-line))
		number, line = r.Number+1, r.Line+1
	}
	if gapless {
		numbers = nil
	}
	return pack([][]byte{rowResults: results, rowNumbers: numbers, rowLines: lines, recordTimes: records.times, recordKinds: records.kinds}, records.random)
}

// DecodeOutcomes is the inverse of [EncodeOutcomes]; first and rows are the batch's first_row and
// rows. It takes some hundred bytes of memory a row at most, whatever raw is. The error is
// [ErrMalformed].
func DecodeOutcomes(raw []byte, first, rows int) ([]Row, error) {
	var out []Row
	err := FindOutcomes(raw, first, rows, func(Result) bool { return true }, func(i int, r Row) {
		if out == nil {
			out = make([]Row, rows)
		}
		out[i] = r
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// FindOutcomes is [DecodeOutcomes] for the rows of some results alone, which takes a fraction of the time. It
// calls each with these rows and their indexes, in order; what it has said counts for nothing if it
// returns an error.
func FindOutcomes(raw []byte, first, rows int, wanted func(Result) bool, each func(i int, r Row)) error {
	if rows < 0 || rows > maxRows {
		return malformed("a batch does not have %d rows", rows)
	}
	columns, random, err := unpack(raw, rows*mostOutcome+outcomeColumns*binary.MaxVarintLen32, outcomeColumns)
	if err != nil {
		return err
	}
	if len(columns[rowResults].rest) != rows {
		return malformed("it has %d rows, and is to have %d", len(columns[rowResults].rest), rows)
	}
	var want [Failed + 1]bool
	for result := Created; result <= Failed; result++ {
		want[result] = wanted(result)
	}
	gapless := len(columns[rowNumbers].rest) == 0
	records := idColumns{times: &columns[recordTimes], kinds: &columns[recordKinds], random: &random}
	number, line := int64(first), int64(1)
	for i := range rows {
		b := columns[rowResults].byte()
		if !gapless {
			number += columns[rowNumbers].varint()
		}
		line += columns[rowLines].varint()
		result := Result(b &^ hasRecord)
		if result < Created || result > Failed {
			return malformed("row %d has the result %d", i, result)
		}
		var record id.ID
		switch {
		case b&hasRecord == 0:
		case want[result]:
			record = records.next()
		default:
			records.skip()
		}
		if want[result] {
			each(i, Row{Number: int(number), Line: int(line), Result: result, Record: record})
		}
		number++
		line++
	}
	return read(append(columns, random)...)
}
