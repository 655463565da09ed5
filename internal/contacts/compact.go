package contacts

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/searchblock"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

const (
	// compactFrom is from how many keys on that say nothing, or say it again, a company's
	// blocks are worth the work.
	compactFrom = 10_000
	// compactPiece is how many blocks one transaction packs anew.
	compactPiece = 100
)

// Compact packs blocks anew where more than half of what they say has outlived its use:
// contacts that were changed again and again, or are gone. It goes piece by piece, in small
// transactions; several processes may do so at once, and imports and searches go on.
func (s *Service) Compact(ctx context.Context) error {
	ctx = viewer.BypassTenancy(ctx, "search blocks are packed anew, whosever they are")
	var full []struct {
		CompanyID id.ID `json:"company_id"`
		Keys      int
		Blocks    int
	}
	err := s.db.Ent().SearchBlock.Query().GroupBy(searchblock.FieldCompanyID).
		Aggregate(ent.As(ent.Sum(searchblock.FieldSize), "keys"), ent.As(ent.Count(), "blocks")).Scan(ctx, &full)
	if err != nil {
		return fmt.Errorf("asking how full search blocks are: %w", err)
	}
	for _, c := range full {
		if c.Keys < compactFrom {
			continue
		}
		alive := 0
		if err := s.db.SQL().QueryRowContext(ctx, `SELECT COUNT(`+strings.Join(s.bulk.keyColumns(), `) + COUNT(`)+`)
			FROM contacts WHERE company_id = $1 AND in_block`, c.CompanyID).Scan(&alive); err != nil {
			return fmt.Errorf("counting what search blocks say: %w", err)
		}
		if c.Keys < 2*alive+compactFrom {
			continue
		}
		if err := s.compact(ctx, c.CompanyID, 2*c.Blocks/compactPiece+1); err != nil {
			return fmt.Errorf("packing search blocks anew: %w", err)
		}
	}
	return nil
}

// compact goes once through the company's blocks in the order of their keys, so that what is
// said twice comes together.
func (s *Service) compact(ctx context.Context, company id.ID, pieces int) error {
	rest := searchblock.FirstKeyGTE("")
	from := ""
	for range pieces {
		some, err := s.db.Ent().SearchBlock.Query().Where(searchblock.CompanyID(company), rest).
			Order(ent.Asc(searchblock.FieldFirstKey, searchblock.FieldID)).Limit(compactPiece).
			Select(searchblock.FieldID, searchblock.FieldFirstKey).All(ctx)
		if err != nil || len(some) == 0 {
			return err
		}
		if err := s.db.InTx(database.Bulk(ctx), func(ctx context.Context, tx *database.Tx) error { return s.bulk.repack(ctx, tx, company, some) }); err != nil {
			return err
		}
		if len(some) < compactPiece {
			return nil
		}
		last := some[len(some)-1].FirstKey
		if rest = searchblock.FirstKeyGTE(last); last == from { // a piece of one key alone
			rest = searchblock.FirstKeyGT(last)
		}
		from = last
	}
	return nil
}

// repack puts what the blocks say, and is so still, into new ones. Blocks that another
// process has taken meanwhile are its.
func (b *Bulk) repack(ctx context.Context, tx *database.Tx, company id.ID, some []*ent.SearchBlock) error {
	args := []any{company}
	marks := make([]string, len(some)) // compactPiece at most
	for i, old := range some {
		args = append(args, old.ID)
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	rows, err := tx.QueryContext(ctx, `DELETE FROM search_blocks WHERE company_id = $1 AND id IN (`+strings.Join(marks, ", ")+`) RETURNING entries`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	said := map[blockEntry]bool{}
	people := map[id.ID]bool{}
	for rows.Next() {
		var packed []byte
		if err := rows.Scan(&packed); err != nil {
			return err
		}
		if err := unpack(packed, func(key []byte, contact id.ID) {
			said[blockEntry{string(key), contact}], people[contact] = true, true
		}); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	ids := make([]string, 0, len(people))
	for person := range people {
		ids = append(ids, person.String())
	}
	var kept []blockEntry
	for ids := range slices.Chunk(ids, atOnce) {
		if err := b.readKeys(ctx, tx, company, ids, func(contact id.ID, key string) {
			if e := (blockEntry{key, contact}); said[e] {
				kept = append(kept, e)
			}
		}); err != nil {
			return err
		}
	}
	return database.Insert(ctx, tx, searchblock.Table, blockColumns, blocksOf(company, kept))
}

// keyColumns are the columns of search keys.
func (b *Bulk) keyColumns() []string {
	columns := make([]string, len(b.searched))
	for i := range b.searched {
		columns[i] = b.searched[i].SearchKey
	}
	return columns
}

// readKeys reads the keys of those of the contacts whose keys stand in blocks.
func (b *Bulk) readKeys(ctx context.Context, tx *database.Tx, company id.ID, ids []string, do func(contact id.ID, key string)) error {
	rows, err := tx.QueryContext(ctx, `SELECT id, `+strings.Join(b.keyColumns(), ", ")+` FROM contacts WHERE company_id = $1 AND in_block AND id`+
		tx.Dialect().AmongIDTexts("$2"), company, database.Texts(ids))
	if err != nil {
		return err
	}
	defer rows.Close()
	var contact id.ID
	keys, into := make([]sql.NullString, len(b.searched)), []any{&contact}
	for i := range keys {
		into = append(into, &keys[i])
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for _, key := range keys {
			if key.Valid {
				do(contact, key.String)
			}
		}
	}
	return rows.Err()
}

// unpack reads a block's entries in their order.
func unpack(packed []byte, do func(key []byte, contact id.ID)) error {
	const idLength = len(id.ID{})
	for len(packed) > 0 {
		n, width := binary.Uvarint(packed)
		if width <= 0 || uint64(len(packed)) < n || len(packed) < width+int(n)+idLength {
			return errCutShort
		}
		end := width + int(n)
		do(packed[width:end], id.ID(packed[end:end+idLength]))
		packed = packed[end+idLength:]
	}
	return nil
}
