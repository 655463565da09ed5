package searchindex

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"tenantry/ent/generated/ent/searchblock"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

const (
	// worthBlocks is from how many keys on blocks are written: fewer cost little in the owner's
	// index, and would make for small blocks, of which a search has to read many.
	worthBlocks = 500
	blockSize   = 256 // keys
)

// Batch is the keys of records that are written together. Its zero value is empty.
type Batch struct{ of map[id.ID][]entry }

type entry struct {
	key    string
	record id.ID
}

// Add adds the keys of a record of the company; those that are nil are none.
func (b *Batch) Add(company, record id.ID, keys []*string) {
	if b.of == nil {
		b.of = map[id.ID][]entry{}
	}
	for _, key := range keys {
		if key != nil {
			b.of[company] = append(b.of[company], entry{*key, record})
		}
	}
}

// Takes reports whether Write will write the company's keys, so that its records are to be
// marked: there are enough of them.
func (b *Batch) Takes(company id.ID) bool { return len(b.of[company]) >= worthBlocks }

// Write writes the keys of the companies that have enough, in the transaction in which their
// records are marked.
func (b *Batch) Write(ctx context.Context, tx *database.Tx) error {
	var blocks []block
	for company, entries := range b.of {
		if b.Takes(company) {
			blocks = append(blocks, blocksOf(company, entries)...)
		}
	}
	return insert(ctx, tx, blocks)
}

// block is some of a company's keys, sorted.
type block struct {
	company     id.ID
	first, last string
	size        int
	packed      []byte
}

var blockColumns = []database.Column[block]{
	{Name: searchblock.FieldCompanyID, Of: func(b block) any { return b.company }},
	{Name: searchblock.FieldFirstKey, Of: func(b block) any { return b.first }},
	{Name: searchblock.FieldLastKey, Of: func(b block) any { return b.last }},
	{Name: searchblock.FieldSize, Of: func(b block) any { return b.size }},
	{Name: searchblock.FieldEntries, Of: func(b block) any { return b.packed }},
}

func insert(ctx context.Context, tx *database.Tx, blocks []block) error {
	return database.Insert(ctx, tx, searchblock.Table, blockColumns, blocks)
}

// blocksOf sorts the entries into blocks.
func blocksOf(company id.ID, entries []entry) (blocks []block) {
	slices.SortFunc(entries, func(x, y entry) int {
		return cmp.Or(strings.Compare(x.key, y.key), slices.Compare(x.record[:], y.record[:]))
	})
	for some := range slices.Chunk(slices.Compact(entries), blockSize) {
		var packed []byte
		for _, e := range some {
			packed = binary.AppendUvarint(packed, uint64(len(e.key)))
			packed = append(append(packed, e.key...), e.record[:]...)
		}
		blocks = append(blocks, block{company, some[0].key, some[len(some)-1].key, len(some), packed})
	}
	return blocks
}
