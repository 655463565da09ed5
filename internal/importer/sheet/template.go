package sheet

import (
	"bytes"

	"tenantry/internal/csvfile"
)

// Template is the text of a file to start from (rule F8): a header of the columns and a row of
// examples that are to be replaced. Columns that stand for several others are not in it.
func Template(columns []Column) (string, error) {
	var names, examples []string
	for _, c := range columns {
		if !c.Parts {
			names, examples = append(names, c.Name), append(examples, c.Example)
		}
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
