package searchindex

import (
	"bytes"
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
type Batch struct {
	of    map[id.ID][]entry
	spare []entry // room for those of the first company
}

// NewBatch returns a Batch with room for so many keys.
func NewBatch(keys int) *Batch { return &Batch{spare: make([]entry, 0, keys)} }

type entry struct {
	key    string
	record id.ID
}

// Add adds the keys of a record of the company; those that are empty are none.
func (b *Batch) Add(company, record id.ID, keys ...string) {
	if b.of == nil {
		b.of = map[id.ID][]entry{}
	}
	entries, ok := b.of[company]
	if !ok {
		entries, b.spare = b.spare, nil
	}
	for _, key := range keys {
		if key != "" {
			entries = append(entries, entry{key, record})
		}
	}
	b.of[company] = entries
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
	{Name: searchblock.FieldCompanyID, Put: func(to *database.Values, b block) { to.ID(b.company) }},
	{Name: searchblock.FieldFirstKey, Of: func(b block) any { return b.first }},
	{Name: searchblock.FieldLastKey, Of: func(b block) any { return b.last }},
	{Name: searchblock.FieldSize, Of: func(b block) any { return b.size }},
	{Name: searchblock.FieldEntries, Put: func(to *database.Values, b block) { to.Bytes(b.packed) }},
}

func insert(ctx context.Context, tx *database.Tx, blocks []block) error {
	return database.Insert(ctx, tx, searchblock.Table, blockColumns, blocks)
}

// blocksOf sorts the entries into blocks.
func blocksOf(company id.ID, entries []entry) (blocks []block) {
	slices.SortFunc(entries, func(x, y entry) int {
		if c := strings.Compare(x.key, y.key); c != 0 {
			return c
		}
		return bytes.Compare(x.record[:], y.record[:])
	})
	for some := range slices.Chunk(slices.Compact(entries), blockSize) {
		size := 0
		for _, e := range some {
			size += 2 + len(e.key) + len(e.record) // a longer key's length takes a byte more: rarely
		}
		packed := make([]byte, 0, size)
		for _, e := range some {
			packed = binary.AppendUvarint(packed, uint64(len(e.key)))
			packed = append(append(packed, e.key...), e.record[:]...)
		}
		blocks = append(blocks, block{company, some[0].key, some[len(some)-1].key, len(some), packed})
	}
	return blocks
}
