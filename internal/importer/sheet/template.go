package sheet

import (
	"bytes"

	"tenantry/internal/csvfile"
)

// Template is the text of a file to start from (rule F8): a header of the columns and a row of
// examples that are to be replaced.
func Template(columns []Column) (string, error) {
	names, examples := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], examples[i] = c.Name, c.Example
	}
	var content bytes.Buffer
	w := csvfile.NewWriter(&content)
	if err := w.Write(names); err != nil {
		return "", err
	}
	if err := w.Write(examples); err != nil {
		return "", err
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return content.String(), nil
}
