package searchindex

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/searchblock"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

const (
	// compactFrom is from how many outdated or repeated keys on a company's blocks are worth
	// the work.
	compactFrom = 10_000
	// compactPiece is how many blocks one transaction rewrites.
	compactPiece = 100
	// readAtOnce is of how many records the keys are read at once.
	readAtOnce = 5_000
)

// Compact rewrites the blocks of companies where more than half of the keys are outdated or
// repeated, because records were changed again and again, or are gone. It does so piece by piece,
// in small transactions; several processes may do it at once, beside writes and searches.
func (x *Index) Compact(ctx context.Context) error {
	ctx = viewer.BypassTenancy(ctx, "search blocks are rewritten, whosever they are")
	var full []struct {
		CompanyID id.ID `json:"company_id"`
		Keys      int
	}
	err := x.db.Ent().SearchBlock.Query().GroupBy(searchblock.FieldCompanyID).
		Aggregate(ent.As(ent.Sum(searchblock.FieldSize), "keys")).Scan(ctx, &full)
	if err != nil {
		return fmt.Errorf("counting the keys of search blocks: %w", err)
	}
	for _, c := range full {
		if c.Keys < compactFrom {
			continue
		}
		alive, err := x.records.CountKeys(ctx, c.CompanyID)
		if err != nil {
			return fmt.Errorf("counting the keys of records: %w", err)
		}
		if c.Keys < 2*alive+compactFrom {
			continue
		}
		if err := x.Rewrite(ctx, c.CompanyID); err != nil {
			return fmt.Errorf("rewriting search blocks: %w", err)
		}
	}
	return nil
}

// Rewrite goes once through the company's blocks in the order of their keys, so that repeated
// keys come together, and drops those and the outdated ones.
func (x *Index) Rewrite(ctx context.Context, company id.ID) error {
	blocks, err := x.db.Ent().SearchBlock.Query().Where(searchblock.CompanyID(company)).Count(ctx)
	if err != nil {
		return err
	}
	pieces := 2*blocks/compactPiece + 1 // a piece may leave up to as many blocks as it had
	rest := searchblock.FirstKeyGTE("")
	from := ""
	for range pieces {
		some, err := x.db.Ent().SearchBlock.Query().Where(searchblock.CompanyID(company), rest).
			Order(ent.Asc(searchblock.FieldFirstKey, searchblock.FieldID)).Limit(compactPiece).
			Select(searchblock.FieldID, searchblock.FieldFirstKey).All(ctx)
		if err != nil || len(some) == 0 {
			return err
		}
		if err := x.db.InTx(database.Bulk(ctx), func(ctx context.Context, tx *database.Tx) error { return x.rewritePiece(ctx, tx, company, some) }); err != nil {
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

// rewritePiece puts those keys of the blocks that are still true into new blocks. Blocks that another
// process has taken meanwhile are left to it.
func (x *Index) rewritePiece(ctx context.Context, tx *database.Tx, company id.ID, some []*ent.SearchBlock) error {
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
	deleted := map[entry]bool{}
	records := map[id.ID]bool{}
	for rows.Next() {
		var packed []byte
		if err := rows.Scan(&packed); err != nil {
			return err
		}
		if err := unpack(packed, func(key []byte, record id.ID) {
			deleted[entry{string(key), record}], records[record] = true, true
		}); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var kept []entry
	for ids := range slices.Chunk(slices.Collect(maps.Keys(records)), readAtOnce) {
		if err := x.records.ReadKeys(ctx, tx, company, ids, func(record id.ID, key string) {
			if e := (entry{key, record}); deleted[e] {
				kept = append(kept, e)
			}
		}); err != nil {
			return err
		}
	}
	return insert(ctx, tx, blocksOf(company, kept))
}
