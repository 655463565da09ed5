package sheet

// tooFar is how many letters make a name another one.
const tooFar = 4

// distance is how many letters must be put in, taken out or replaced to make one text of the
// other (Levenshtein's); most, which is tooFar at most, where it is that or more. Only what
// can be nearer is computed, so that the time grows with the length and not with its square.
func distance(a, b []rune, most int) int {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) >= most {
		return most
	}
	row := make([]int, len(b)+1) // of the table, for the beginning of a so far
	for j := range row {
		row[j] = min(j, most)
	}
	for i, letter := range a {
		from, to := max(1, i+2-most), min(len(b), i+most)
		before := row[from-1] // the field above on the left
		if from > 1 {
			row[from-1] = most
		} else {
			row[0] = min(i+1, most)
		}
		nearest := row[from-1]
		for j := from; j <= to; j++ {
			d := before
			if b[j-1] != letter {
				d++
			}
			before = row[j]
			row[j] = min(d, before+1, row[j-1]+1, most)
			nearest = min(nearest, row[j])
		}
		if nearest >= most {
			return most
		}
	}
	return row[len(b)]
}
