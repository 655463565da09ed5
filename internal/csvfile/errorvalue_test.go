package csvfile

import "testing"

func TestErrorValue(t *testing.T) {
	for _, cell := range []string{
		"#N/A", "#n/a", "#N/A!", "#REF!", "#ref!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA", "#FIELD!", "#ERROR!", "#BUSY!",
		"#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#KALK!", // German
		"#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", "#PROPAGATION!", "#EPARS!", // French
		"#¡REF!", "#¡VALOR!", "#¿NOMBRE?", "#¡NUM!", "#¡NULO!", "#¡DIV/0!", "#N/D", "#¡DESBORDAMIENTO!", // Spanish
		"#VALORE!", "#RIF!", "#NOME?", "#NULLO!", "#ESPANSIONE!", // Italian
		"#VALOR!", "#NÚM!", "#núm!", "#NULO!", "#DESPEJAR!", // Portuguese
		"#WAARDE!", "#VERW!", "#NAAM?", "#GETAL!", "#DEEL/0!", "#LEEG!", "#N/B", "#OVERLOOP!", // Dutch
		"Err:502", "Err:522", "Fehler:508",
	} {
		if !ErrorValue(cell) {
			t.Errorf("F7: %q is taken for a value", cell)
		}
	}
	for _, cell := range []string{
		"", "#", "##", "#1", "#REF", "#VALUE", "#NAME", "#NAME!!", "#WOW!", "# N/A", "N/A", "REF!", "#N/A and more", "see #REF!", "#VIP", "#ref1!", "#GREAT?",
		"Err:5", "Err: 502", "Err:402", "Error:502x", "#!", "#?",
	} {
		if ErrorValue(cell) {
			t.Errorf("F7: %q is taken for a spreadsheet's error", cell)
		}
	}
}
