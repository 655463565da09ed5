package main

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"tenantry/client"

	_ "github.com/lib/pq" // the driver "postgres"
)

// bounds does what grows with the data where there is much of it: operations that notify many
// users, lists of many companies with many labels, deletions of what many contacts refer to,
// and an index on a table that is written to. It is for comparing two commits: each line says
// how long the answer took, or what it was.
type bounds struct {
	binary                  string
	administrators          int
	customers, labels       int
	contacts                int
	stack                   *stack
	db                      *sql.DB
	partner, solo           string // ids
	partnerAdmin, soloAdmin *client.Client
}

func (b *bounds) run(ctx context.Context) (err error) {
	b.stack, err = newStack(ctx, b.binary, false, nil)
	defer b.stack.end()
	if err != nil {
		return err
	}
	if _, _, err := b.stack.run(ctx); err != nil {
		return err
	}
	if b.db, err = sql.Open("postgres", b.stack.settings["DATABASE_URL"]); err != nil {
		return err
	}
	defer b.db.Close()
	if b.partner, b.partnerAdmin, err = b.stack.company(ctx, "Partner"); err != nil {
		return err
	}
	if err := b.stack.operator.Do(ctx, `mutation($c:ID!){setPartnerStatus(input:{companyId:$c,isPartner:true}){company{id}}}`, client.Vars{"c": b.partner}, nil); err != nil {
		return err
	}
	if b.solo, b.soloAdmin, err = b.stack.company(ctx, "Solo"); err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{b.notified, b.lists, b.deletions, b.index} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// say does an operation and prints how long the answer took, and what was wrong with it.
func (b *bounds) say(ctx context.Context, what string, user *client.Client, query string, variables client.Vars, out any) error {
	began := time.Now()
	err := user.Do(ctx, query, variables, out)
	fmt.Printf("%-50s %8v  ", what, time.Since(began).Round(time.Millisecond))
	if err != nil {
		fmt.Println(err)
	} else {
		fmt.Println("done")
	}
	return ctx.Err()
}

// notified gives the partner its administrators, and lets a company come and go.
func (b *bounds) notified(ctx context.Context) error {
	if _, err := b.db.ExecContext(ctx, `INSERT INTO users (id, company_id, email, email_key, first_name, first_name_key, last_name, last_name_key,
		password_hash, active, role, created_at, updated_at)
		SELECT gen_random_uuid(), $1, e, e, 'A', 'a', 'B', 'b', '', TRUE, 'ADMIN', now(), now() FROM (SELECT i || '@crowd.example' AS e FROM generate_series(1, $2) i) s`,
		b.partner, b.administrators); err != nil {
		return fmt.Errorf("making administrators: %w", err)
	}
	of := fmt.Sprintf(" of %d administrators", b.administrators)
	var sent struct {
		SendTransferToken struct{ TransferToken struct{ ID string } }
	}
	if err := b.say(ctx, "sendTransferToken to a partner"+of, b.soloAdmin, `mutation($p:ID!){sendTransferToken(input:{partnerId:$p}){transferToken{id}}}`,
		client.Vars{"p": b.partner}, &sent); err != nil || sent.SendTransferToken.TransferToken.ID == "" {
		return err
	}
	if err := b.say(ctx, "claimCustomer by one"+of, b.partnerAdmin, `mutation($t:ID!){claimCustomer(input:{transferTokenId:$t}){customer{id}}}`,
		client.Vars{"t": sent.SendTransferToken.TransferToken.ID}, nil); err != nil {
		return err
	}
	return b.say(ctx, "endPartnership with one"+of, b.soloAdmin, `mutation($c:ID!){endPartnership(input:{companyId:$c}){company{id}}}`, client.Vars{"c": b.solo}, nil)
}

// lists gives the partner customers with labels.
func (b *bounds) lists(ctx context.Context) error {
	var first string
	for i := range b.customers {
		var made struct {
			AddCustomer struct{ Customer struct{ ID string } }
		}
		if err := b.partnerAdmin.Do(ctx, `mutation($n:String!){addCustomer(input:{name:$n}){customer{id}}}`, client.Vars{"n": fmt.Sprint("Customer ", i)}, &made); err != nil {
			return err
		}
		if _, err := b.db.ExecContext(ctx, `INSERT INTO labels (id, company_id, name, created_at, updated_at)
			SELECT gen_random_uuid(), $1, 'label ' || i, now(), now() FROM generate_series(1, $2) i`, made.AddCustomer.Customer.ID, b.labels); err != nil {
			return fmt.Errorf("making labels: %w", err)
		}
		first = made.AddCustomer.Customer.ID
	}
	if _, err := b.db.ExecContext(ctx, `ANALYZE labels`); err != nil {
		return err
	}
	if err := b.say(ctx, fmt.Sprintf("the labels of one customer with %d", b.labels), b.partnerAdmin, `query($c:ID!){company(id:$c){labels{name}}}`, client.Vars{"c": first}, nil); err != nil {
		return err
	}
	return b.say(ctx, fmt.Sprintf("the labels of %d customers with %d each", b.customers, b.labels), b.partnerAdmin,
		`query($n:Int!){customers(first:$n,filter:{isOwn:false}){nodes{labels{name}}}}`, client.Vars{"n": b.customers}, nil)
}

// deletions delete a project and a label of many contacts, while one more is made again and
// again.
func (b *bounds) deletions(ctx context.Context) error {
	var made struct {
		Project struct{ Project struct{ ID string } }
		Label   struct{ Label struct{ ID string } }
	}
	if err := b.soloAdmin.Do(ctx, `mutation{project:createProject(input:{name:"doomed"}){project{id}} label:createLabel(input:{name:"doomed"}){label{id}}}`, nil, &made); err != nil {
		return err
	}
	project, label := made.Project.Project.ID, made.Label.Label.ID
	if _, err := b.db.ExecContext(ctx, `INSERT INTO contacts (id, company_id, project_id, desk_id, email, email_key, first_name, username, created_at, updated_at)
		SELECT gen_random_uuid(), $1, $2, d.id, e, e, 'A', 'a', now(), now() FROM desks d, (SELECT i || '@many.example' AS e FROM generate_series(1, $3) i) s
		WHERE d.company_id = $1`, b.solo, project, b.contacts); err != nil {
		return fmt.Errorf("making contacts: %w", err)
	}
	if _, err := b.db.ExecContext(ctx, `INSERT INTO contact_labels (company_id, contact_id, label_id) SELECT company_id, id, $2 FROM contacts WHERE project_id = $1`, project, label); err != nil {
		return fmt.Errorf("labelling contacts: %w", err)
	}
	if _, err := b.db.ExecContext(ctx, `ANALYZE contacts; ANALYZE contact_labels`); err != nil {
		return err
	}
	worst := b.beside(ctx, func(i int) error {
		return b.soloAdmin.Do(ctx, `mutation($e:String!){createContact(input:{email:$e,firstName:"B"}){contact{id}}}`, client.Vars{"e": fmt.Sprintf("beside%d@many.example", i)}, nil)
	})
	began := time.Now()
	of := fmt.Sprintf(" of %d contacts", b.contacts)
	if err := b.say(ctx, "deleteProject"+of, b.soloAdmin, `mutation($i:ID!){deleteProject(input:{id:$i}){projectId}}`, client.Vars{"i": project}, nil); err != nil {
		return err
	}
	if err := b.say(ctx, "deleteLabel"+of, b.soloAdmin, `mutation($i:ID!){deleteLabel(input:{id:$i}){labelId}}`, client.Vars{"i": label}, nil); err != nil {
		return err
	}
	left := 1
	waiting, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for left > 0 && waiting.Err() == nil {
		if err := b.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM contacts WHERE project_id = $1) + (SELECT count(*) FROM contact_labels WHERE label_id = $2)`, project, label).Scan(&left); err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-waiting.Done():
		}
	}
	fmt.Printf("%-50s %8v  %d references are left\n", "until all is cleared", time.Since(began).Round(time.Millisecond), left)
	longest, err := worst()
	fmt.Printf("%-50s %8v  %v\n", "the longest createContact beside it", longest.Round(time.Millisecond), err)
	return ctx.Err()
}

// index makes an index on the contacts, blocking and not, while one of them is written to.
func (b *bounds) index(ctx context.Context) error {
	for _, how := range []string{"", "CONCURRENTLY"} {
		worst := b.beside(ctx, func(int) error {
			_, err := b.db.ExecContext(ctx, `UPDATE contacts SET updated_at = now() WHERE company_id = $1 AND email_key = '1@many.example'`, b.solo)
			return err
		})
		began := time.Now()
		if _, err := b.db.ExecContext(ctx, `CREATE INDEX `+how+` bench ON contacts (company_id, first_name, last_name)`); err != nil {
			return err
		}
		took := time.Since(began)
		longest, err := worst()
		fmt.Printf("%-50s %8v  the longest write beside it took %v %v\n", "CREATE INDEX "+how, took.Round(time.Millisecond), longest.Round(time.Millisecond), err)
		if _, err := b.db.ExecContext(ctx, `DROP INDEX bench`); err != nil {
			return err
		}
	}
	return nil
}

// beside does something again and again until its longest time is asked for.
func (b *bounds) beside(ctx context.Context, do func(i int) error) (worst func() (time.Duration, error)) {
	stop := make(chan struct{})
	var longest time.Duration
	var failed error
	var work sync.WaitGroup
	work.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			began := time.Now()
			if err := do(i); err != nil && failed == nil {
				failed = err
			}
			longest = max(longest, time.Since(began))
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() (time.Duration, error) {
		close(stop)
		work.Wait()
		return longest, failed
	}
}
