package csvfile

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// window is how many bytes are looked at, from the first on that is not ASCII, to find out the encoding.
// All of them are kept meanwhile, so that nothing was decoded before it is known how.
const window = 256 << 10

// detect finds out the encoding of a file that does not tell it, at its first byte that is not ASCII, which
// stands in front (F2). The file is UTF-8 where all of the window is.
//
// It is called again, with the encodings that are still possible, at the first byte on which these differ.
func (s *source) detect(line int) *Problem {
	if need := window + chunk; len(s.buf) < need {
		s.buf = append(make([]byte, 0, need), s.buf[:s.end]...)[:need]
	}
	for s.end-s.start < window && s.stop == nil {
		s.fill()
	}
	seen := s.buf[s.start:min(s.end, s.start+window)]
	more := !s.atEnd() || s.end-s.start > len(seen)
	good := utf8Run(seen)
	if rest := seen[good:]; s.enc == "" && (len(rest) == 0 || more && len(rest) < utf8.UTFMax && !utf8.FullRune(rest)) {
		s.use(UTF8)
		s.checked = good
		return nil
	}
	g := guess(slices.Concat(s.before, seen), s.rivals)
	if more && g.several() { // what reads the window alike may differ further on, and cannot be watched
		g.sure = false
	}
	switch {
	case g.enc == UTF8, !g.sure && s.enc == "":
		// The first byte that is not UTF-8 is a problem once it stands in front, for then its line is known.
		s.use(UTF8)
		s.checked, s.unsure = good, &g
		return nil
	case !g.sure:
		s.unsure = &g
		return s.undecided(line)
	}
	s.detected = true
	if s.enc != g.enc {
		s.use(g.enc)
	}
	if !more { // nothing is left on which they could differ
		g.alike = nil
	}
	s.watch(g)
	return nil
}

// several reports whether an encoding of several bytes is among those that read the window alike.
func (g *guessed) several() bool {
	return len(g.alike) > 0 && slices.ContainsFunc(append(g.alike, g.best), func(r *reader) bool { return r.bytes == nil })
}

// watch has the decoder stop where the encodings differ that read the window alike.
func (s *source) watch(g guessed) {
	d, ok := s.dec.(*byteDecoder)
	if !ok {
		return
	}
	d.differ = [utf8.RuneSelf]bool{}
	s.rivals = s.rivals[:0]
	for _, r := range append(g.alike, g.best) {
		s.rivals = append(s.rivals, r.candidate)
		for c := range d.differ {
			d.differ[c] = d.differ[c] || r.bytes.upper[c] != d.upper[c]
		}
	}
}

// guessed is what the bytes of a file are probably.
type guessed struct {
	enc    Encoding
	sure   bool
	best   *reader
	alike  []*reader // others that read it in the same way
	alone  bool      // no other way to read it comes near
	likely []*reader // all that may be meant, the likeliest first
}

// Bounds of the logarithms of likelihoods.
const (
	enough   = 9.   // by how much the best must be likelier than any other
	hopeless = 60.  // by how much less likely one is that is not looked at any more
	credible = 1.15 // how much less likely than any bytes at all the best may be, as logarithms
)

