package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"tenantry/chaos/harness"
	"tenantry/client"
)

// burden measures what one tenant's data and imports cost others: the memory of an import and
// an export of contacts with long values, and what is done by hand beside a large import.
type burden struct {
	programs
	sqlite                                bool
	contacts, values, bytes, rows, rounds int
}

func (b *burden) run(ctx context.Context) error {
	if b.contacts < 1 || b.values < 1 || b.bytes < 1 || b.rows < 10_000 || b.rounds < 1 {
		return errors.New("at least one of everything, and ten thousand rows")
	}
	if b.against != "" {
		fmt.Println("the version of", b.against)
		if err := b.measure(ctx, b.against); err != nil {
			return err
		}
		fmt.Println("this version")
	}
	return b.measure(ctx, b.binary)
}

// processes are those of the stack: on SQLite one that is both.
type processes struct{ api, worker *harness.Process }

// anew gives fresh processes, whose most memory is not what others needed.
func (b *burden) anew(ctx context.Context, s *stack, p processes) (fresh processes, err error) {
	for _, process := range []*harness.Process{p.worker, p.api} {
		if process.Alive() {
			if err := process.Stop(syscall.SIGTERM, 30*time.Second); err != nil {
				return p, err
			}
		}
	}
	fresh.api, fresh.worker, err = s.run(ctx)
	return fresh, err
}

func (b *burden) measure(ctx context.Context, binary string) error {
	s, err := newStack(ctx, binary, b.sqlite, map[string]string{
		"IMPORT_MAX_ROWS_CONTACTS": fmt.Sprint(max(b.rows, b.contacts)), "UPLOAD_MAX_BYTES": "2GiB",
	})
	defer s.end()
	if err != nil {
		return err
	}
	var p processes
	if p.api, p.worker, err = s.run(ctx); err != nil {
		return err
	}
	return errors.Join(b.beside(ctx, s), b.long(ctx, s, p))
}

// long is the memory of an import and of an export of contacts with long values.
func (b *burden) long(ctx context.Context, s *stack, p processes) error {
	_, user, err := s.company(ctx, "Long")
	if err != nil {
		return err
	}
	header := "email,first_name"
	for v := range b.values {
		if err := user.Do(ctx, `mutation($n:String!){createCustomField(input:{variableName:$n,name:$n,type:TEXT}){customField{id}}}`,
			client.Vars{"n": fmt.Sprint("note", v)}, nil); err != nil {
			return err
		}
		header += fmt.Sprint(",note", v)
	}
	values := strings.Repeat(","+strings.Repeat("x", b.bytes), b.values)
	if err := b.imported(ctx, user, header, func(i int) string { return fmt.Sprintf("c%d@x.example,Ann%s", i, values) }); err != nil {
		return err
	}
	if p, err = b.anew(ctx, s, p); err != nil {
		return err
	}
	user = s.operator.As(user.Token()) // of the new process
	if err := b.imported(ctx, user, "email,note0", func(i int) string { return fmt.Sprintf("c%d@x.example,changed", i) }); err != nil {
		return err
	}
	_, most, err := resident(p.worker.PID())
	if err != nil {
		return err
	}
	fmt.Printf("an import that changes one field of %d contacts with %d values of %d bytes: %d MiB at most\n", b.contacts, b.values, b.bytes, most>>20)
	if p, err = b.anew(ctx, s, p); err != nil {
		return err
	}
	user = s.operator.As(user.Token()) // of the new process
	var out struct{ ExportCsv struct{ URL string } }
	if err := user.Do(ctx, `mutation{exportCsv(input:{kind:CONTACTS}){url}}`, nil, &out); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, out.ExportCsv.URL, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		return err
	}
	if _, most, err = resident(p.api.PID()); err == nil {
		fmt.Printf("their export, %d MiB: %d MiB at most\n", n>>20, most>>20)
	}
	return err
}

// imported imports a row for each of the contacts.
func (b *burden) imported(ctx context.Context, user *client.Client, header string, row func(i int) string) error {
	run, err := upload(ctx, user, "", rows(header, b.contacts, row))
	if err != nil {
		return err
	}
	end, err := user.WatchImport(ctx, run, nil)
	if err == nil && (end.Status != "COMPLETED" || end.FailedCount > 0) {
		err = fmt.Errorf("the import ended as %+v", end)
	}
	return err
}

// rows streams a file.
func rows(header string, n int, row func(i int) string) io.Reader {
	in, out := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(out, 64<<10)
		_, _ = w.WriteString(header + "\n") // the first error comes back with Flush
		for i := range n {
			_, _ = w.WriteString(row(i) + "\n")
		}
		out.CloseWithError(w.Flush())
	}()
	return in
}

// beside is how long the deletion of a customer takes while its contacts are imported.
func (b *burden) beside(ctx context.Context, s *stack) error {
	partner, user, err := s.company(ctx, "Partner")
	if err != nil {
		return err
	}
	if err := s.operator.Do(ctx, `mutation($c:ID!){setPartnerStatus(input:{companyId:$c,isPartner:true}){company{id}}}`, client.Vars{"c": partner}, nil); err != nil {
		return err
	}
	for round := range b.rounds {
		var made struct {
			AddCustomer struct{ Customer struct{ ID string } }
		}
		if err := user.Do(ctx, `mutation($n:String!){addCustomer(input:{name:$n}){customer{id}}}`, client.Vars{"n": fmt.Sprint("Customer ", round)}, &made); err != nil {
			return err
		}
		customer := made.AddCustomer.Customer.ID
		run, err := upload(ctx, user, customer, rows("email,first_name", b.rows, func(i int) string { return fmt.Sprintf("c%d@x.example,Ann", i) }))
		if err != nil {
			return err
		}
		if err := started(ctx, user, run); err != nil {
			return err
		}
		began := time.Now()
		answer := "done"
		if err := user.Do(ctx, `mutation($c:ID!){deleteCustomer(input:{id:$c}){customerId}}`, client.Vars{"c": customer}, nil); err != nil {
			answer = err.Error()
		}
		fmt.Printf("a customer is deleted beside an import of %d contacts of its: after %v, %s\n", b.rows, time.Since(began).Round(time.Millisecond), answer)
	}
	return nil
}
