package contacts

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tenantry/ent/generated/ent/searchblock"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// Blocks are the search keys of contacts that come together, by the thousand. An index
// takes each key by itself, to a place of its own, which costs an import a tenth of its time
// on PostgreSQL and a third on SQLite. Sorted and put by the hundred into a row, they cost
// next to nothing, and a search finds the few rows that its range of keys lies in. A
// contact's in_block says where its keys are: there, or in the indexes.
//
// What a block says is a hint, never the truth: whoever finds a contact in one looks whether
// it is called so still, or is there at all. So nothing is ever changed in a block. A contact
// that changes has its new keys in another one, or in the indexes; what has outlived its
// use is cleared away by [Service.Compact].
type Blocks struct{ of map[id.ID][]blockEntry }

type blockEntry struct {
	key     string
	contact id.ID
}

const (
	// worthBlocks is from how many keys on blocks are written: fewer cost little in the
	// indexes, and would make for small blocks, of which a search has to read many.
	worthBlocks = 500
	blockSize   = 256 // keys
)

var errCutShort = errors.New("a search block is cut short")

// Add adds the search keys of a contact of the company; those that are nil are none.
func (b *Blocks) Add(company, contact id.ID, keys []*string) {
	if b.of == nil {
		b.of = map[id.ID][]blockEntry{}
	}
	for _, key := range keys {
		if key != nil {
			b.of[company] = append(b.of[company], blockEntry{*key, contact})
		}
	}
}

// Take reports whether the company's contacts are to have in_block set: its keys are enough
// to be written by Write.
func (b *Blocks) Take(company id.ID) bool { return len(b.of[company]) >= worthBlocks }

// Write writes the blocks of the companies that have enough keys, in the transaction in
// which their contacts get in_block.
func (b *Blocks) Write(ctx context.Context, tx *database.Tx) error {
	var blocks []block
	for company, entries := range b.of {
		if b.Take(company) {
			blocks = append(blocks, blocksOf(company, entries)...)
		}
	}
	return database.Insert(ctx, tx, searchblock.Table, blockColumns, blocks)
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

// blocksOf sorts the entries into blocks.
func blocksOf(company id.ID, entries []blockEntry) (blocks []block) {
	slices.SortFunc(entries, func(x, y blockEntry) int {
		return cmp.Or(strings.Compare(x.key, y.key), slices.Compare(x.contact[:], y.contact[:]))
	})
	for some := range slices.Chunk(slices.Compact(entries), blockSize) {
		var packed []byte
		for _, e := range some {
			packed = binary.AppendUvarint(packed, uint64(len(e.key)))
			packed = append(append(packed, e.key...), e.contact[:]...)
		}
		blocks = append(blocks, block{company, some[0].key, some[len(some)-1].key, len(some), packed})
	}
	return blocks
}

// inBlocks gives, by company, the contacts that blocks have under keys that begin with the
// prefix, in one statement.
func (s *Service) inBlocks(ctx context.Context, companies []id.ID, prefix string) (map[id.ID][]id.ID, error) {
	var args []any
	arg := func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	}
	d := s.db.Dialect()
	rows, err := s.db.SQL().QueryContext(ctx, `SELECT company_id, entries FROM search_blocks
		WHERE company_id`+d.AmongIDs(arg(d.IDs(companies)))+` AND `+overlapping(prefix, arg), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[id.ID][]id.ID, len(companies))
	for rows.Next() {
		var company id.ID
		var packed []byte
		if err := rows.Scan(&company, &packed); err != nil {
			return nil, err
		}
		if err := unpack(packed, func(key []byte, contact id.ID) {
			if strings.HasPrefix(string(key), prefix) {
				found[company] = append(found[company], contact)
			}
		}); err != nil {
			return nil, err
		}
	}
	for company, contacts := range found {
		slices.SortFunc(contacts, func(x, y id.ID) int { return slices.Compare(x[:], y[:]) })
		found[company] = slices.Compact(contacts)
	}
	return found, rows.Err()
}

// overlapping: the block may have keys that begin with the prefix.
func overlapping(prefix string, arg func(any) string) string {
	return reaching("last_key", prefix, "first_key", arg)
}

// filled: all of the block's keys begin with the prefix.
func filled(prefix string, arg func(any) string) string {
	return reaching("first_key", prefix, "last_key", arg)
}

// reaching: one column is not before the texts that begin with the prefix, the other not
// behind them.
func reaching(from, prefix, to string, arg func(any) string) string {
	where := from + " >= " + arg(prefix)
	if end := behind(prefix); end != "" {
		where += " AND " + to + " < " + arg(end)
	}
	return where
}
