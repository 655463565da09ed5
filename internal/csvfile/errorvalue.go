package csvfile

import (
	"strings"
)

// errorValues are what spreadsheets write where a formula has failed, in the languages of rule F5
// and without what differs from one to another: the number sign, and the exclamation and question
// marks around the word.
var errorValues = func() map[string]bool {
	words := map[string]bool{}
	for _, list := range []string{
		// English, also of formulas that are still being worked out
		"NULL DIV/0 VALUE REF NAME NUM N/A GETTING_DATA SPILL CALC FIELD BLOCKED CONNECT UNKNOWN EXTERNAL BUSY PYTHON TIMEOUT ERROR",
		// German
		"WERT BEZUG ZAHL NV ÜBERLAUF KALK FELD BLOCKIERT VERBINDEN UNBEKANNT EXTERN DATEN_ABRUFEN",
		// French
		"NUL VALEUR NOM NOMBRE PROPAGATION EPARS ÉPARS CHAMP BLOQUÉ CONNEXION INCONNU OBTENTION_DONNEES CHARGEMENT_DONNEES",
		// Spanish
		"NULO VALOR NOMBRE N/D DESBORDAMIENTO DERRAME CAMPO BLOQUEADO CONECTAR DESCONOCIDO OBTENIENDO_DATOS",
		// Italian
		"NULLO VALORE RIF NOME ESPANSIONE ESPANSO CAMPO BLOCCATO CONNETTI SCONOSCIUTO ESTRAZIONE_DATI_IN_CORSO RECUPERO_DATI",
		// Portuguese
		"NÚM NUM DESPEJAR DERRAMAR SOBREPOSIÇÃO TRANSPOSIÇÃO BLOQUEADO CONECTAR LIGAR DESCONHECIDO OBTENDO_DADOS A_OBTER_DADOS",
		// Dutch
		"LEEG DEEL/0 WAARDE VERW NAAM GETAL N/B OVERLOOP BEREKENEN VELD GEBLOKKEERD VERBINDEN ONBEKEND GEGEVENS_OPHALEN",
	} {
		for _, word := range strings.Fields(list) {
			words[word] = true
		}
	}
	return words
}()

// bare are those that have no mark behind them; every other one has.
var bare = map[string]bool{
	"N/A": true, "NV": true, "N/D": true, "N/B": true, "GETTING_DATA": true, "DATEN_ABRUFEN": true, "OBTENTION_DONNEES": true, "CHARGEMENT_DONNEES": true,
	"OBTENIENDO_DATOS": true, "ESTRAZIONE_DATI_IN_CORSO": true, "RECUPERO_DATI": true, "OBTENDO_DADOS": true, "A_OBTER_DADOS": true, "GEGEVENS_OPHALEN": true,
}

// longestErrorValue bounds the cells that are compared, in bytes.
const longestErrorValue = 40

// ErrorValue reports whether the trimmed cell is what a spreadsheet writes in the place of a value
// that it could not work out (F7), such as #N/A, #REF! and #BEZUG!, or Err:502 of LibreOffice.
func ErrorValue(cell string) bool {
	if len(cell) < len("#NV") || len(cell) > longestErrorValue {
		return false
	}
	if cell[0] != '#' {
		return officeError(cell)
	}
	word := strings.ToUpper(cell[1:])
	for _, opening := range []string{"¡", "¿"} {
		word = strings.TrimPrefix(word, opening)
	}
	marked := strings.TrimRight(word, "!?")
	return errorValues[marked] && (len(word)-len(marked) == 1 || word == marked && bare[marked])
}

// officeError reports whether the cell is an error of LibreOffice: a word for it and a number of
// three digits from 501 on.
func officeError(cell string) bool {
	word, number, ok := strings.Cut(cell, ":")
	if !ok || len(number) != 3 || number[0] != '5' || strings.Trim(number, "0123456789") != "" {
		return false
	}
	switch word {
	case "Err", "Fehler", "Erreur", "Errore", "Erro", "Fout":
		return true
	}
	return false
}
