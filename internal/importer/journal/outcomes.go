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
	if rows < 0 || rows > maxRows {
		return nil, malformed("a batch does not have %d rows", rows)
	}
	columns, random, err := unpack(raw, rows*mostOutcome+outcomeColumns*binary.MaxVarintLen32, outcomeColumns)
	if err != nil {
		return nil, err
	}
	if len(columns[rowResults].rest) != rows {
		return nil, malformed("it has %d rows, and is to have %d", len(columns[rowResults].rest), rows)
	}
	gapless := len(columns[rowNumbers].rest) == 0
	records := idColumns{times: &columns[recordTimes], kinds: &columns[recordKinds], random: &random}
	out, number, line := make([]Row, rows), int64(first), int64(1)
	for i := range out {
		b := columns[rowResults].byte()
		if !gapless {
			number += columns[rowNumbers].varint()
		}
		line += columns[rowLines].varint()
		r := &out[i]
		*r = Row{Number: int(number), Line: int(line), Result: Result(b &^ hasRecord)}
		if b&hasRecord != 0 {
			r.Record = records.next()
		}
		if r.Result < Created || r.Result > Failed {
			return nil, malformed("row %d has the result %d", i, r.Result)
		}
		number++
		line++
	}
	return out, read(append(columns, random)...)
}
