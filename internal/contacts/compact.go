package contacts

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
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
		if err := s.db.SQL().QueryRowContext(ctx, `SELECT COUNT(username_key) + COUNT(first_name_key) + COUNT(last_name_key)
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
		if err := s.db.InTx(database.Bulk(ctx), func(ctx context.Context, tx *database.Tx) error { return repack(ctx, tx, company, some) }); err != nil {
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
func repack(ctx context.Context, tx *database.Tx, company id.ID, some []*ent.SearchBlock) error {
	args := []any{company}
	marks := make([]string, len(some)) // compactPiece at most
	for i, b := range some {
		args = append(args, b.ID)
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
	var kept []blockEntry
	if err := each(ctx, tx, company, people, func(c *ent.Contact) {
		for _, key := range []*string{c.UsernameKey, c.FirstNameKey, c.LastNameKey} {
			if key != nil && said[blockEntry{*key, c.ID}] {
				kept = append(kept, blockEntry{*key, c.ID})
			}
		}
	}); err != nil {
		return err
	}
	return loadBlocks(ctx, tx, blocksOf(company, kept))
}

// each reads those of the people whose keys stand in blocks.
func each(ctx context.Context, tx *database.Tx, company id.ID, people map[id.ID]bool, do func(*ent.Contact)) error {
	ids := make([]id.ID, 0, atOnce)
	read := func() error {
		found, err := tx.Ent().Contact.Query().Where(contact.CompanyID(company), contact.InBlock(true), database.Among(contact.FieldID, ids)).
			Select(contact.FieldID, contact.FieldUsernameKey, contact.FieldFirstNameKey, contact.FieldLastNameKey).All(ctx)
		for _, c := range found {
			do(c)
		}
		ids = ids[:0]
		return err
	}
	for person := range people {
		if ids = append(ids, person); len(ids) == atOnce {
			if err := read(); err != nil {
				return err
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return read()
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
