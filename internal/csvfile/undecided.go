package csvfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what the problem of a file says that may be in several encodings.
const (
	mostAccepted = 10 // encodings
	mostReadings = 3
	mostReading  = 40 // characters of a cell
)

// undecided is the problem of a file that is not UTF-8, of which the first byte that shows it stands in front. (F2)
func (s *source) undecided(line int) *Problem {
	g, b := s.unsure, s.buf[s.start:s.end]
	if g.enc == UTF8 && g.sure {
		return problem(UnsupportedEncoding, line, acceptedEncoding, "byte %02X is not UTF-8, which the rest of the file is", b[0])
	}
	var accepted []string
	for _, r := range g.likely {
		if r.unread == nil && len(accepted) < mostAccepted {
			accepted = append(accepted, string(r.enc))
		}
	}
	wrong := fmt.Sprintf("byte %02X is not UTF-8, and the text does not tell for sure which encoding it is in; give the encoding", b[0])
	if g.best.unread != nil && g.alone {
		wrong = fmt.Sprintf("byte %02X is not UTF-8; the file seems to be in %s, which cannot be read: save it as CSV UTF-8", b[0], g.best.enc)
	}
	if readings := s.readings(g, b); readings != "" {
		wrong += "; one cell reads as " + readings
	}
	if accepted == nil {
		return problem(UnsupportedEncoding, line, acceptedEncoding, "%s", wrong)
	}
	p := problem(UnsupportedEncoding, line, strings.Join(accepted, ", "), "%s", wrong)
	p.Accepted = accepted
	return p
}

// readings are how the cell under way reads in the likely encodings, where they differ and it may be shown.
func (s *source) readings(g *guessed, b []byte) string {
	if s.quotable == nil || !s.quotable() {
		return ""
	}
	from := len(s.before)
	for from > 0 && within(s.before[from-1]) {
		from--
	}
	to := 0
	for to < min(len(b), maxPiece) && within(b[to]) {
		to++
	}
	cell := slices.Concat(s.before[from:], b[:to])
	var texts, readings []string
	for _, r := range g.likely {
		text := r.read(nil, cell, to < len(b) && within(b[to]))
		shown := string(text[:min(len(text), mostReading)])
		if len(readings) < mostReadings && !slices.Contains(texts, shown) && !strings.ContainsRune(shown, utf8.RuneError) {
			texts = append(texts, shown)
			readings = append(readings, fmt.Sprintf("%q in %s", shown, r.enc))
		}
	}
	if len(readings) < 2 {
		return ""
	}
	return strings.Join(readings, ", ")
}