// guess finds out which of the candidates, nil being all, can best be in the encoding.
func guess(b []byte, among []*candidate) guessed {
	if among == nil {
		for i := range candidates {
			among = append(among, &candidates[i])
		}
	}
	var readers []*reader
	for _, c := range among {
		readers = append(readers, newReader(c))
	}
	texts := map[*reader]*strings.Builder{}
	for _, r := range readers {
		texts[r] = &strings.Builder{}
	}
	pieces := pieces(b)
	noise := 0.
	for i, p := range pieces {
		floor := noiseOf(p.bytes)
		noise += floor
		best := math.Inf(-1)
		for _, r := range readers {
			text := r.read(nil, p.bytes, p.cut)
			texts[r].WriteString(string(text))
			texts[r].WriteByte(' ')
			r.score += r.rate(text, floor)
			best = max(best, r.score)
		}
		if i%4 == 3 {
			readers = slices.DeleteFunc(readers, func(r *reader) bool { return r.score < best-hopeless })
		}
	}
	slices.SortStableFunc(readers, func(a, b *reader) int { return cmp.Compare(b.score, a.score) })
	g := guessed{best: readers[0]}
	ways := map[string]bool{}
	for _, r := range readers {
		if r.score < g.best.score-2*enough {
			break
		}
		g.likely = append(g.likely, r)
		text := texts[r].String()
		if r.score > g.best.score-enough {
			ways[text] = true
		}
		if r != readers[0] && r.unread == nil && text == texts[readers[0]].String() {
			g.alike = append(g.alike, r)
		}
	}
	wrong := strings.ContainsRune(texts[g.best].String(), utf8.RuneError)
	if g.best.unread != nil && len(g.alike) > 0 { // what it is called does not matter
		g.best, g.alike = g.alike[0], g.alike[1:]
	}
	g.enc = g.best.enc
	g.alone = len(ways) == 1
	g.sure = g.alone && g.best.unread == nil && !wrong && g.best.score-g.best.prior > noise*credible
	return g
}

// rate is how likely the text is in the languages of the encoding.
func (r *reader) rate(text []rune, noise float64) float64 {
	const (
		wrong   = 12. // how unlikely something is that is no character
		unusual = 3.
		guest   = 3.
	)
	errors := 0
	for _, c := range text {
		if c == utf8.RuneError {
			errors++
		}
	}
	best := math.Inf(-1)
	for i, m := range r.models {
		score := m.Score(text)
		if i >= len(r.spoken) {
			score -= guest
		}
		best = max(best, score)
	}
	best -= unusual * float64(r.unusual)
	return max(best, noise-12) - wrong*float64(min(errors, 2))
}

// noiseOf is how likely the bytes are if they are anything.
func noiseOf(b []byte) float64 {
	n := 0.
	for _, c := range b {
		if c < utf8.RuneSelf {
			n -= 3.8
		} else {
			n -= 6
		}
	}
	return n
}

// piece is a part of a cell that has bytes that are not ASCII. In no encoding does a character begin before
// it or end behind it.
type piece struct {
	bytes []byte
	cut   bool // it goes on
}

// What is kept of a window: of each byte so many pieces that have it, and of each piece so many bytes.
const (
	piecesOfByte = 24
	maxPiece     = 96
)

// pieces are those of the window that tell most, each once.
func pieces(b []byte) []piece {
	var kept []piece
	var having [256]int
	had := map[string]bool{}
	for i := 0; i < len(b); {
		if !within(b[i]) {
			i++
			continue
		}
		from, high := i, false
		for i < len(b) && i-from < maxPiece && within(b[i]) {
			high = high || b[i] >= utf8.RuneSelf
			i++
		}
		p := piece{b[from:i], i == len(b) || within(b[i])}
		if !high || had[string(p.bytes)] {
			continue
		}
		wanted := false
		for _, c := range p.bytes {
			wanted = wanted || c >= utf8.RuneSelf && having[c] < piecesOfByte
		}
		if !wanted {
			continue
		}
		for _, c := range p.bytes {
			having[c]++
		}
		had[string(p.bytes)] = true
		kept = append(kept, p)
	}
	return kept
}

// within reports whether the byte may be part of a character that is not ASCII, or is a letter.
func within(c byte) bool { return c >= 0x40 && c != 0x7F || c >= '0' && c <= '9' }

// utf8Run is how many bytes b begins with that are UTF-8 and no NUL.
func utf8Run(b []byte) int {
	if nul := bytes.IndexByte(b, 0); nul >= 0 {
		b = b[:nul]
	}
	if utf8.Valid(b) {
		return len(b)
	}
	for i := 0; ; {
		i += plainRun(b[i:])
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}
