package field

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/input"
)

// Dates and times of files (rule F9). A clock without a zone is in UTC.
const (
	clockForm = `(?:[Tt ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(?: ?([Zz]|UTC|utc|GMT|[+-]\d{2}(?::?\d{2})?))?)?$`
	yearFirst = `^(\d{4})-(\d{2})-(\d{2})` + clockForm
	yearLast  = `^(\d{1,2})([./-])(\d{1,2})([./-])(\d{4}|\d{2})` + clockForm
)

var yearFirstForm, yearLastForm = regexp.MustCompile(yearFirst), regexp.MustCompile(yearLast)

// century divides the years of two digits: 69 to 99 are 1969 to 1999 and 00 to 68 are 2000 to 2068,
// as POSIX has it.
const century = 69

// stamp is a date, with a clock or without, as it is written.
type stamp struct {
	date  time.Time     // midnight UTC of the date
	clock time.Duration // since midnight
	zone  time.Duration // east of UTC
}

// instant is when it is.
func (s stamp) instant() time.Time { return s.date.Add(s.clock - s.zone) }

// parseStamp reads a date or time that has its year first, or last in the order that the forms say.
func parseStamp(cell string, forms Forms) (stamp, bool) {
	if m := yearFirstForm.FindStringSubmatch(cell); m != nil {
		return newStamp(m[1], m[2], m[3], m[4:])
	}
	m := yearLastForm.FindStringSubmatch(cell)
	if m == nil || m[2] != m[4] {
		return stamp{}, false
	}
	day, month, year := m[1], m[3], m[5]
	switch forms.DateOrder {
	case enum.DMY:
	case enum.MDY:
		day, month = month, day
	default:
		return stamp{}, false
	}
	if len(year) == 2 {
		if number(year) < century {
			year = "20" + year
		} else {
			year = "19" + year
		}
	}
	return newStamp(year, month, day, m[6:])
}

// newStamp is not ok where the calendar or the clock does not have it. clock is what clockForm has
// found: hour, minute, second, fraction and zone, each of which may be missing.
func newStamp(year, month, day string, clock []string) (stamp, bool) {
	y, m, d := number(year), time.Month(number(month)), number(day)
	s := stamp{date: time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
	if s.date.Year() != y || s.date.Month() != m || s.date.Day() != d {
		return stamp{}, false
	}
	hour, minute, second, fraction, zone := number(clock[0]), number(clock[1]), number(clock[2]), clock[3], clock[4]
	if hour > 23 || minute > 59 || second > 59 {
		return stamp{}, false
	}
	nanoseconds := number((fraction + "000000000")[:9])
	s.clock = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(nanoseconds)
	if zone != "" && (zone[0] == '+' || zone[0] == '-') {
		digits := strings.ReplaceAll(zone[1:], ":", "") + "00"
		hours, minutes := number(digits[:2]), number(digits[2:4])
		if hours > 23 || minutes > 59 {
			return stamp{}, false
		}
		if s.zone = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute; zone[0] == '-' {
			s.zone = -s.zone
		}
	}
	return s, true
}

// number is the value of digits; 0 of none.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// ParseTime reads an instant of a file (rule F9): a time, or a date, which is its beginning in UTC.
// It is cut to microseconds, which is what both databases hold.
func ParseTime(cell string, forms Forms) (time.Time, *Problem) {
	at, err := time.Parse(time.RFC3339, cell)
	if err != nil {
		s, ok := parseStamp(cell, forms)
		if !ok {
			return time.Time{}, noDate(cell, forms, "neither a time such as 2026-03-31T08:30:00Z or 2026-03-31 08:30 nor a date such as 2026-03-31",
				"2026-03-31T08:30:00Z", "2026-03-31 08:30", "2026-03-31")
		}
		at = s.instant()
	}
	at = at.UTC().Truncate(time.Microsecond)
	if at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}, Invalid("%q is not in the years 1 to 9999", input.Cut(cell))
	}
	return at, nil
}

// ParseDate reads a date of a file (rule F9) and gives it as YYYY-MM-DD: as it is written, and so
// whatever the zone of the midnight that may stand behind it. A time of day is refused.
func ParseDate(cell string, forms Forms) (string, *Problem) {
	if _, err := time.Parse(time.DateOnly, cell); err == nil {
		return cell, nil
	}
	s, ok := parseStamp(cell, forms)
	if !ok {
		return "", noDate(cell, forms, "no date of the calendar in the form YYYY-MM-DD, such as 2026-03-31", "YYYY-MM-DD")
	}
	date := s.date.Format(time.DateOnly)
	if s.clock != 0 {
		return "", Invalid("%q has a time of day, where a date is meant; write %s", input.Cut(cell), date).suggesting(date)
	}
	return date, nil
}

// noDate says what is wrong with a text that is no date, and what the other order of day and month
// would make of it.
func noDate(cell string, forms Forms, what string, accepted ...string) *Problem {
	var readings, dates []string
	for _, order := range []enum.DateOrder{enum.DMY, enum.MDY} {
		if order == forms.DateOrder {
			continue
		}
		if s, ok := parseStamp(cell, Forms{DateOrder: order}); ok {
			date := s.date.Format(time.DateOnly)
			readings, dates = append(readings, fmt.Sprintf("%s with dateOrder: %s", date, order)), append(dates, date)
		}
	}
	switch forms.DateOrder {
	case enum.DMY:
		accepted = append(accepted, "31/12/2026", "31.12.26", "31-12-2026")
	case enum.MDY:
		accepted = append(accepted, "12/31/2026", "12.31.26", "12-31-2026")
	case enum.YMD:
	}
	p := Invalid("%q is %s", input.Cut(cell), what).accepting(accepted...)
	if len(readings) == 0 {
		return p
	}
	p.Message += "; it is " + strings.Join(readings, " and ")
	if len(dates) == 1 || dates[0] == dates[1] {
		return p.suggesting(dates[0])
	}
	return p.accepting(dates...)
}
