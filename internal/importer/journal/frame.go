package journal

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

const (
	version = 1

	// maxPlain bounds what is decompressed at once, and so what may be written. It is more than any
	// batch has: cells make at most IMPORT_BATCH_BYTES, whose most is 256 MiB.
	maxPlain = 512 << 20

	// maxRows bounds the rows of a batch; IMPORT_BATCH_ROWS is at most a tenth of it.
	maxRows = 1 << 20

	window   = 1 << 20   // how far back the encoder looks for what it has seen
	maxBlock = 128 << 10 // bytes that a block of zstd holds at most (RFC 8878, section 3.1.1.2.3)
)

// codec compresses and decompresses. Each side works on two batches at once at most, which is as
// many as an import has in flight; others wait.
type codec struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// shared is made at its first use, since its tables take a megabyte. It has no goroutines.
var shared = sync.OnceValue(func() codec {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(true))
	if err != nil {
		panic(fmt.Errorf("journal: %w", err)) // an option is wrong
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxPlain), zstd.WithDecoderMaxWindow(8*window), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(fmt.Errorf("journal: %w", err))
	}
	return codec{encoder, decoder}
})

// pack compresses the columns, and puts the random bytes behind them:
//
//	version | length of the columns | length of them compressed | columns, compressed | random
//
// In front of each column stands its length; lengths are uvarints.
func pack(columns [][]byte, random []byte) ([]byte, error) {
	size := 0
	for _, c := range columns {
		size += binary.MaxVarintLen32 + len(c)
	}
	if size > maxPlain {
		return nil, fmt.Errorf("the journal of a batch has %d bytes; it may have %d", size, maxPlain)
	}
	plain := make([]byte, 0, size)
	for _, c := range columns {
		plain = append(binary.AppendUvarint(plain, uint64(len(c))), c...)
	}
	compressed := shared().encoder.EncodeAll(plain, make([]byte, 0, len(plain)/4+64))
	out := make([]byte, 0, 1+2*binary.MaxVarintLen32+len(compressed)+len(random))
	out = append(out, version)
	out = binary.AppendUvarint(out, uint64(len(plain)))
	out = binary.AppendUvarint(out, uint64(len(compressed)))
	return append(append(out, compressed...), random...), nil
}

// unpack gives so many columns, of most bytes together, and the random bytes. What raw declares is
// checked before memory is taken for it.
func unpack(raw []byte, most, columns int) ([]column, column, error) {
	if len(raw) == 0 || raw[0] != version {
		return nil, column{}, malformed("it is not of version %d", version)
	}
	head := column{rest: raw[1:]}
	size, compressed := head.count(most), head.take(head.count(len(raw)))
	if head.bad || size > (len(compressed)/3+1)*maxBlock { // a block takes at least 3 bytes
		return nil, column{}, malformed("its lengths are wrong")
	}
	plain, err := shared().decoder.DecodeAll(compressed, make([]byte, 0, size))
	if err != nil || len(plain) != size {
		return nil, column{}, malformed("it does not decompress to %d bytes: %v", size, err)
	}
	all, split := make([]column, columns), column{rest: plain}
	for i := range all {
		all[i].rest = split.take(split.count(size))
	}
	if split.bad || len(split.rest) > 0 {
		return nil, column{}, malformed("it has not %d columns", columns)
	}
	return all, column{rest: head.rest}, nil
}

// read reports whether all columns were read to their ends, and none beyond.
func read(columns ...column) error {
	for i := range columns {
		if columns[i].bad || len(columns[i].rest) > 0 {
			return malformed("a column is too short or too long")
		}
	}
	return nil
}
