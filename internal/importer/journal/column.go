package journal

import (
	"encoding/binary"

	"tenantry/internal/id"
)

// column is read from its beginning. Once something is not there it is bad, and all that is
// read further is zero.
type column struct {
	rest []byte
	bad  bool
}

// take gives the next n bytes; none where there are fewer.
func (c *column) take(n int) []byte {
	if c.bad || n < 0 || n > len(c.rest) {
		c.bad, c.rest = true, nil
		return nil
	}
	taken := c.rest[:n:n]
	c.rest = c.rest[n:]
	return taken
}

func (c *column) byte() byte {
	if len(c.rest) == 0 {
		c.bad = true
		return 0
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	return b
}

func (c *column) uint64() uint64 {
	if b := c.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (c *column) uvarint() uint64 {
	n, size := binary.Uvarint(c.rest)
	if c.take(max(size, -1)); size <= 0 {
		c.bad, c.rest = true, nil
		return 0
	}
	return n
}

func (c *column) varint() int64 {
	if len(c.rest) > 0 && c.rest[0] < 0x80 { // as most are
		b := c.byte()
		return int64(b>>1) ^ -int64(b&1)
	}
	n, size := binary.Varint(c.rest)
	if c.take(max(size, -1)); size <= 0 {
		c.bad, c.rest = true, nil
		return 0
	}
	return n
}

// count is a number of things of which there are at most so many.
func (c *column) count(most int) int {
	n := c.uvarint()
	if n > uint64(max(most, 0)) {
		c.bad, c.rest = true, nil
		return 0
	}
	return int(n)
}

// entries is a number of things that take a byte or more of the other column each.
func (c *column) entries(of *column) int { return c.count(len(of.rest)) }

// text is the next text of this column, whose length the other one has.
func (c *column) text(lengths *column) string {
	return string(c.take(lengths.count(len(c.rest))))
}

func (c *column) id() (of id.ID) {
	copy(of[:], c.take(len(of)))
	return of
}

// ids are a column of ids that were mostly made together (see package id): the difference of each
// first half, which is the time, from the one before; the kinds; and the random rest.
type ids struct {
	times, kinds, random []byte
	last                 uint64
}

// randomBytes of an id: all behind the time but the last byte, its kind.
const randomBytes = 7

func (c *ids) add(of id.ID) {
	time := binary.BigEndian.Uint64(of[:8])
	c.times = binary.AppendVarint(c.times, int64(time-c.last)) // it wraps, and back again
	c.kinds, c.random, c.last = append(c.kinds, of[15]), append(c.random, of[8:15]...), time
}

// idColumns are ids as they are read.
type idColumns struct {
	times, kinds, random *column
	last                 uint64
}

// skip is next where nobody asks for the id.
func (c *idColumns) skip() {
	c.last += uint64(c.times.varint())
	c.random.take(randomBytes)
	c.kinds.byte()
}

func (c *idColumns) next() (of id.ID) {
	c.last += uint64(c.times.varint()) // it wraps, and back again
	binary.BigEndian.PutUint64(of[:8], c.last)
	copy(of[8:15], c.random.take(randomBytes))
	of[15] = c.kinds.byte()
	return of
}
