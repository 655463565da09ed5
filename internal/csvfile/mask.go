package csvfile

import "strings"

// masks are the characters that programs show in the place of a password's.
const masks = "*•●∙·⁎∗＊⦁◦○⚫⬤■▪█"

// Masked reports whether the cell is a password as programs hide it: nothing but asterisks or
// bullets, with blanks around them at most (F9).
func Masked(cell string) bool {
	cell = trimBlank(cell)
	return cell != "" && strings.Trim(cell, masks) == ""
}
