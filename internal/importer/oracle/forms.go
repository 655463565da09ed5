package oracle

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Forms are what was said of a file's dates and numbers (F9); empty: nothing.
type Forms struct {
	Order   string // YMD, DMY or MDY
	Decimal string // POINT or COMMA
}

// truth reads a boolean, in any case (F9).
func truth(s string) (value, ok bool) {
	s = strings.ToUpper(s)
	if slices.Contains(strings.Fields("TRUE YES Y ON 1 WAHR JA VRAI OUI VERDADERO SÍ SI VERO SÌ VERDADEIRO SIM WAAR"), s) {
		return true, true
	}
	return false, slices.Contains(strings.Fields("FALSE NO N OFF 0 FALSCH NEIN FAUX NON FALSO NÃO NAO ONWAAR NEE"), s)
}

var (
	pointed = regexp.MustCompile(`^[+-]?([1-9]\d{0,2}(,\d{3})+(\.\d*)?|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)$`)
	swapped = strings.NewReplacer(",", ".", ".", ",")
)

// decimal is a number as it is kept: shortest plain decimal (K3, F9).
//
// Read ("what could be read in two ways without being told"): a number for which it makes a
// difference which of the two separators stands before the fraction. Where it makes none, or only
// a point there makes a number of it, that is what is meant.
func (f Forms) decimal(s string) (string, bool) {
	point, isPoint := plain(s)
	comma, isComma := plain(swapped.Replace(s))
	switch {
	case f.Decimal == "COMMA":
		return comma, isComma
	case f.Decimal == "POINT" || !isComma || point == comma:
		return point, isPoint
	}
	return "", false
}

func plain(s string) (string, bool) {
	if !pointed.MatchString(s) {
		return "", false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	if f == 0 {
		f = 0 // -0 is 0
	}
	return strconv.FormatFloat(f, 'f', -1, 64), err == nil
}

// moment reads a date or a time (F9).
//
// Read ("31.12.26"): 69 to 99 are of the twentieth century, the rest of the twenty-first.
func (f Forms) moment(s string) (time.Time, bool) {
	dates := []string{"2006-01-02"}
	for _, sep := range []string{"/", ".", "-"} {
		for _, year := range []string{"2006", "06"} {
			switch f.Order {
			case "DMY":
				dates = append(dates, "2"+sep+"1"+sep+year)
			case "MDY":
				dates = append(dates, "1"+sep+"2"+sep+year)
			}
		}
	}
	for _, date := range dates {
		if at, err := time.Parse(date, s); err == nil {
			return at, true
		}
		for _, between := range []string{"T", " "} {
			for _, clock := range []string{"15:04:05", "15:04"} {
				for _, zone := range []string{"", "Z07:00", "Z0700", "Z07", " Z07:00", " Z0700", " Z07", " UTC"} {
					if at, err := time.Parse(date+between+clock+zone, s); err == nil {
						return at, true
					}
				}
			}
		}
	}
	return time.Time{}, false
}

// date is a moment where a date is meant: midnight at most, as it is written (F9).
func (f Forms) date(s string) (string, bool) {
	at, ok := f.moment(s)
	return at.Format(time.DateOnly), ok && at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 && at.Nanosecond() == 0
}

// masked reports whether a password cell is one of mask characters alone (F9).
func masked(cell string) bool { return maskedCell.MatchString(cell) }

var maskedCell = regexp.MustCompile(`^\s*[*•●]+\s*$`)
