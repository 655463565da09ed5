package importer

import (
	"strings"
	"sync"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

const file = "name\nAcme\n"

func TestIdempotencyFiftyAtOnceAreOneImport(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		var mu sync.Mutex
		answers := map[id.ID]int{}
		var clients sync.WaitGroup
		ctx := w.As(w.maria)
		for range 50 {
			clients.Go(func() {
				in := StartInput{Request: Request{File: File{Name: "customers.csv", Body: strings.NewReader(file)}, Kind: enum.Customers}}
				key("the same")(&in)
				run, err := e.Start(ctx, in)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				answers[run.ID]++
			})
		}
		clients.Wait()
		if imports, uploads := w.kept(); imports != 1 || uploads != 1 || len(answers) != 1 {
			t.Errorf("%d imports, %d uploads, answers %v", imports, uploads, answers)
		}
		if n := w.queue.n.Load(); n != 1 {
			t.Errorf("%d workers were asked for", n)
		}
		w.work(e)
		if n := len(w.customers(w.partner.ID)); n != 1 {
			t.Errorf("%d customers", n)
		}
		// Also once it is over.
		if again := w.start(e, file, key("the same")); again.Status != enum.Completed || answers[again.ID] != 50 {
			t.Errorf("afterwards: %+v", again)
		}
	})
}

func TestIdempotencyTheSameKeyForAnythingElseIsRefused(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		first := w.start(e, file, key("k"))
		for what, change := range map[string]func(*StartInput){
			"another file":    func(in *StartInput) { in.File.Body = strings.NewReader("name\nBeta\n") },
			"a dry run":       dry,
			"a mapping":       func(in *StartInput) { in.Mappings = []sheet.Mapping{to("name", "name")} },
			"a company named": func(in *StartInput) { in.Company = &w.partner.ID },
		} {
			if _, err := w.tryStart(e, w.maria, file, key("k"), change); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if again := w.start(e, file, key("k"), func(in *StartInput) { in.File.Name = "renamed.csv" }); again.ID != first.ID {
			t.Error("the same file under another name is another import")
		}
		if imports, uploads := w.kept(); imports != 1 || uploads != 1 {
			t.Errorf("%d imports, %d uploads", imports, uploads)
		}
		// A refused file binds no key.
		if _, err := w.tryStart(e, w.maria, "nothing\n", key("free")); !fault.Is(err, fault.InvalidFile) {
			t.Error(err)
		}
		if run := w.start(e, file, key("free")); run.ID == first.ID {
			t.Error("two keys are one")
		}
		for _, k := range []string{"", strings.Repeat("k", 256), "a\x00b", "a\xff"} {
			if _, err := w.tryStart(e, w.maria, file, key(k)); !fault.Is(err, fault.Invalid) {
				t.Errorf("the key %.10q of %d bytes: %v", k, len(k), err)
			}
		}
	})
}

func TestIdempotencyKeysAreTheCallersOwnAndLastADay(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		colleague := w.User(w.partner, "colleague@partner.example", enum.Admin)
		first := w.start(e, file, key("k"))
		others, err := w.tryStart(e, colleague, "name\nOther\n", key("k"))
		w.Must(err)
		if others.ID == first.ID {
			t.Error("another user's key is the same")
		}
		age := func(hours float64) {
			w.Exec(`UPDATE idempotency_keys SET created_at = `+w.DB.Dialect().NowPlus("$1")+` WHERE user_id = $2`, -3600*hours, w.maria.ID)
		}
		age(23.9)
		if again := w.start(e, file, key("k")); again.ID != first.ID {
			t.Error("within a day it is another import")
		}
		age(24.1)
		next := w.start(e, "name\nBeta\n", key("k"))
		if next.ID == first.ID {
			t.Error("after a day it is still the same import")
		}
		if again := w.start(e, "name\nBeta\n", key("k")); again.ID != next.ID {
			t.Error("the key does not stand for the new import")
		}
	})
}
