package model

import (
	"fmt"
	"slices"
	"strings"

	"tenantry/client"
	"tenantry/internal/importer/oracle"
)

// Correct makes a retry of these rows of an import, which have failed: most become good, some stay wrong
// or become wrong in another way, and some name what is there already. Cells that do not change are not sent where
// the file has them: not those of a row whose cells cannot be told apart, and none of users, whose file is gone.
func (m *Maker) Correct(s *Sent, rows []int) *Sent {
	m.made++
	file := *s.File
	file.Name, file.Key = fmt.Sprintf("retry of %s", s.Name), fmt.Sprintf("key-retry-%s-%d-%x", s.Tenant.Tag, m.made, m.Rand.Uint32())
	file.Rows, file.Bytes = nil, nil
	retry := &Sent{File: &file, Retries: s, Fate: s.Fate}
	for i, number := range rows {
		was := s.row(number)
		cells := m.corrected(&file, i)
		keep := s.Kind != Users && len(was.Cells) == len(s.Header)
		if keep && m.Rand.IntN(4) == 0 { // one cell alone, so that what else is wrong stays so
			column := m.Rand.IntN(len(cells))
			cells = replaced(was.Cells, column, cells[column])
		}
		correction := client.RetryRow{Row: number, Cells: []client.RetryCell{}}
		for column, cell := range cells {
			if !keep || column >= len(was.Cells) || was.Cells[column] != cell {
				correction.Cells = append(correction.Cells, client.RetryCell{Column: s.Header[column], Value: cell})
			}
		}
		retry.Numbers = append(retry.Numbers, number)
		retry.Corrections = append(retry.Corrections, correction)
		file.Rows = append(file.Rows, oracle.Row{Line: was.Line, Cells: cells})
	}
	return retry
}

// Undo is the undo of an import.
func (m *Maker) Undo(s *Sent) *Sent {
	m.made++
	file := *s.File
	file.Name, file.Key = fmt.Sprintf("undo of %s", s.Name), fmt.Sprintf("key-undo-%s-%d-%x", s.Tenant.Tag, m.made, m.Rand.Uint32())
	file.Rows, file.Bytes = nil, nil
	return &Sent{File: &file, Undoes: s, Fate: s.Fate}
}

// corrected are the cells of a new row.
func (m *Maker) corrected(f *File, i int) []string {
	if f.Kind == Customers {
		c := &customer{
			name:    fmt.Sprintf("%s %s retried %d-%05d", f.Tenant.Tag, m.word(), m.made, i),
			contact: fmt.Sprintf("retried%d@%s.example", i, strings.ToLower(f.Tenant.Tag)), admin: f.Tenant.Admin.Email,
		}
		m.spoil(c, f.Tenant, nil, nil)
		c.tooMany = false
		return c.cells()
	}
	c := m.newcomer(f, i)
	pool := f.Tenant.Tag + string(f.Kind)
	if f.Kind == Users {
		m.spoilUser(&c, f.Tenant, m.met[pool])
	} else {
		m.spoilContact(&c, m.met[pool])
	}
	c.tooMany = false
	return c.list(f.Kind)
}

// row is what stands at the number in the file.
func (s *Sent) row(number int) oracle.Row {
	if s.Retries == nil {
		return s.Rows[number-1]
	}
	return s.Rows[slices.Index(s.Numbers, number)]
}

func replaced(cells []string, column int, cell string) []string {
	cells = slices.Clone(cells)
	cells[column] = cell
	return cells
}
