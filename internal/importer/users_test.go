package importer

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/notification"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/blob"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/kind/users"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// of starts a file of the kind, in the company, as the user.
func (w *world) of(e *Engine, u *ent.User, k enum.ImportKind, into *ent.Company, file string, change ...func(*StartInput)) *ent.ImportRun {
	w.T.Helper()
	run, err := w.tryStart(e, u, file, append([]func(*StartInput){func(in *StartInput) {
		in.Kind, in.Company, in.File.Name = k, &into.ID, strings.ToLower(string(k))+".csv"
	}}, change...)...)
	w.Must(err)
	return run
}

// usersOf takes a file of users all the way, dry first, and demands that the dry run says
// what the real one does (rule J10) and writes nothing.
func (w *world) usersOf(u *ent.User, into *ent.Company, file string) (*ent.ImportRun, string) {
	w.T.Helper()
	return w.bothWays(u, enum.Users, into, file, Options{}, func() []string { return w.directory(into.ID) })
}

func (w *world) bothWays(u *ent.User, k enum.ImportKind, into *ent.Company, file string, o Options, look func() []string, change ...func(*StartInput)) (*ent.ImportRun, string) {
	w.T.Helper()
	e := w.engine(o)
	before := look()
	dryRun := w.of(e, u, k, into, file, append([]func(*StartInput){dry}, change...)...)
	w.work(e)
	testenv.Equal(w.T, "after the dry run", look(), before)
	run := w.of(e, u, k, into, file, change...)
	w.work(e)
	for _, r := range []id.ID{dryRun.ID, run.ID} {
		if n := w.DB.Ent().ImportRecord.Query().CountX(w.System); n != 0 || w.scratch(r) != 0 {
			w.T.Errorf("%d records of scratch are left", n)
		}
	}
	state, issues := w.state(run.ID), strings.Join(w.issues(run.ID), " ")
	testenv.Equal(w.T, "the dry run's counts", counts(w.state(dryRun.ID)), counts(state))
	testenv.Equal(w.T, "the dry run's issues", strings.Join(w.issues(dryRun.ID), " "), issues)
	testenv.Equal(w.T, "what the dry run says", w.said(dryRun.ID), w.said(run.ID))
	return state, issues
}

// directory lists a company's users as email|first|last|role|active, by email.
func (w *world) directory(c id.ID) []string {
	w.T.Helper()
	all, err := w.DB.Ent().User.Query().Where(user.CompanyID(c)).Order(ent.Asc(user.FieldEmailKey)).All(w.System)
	w.Must(err)
	out := []string{}
	for _, u := range all {
		out = append(out, fmt.Sprintf("%s|%s|%s|%s|%v", u.Email, u.FirstName, u.LastName, u.Role, u.Active))
	}
	return out
}

func (w *world) userOf(email string) *ent.User {
	w.T.Helper()
	u, err := w.DB.Ent().User.Query().Where(user.EmailKey(email)).Only(w.System)
	w.Must(err)
	return u
}

// has reports whether it is the user's password.
func (w *world) has(email, password string) bool {
	w.T.Helper()
	p, err := auth.NewPasswords(auth.PasswordOptions{})
	w.Must(err)
	same, err := p.Verify(w.System, password, w.userOf(email).PasswordHash)
	w.Must(err)
	return same
}

const people = "email,first_name,last_name,password,active\n"

// I15: who is new is made with all four, and who is known is changed.
func TestI15UsersAreMadeAndChanged(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, issues := w.usersOf(w.maria, w.partner, people+
			"kim@example.net,Kim,Park,s3cret-enough,true\n"+
			"lee@example.net,Lee,Ng,short,true\n"+
			"max@example.net,Max,Mora,another-long-one,No\n"+
			",No,Email,some-password,true\n"+
			"KIM@Example.net,Kimberly,,,\n"+ // the same user, in the same file
			"kim@example.net,Kimberly,Park,,1\n"+
			"new@example.net,,Only,,\n"+
			"tom@partner.example,Tom,,,false\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 2+2+1+0+3 of 8")
		testenv.Equal(t, "issues", issues, "2:password:TOO_SHORT 4:email:REQUIRED 7:first_name:REQUIRED 7:password:REQUIRED")
		testenv.Equal(t, "the directory", w.directory(w.partner.ID), []string{
			"gone@partner.example|Ada|Lovelace|MEMBER|false", "kim@example.net|Kimberly|Park|MEMBER|true",
			"maria@partner.example|Ada|Lovelace|ADMIN|true", "max@example.net|Max|Mora|MEMBER|false",
			"tom@partner.example|Tom|Lovelace|MEMBER|false",
		})
		if kim := w.userOf("kim@example.net"); !w.has("kim@example.net", "s3cret-enough") || kim.FirstNameKey != "kimberly" || kim.CompanyID != w.partner.ID || id.KindOf(kim.ID) != id.User {
			t.Errorf("%+v", kim)
		}
		// Once more: nothing has changed but that a filled password counts as a change.
		before := w.userOf("max@example.net").UpdatedAt
		again, _ := w.usersOf(w.maria, w.partner, "email,first_name,password\nkim@example.net,Kimberly,s3cret-enough\nmax@example.net,Max,\n")
		testenv.Equal(t, "again", counts(again), "COMPLETED 0+1+1+0+0 of 2")
		if !w.userOf("max@example.net").UpdatedAt.Equal(before) {
			t.Error("an unchanged user was written")
		}
	})
}

// F6: a password is taken exactly as it is, and F7 is not applied to it.
func TestF6APasswordIsTakenAsItIs(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		passwords := []string{"  spaces  ", "=1+1+1+1", "'=quoted", "<script>x", "-rf / now", "Cafe\u0301-Cafe\u0301", "\t\ttabs\t\t", "line\nbreak", strings.Repeat("x", 1024)}
		file := people
		for i, p := range passwords {
			file += fmt.Sprintf("u%d@example.net,U,V,%s,\n", i, quoted(p))
		}
		file += "long@example.net,U,V," + strings.Repeat("x", 1025) + ",\nshort@example.net,U,V,ééééé,\n"
		run, issues := w.usersOf(w.maria, w.partner, file)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 9+0+0+0+2 of 11")
		testenv.Equal(t, "issues", issues, "10:password:TOO_LONG 11:password:TOO_SHORT")
		for i, p := range passwords {
			if email := fmt.Sprintf("u%d@example.net", i); !w.has(email, p) {
				t.Errorf("%q is not the password of %s: %q", p, email, w.userOf(email).PasswordHash)
			}
		}
	})
}

// U2: no password is in the store, in the ledger, in the rejects or in a preview, whatever is
// wrong with the row or the columns.
func TestU2NoPasswordIsShownOrKept(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		const secret = "hunter2hunter2"
		file := "email,first_name,last_name,password,old password,active\n" +
			"bad,Kim,Park," + secret + "1,=" + secret + "2,true\n" + // an unrecognised column, and unsafe
			"lee@example.net,Lee," + secret + "3,true\n" + // a cell too few: it stands in another column
			"lee@example.net,Lee,Ng,x," + secret + "4,," + secret + "5\n" + // one too many
			"a@example.net,,Ng," + secret + "6,,perhaps\n"
		p, err := e.Preview(w.As(w.maria), Request{File: File{Body: strings.NewReader(file)}, Kind: enum.Users, Mappings: []sheet.Mapping{out("old password")}})
		w.Must(err)
		shown := fmt.Sprint(p.Samples)
		for _, i := range p.Issues {
			shown += i.Message
			if i.Value != nil {
				shown += *i.Value
			}
		}
		run := w.of(e, w.maria, enum.Users, w.partner, file, func(in *StartInput) { in.Mappings = []sheet.Mapping{out("old password")} })
		stored, err := w.blobs.OpenAt(w.System, run.UploadKey, 0)
		w.Must(err)
		bytes, err := io.ReadAll(stored)
		w.Must(err)
		w.Must(stored.Close())
		if !strings.HasPrefix(string(bytes), "age-encryption.org/v1") || run.UploadSecret == nil {
			t.Errorf("the stored file begins %.40q", bytes)
		}
		shown += string(bytes)
		w.work(e)
		r := w.state(run.ID)
		testenv.Equal(t, "counts", counts(r), "COMPLETED 0+0+0+0+4 of 4")
		for _, i := range w.ledger(run.ID) {
			shown += i.Message
			if i.Value != nil {
				shown += *i.Value
			}
		}
		rejects, _, err := e.OpenRejects(w.System, viewer.Principal{User: w.maria.ID}, run.ID)
		w.Must(err)
		text, err := io.ReadAll(rejects)
		w.Must(err)
		w.Must(rejects.Close())
		for _, n := range w.DB.Ent().Notification.Query().AllX(w.System) {
			shown += n.Title + n.Body
		}
		if shown += string(text); strings.Contains(shown, secret) {
			t.Errorf("a password is shown:\n%s", shown)
		}
		if !strings.Contains(string(text), "bad,Kim,Park,,,true,") || !strings.Contains(string(text), "is not an email address") {
			t.Errorf("the rejects are\n%s", text)
		}
		// File and key are gone with the end.
		if r.UploadSecret != nil || r.UploadKey != "" || len(w.blobKeys(blob.Uploads)) != 0 {
			t.Errorf("left: key %q, blobs %v", r.UploadKey, w.blobKeys(blob.Uploads))
		}
	})
}

// U2: a file whose process died right after the import's end goes with the next clean-up,
// young as it is; one whose import still waits stays.
func TestU2TheCleanUpDropsAFileWhoseKeyIsGone(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		first := w.of(e, w.maria, enum.Users, w.partner, people+"kim@example.net,Kim,Park,s3cret-enough,\n")
		second := w.of(e, w.maria, enum.Users, w.partner, people+"lee@example.net,Kim,Park,s3cret-enough,\n")
		w.Exec(`UPDATE import_runs SET status = 'CANCELED', upload_key = '', upload_secret = NULL WHERE id = $1`, first.ID)
		w.Must(e.Clean(w.System))
		testenv.Equal(t, "blobs", w.blobKeys(blob.Uploads), []string{second.UploadKey})
		// One that is canceled in the queue loses both at once.
		if _, err := e.Cancel(w.As(w.maria), second.ID); err != nil {
			t.Fatal(err)
		}
		if r := w.state(second.ID); r.UploadSecret != nil || r.UploadKey != "" || len(w.blobKeys(blob.Uploads)) != 0 {
			t.Errorf("left: key %q, blobs %v", r.UploadKey, w.blobKeys(blob.Uploads))
		}
	})
}

// J2: an encrypted file is gone on with in its middle, and hashes are made again.
func TestJ2AnEncryptedFileIsGoneOnWith(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const rows = 3000 // some 150 KiB: several chunks
		file := people
		for i := range rows {
			file += fmt.Sprintf("user.number.%d@example.net,First%d,Last%d,,\n", i, i, i)
		}
		lines := strings.SplitAfter(file, "\n")
		for _, i := range []int{1, 2, 1500, rows} {
			lines[i] = strings.Replace(lines[i], ",,\n", ",a good password,\n", 1)
		}
		e := w.engine(Options{BatchRows: 250})
		run := w.of(e, w.maria, enum.Users, w.partner, strings.Join(lines, ""))
		e.hook(hooked{between: func(turn int) {
			if turn == 5 {
				w.lapse(run.ID)
				w.work(w.engine(Options{BatchRows: 70}))
			}
		}})
		_, _ = e.RunNext(w.System)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), fmt.Sprintf("COMPLETED 4+0+0+0+%d of %d", rows-4, rows))
		for _, i := range []int{0, 1, 1499, rows - 1} {
			if email := fmt.Sprintf("user.number.%d@example.net", i); !w.has(email, "a good password") {
				t.Errorf("%s has another password", email)
			}
		}
	})
}

// I15: the email of another company's user fails, and nothing more is told.
func TestI15AnotherCompanysEmailIsTaken(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, issues := w.usersOf(w.maria, w.partner, people+"Outside@PLAIN.example,,,,\ninside@customer.example,A,B,a good password,false\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 0+0+0+0+2 of 2")
		testenv.Equal(t, "issues", issues, "1:email:EMAIL_TAKEN 2:email:EMAIL_TAKEN")
		if l := w.ledger(run.ID); strings.Contains(l[0].Message+l[1].Message, "Plain") {
			t.Errorf("%q, %q", l[0].Message, l[1].Message)
		}
	})
}

// R1: passwords are hashed outside of the transaction, and the batch is validated again behind
// that: what is wrong with a row is then just what it was.
func TestR1ABatchThatIsJudgedAgainHasTheSameProblems(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		_, issues := w.usersOf(w.maria, w.partner, people+
			"kim@example.net,Kim,Park,s3cret-enough,true\n=unsafe@example.net,<iframe>,"+strings.Repeat("x", 201)+",,=1\n")
		testenv.Equal(t, "issues", issues, "2:email:UNSAFE_CONTENT 2:first_name:UNSAFE_CONTENT 2:last_name:TOO_LONG 2:password:REQUIRED 2:active:UNSAFE_CONTENT")
	})
}

// U4, U6, I15: whom an import cannot touch.
func TestI15ProtectedUsers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		// The own self, and the last administrator of a company that nobody manages.
		run, issues := w.usersOf(w.maria, w.partner, people+
			"maria@partner.example,Mary,,,true\nmaria@partner.example,,,,false\nmaria@partner.example,,,my new password,\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 0+1+0+0+2 of 3")
		testenv.Equal(t, "issues", issues, "2:active:FORBIDDEN 3:password:FORBIDDEN")
		other := w.User(w.partner, "other@partner.example", enum.Admin)
		third := w.User(w.partner, "third@partner.example", enum.Admin, testenv.Inactive)
		_, issues = w.usersOf(other, w.partner, people+
			"maria@partner.example,,,,no\nthird@partner.example,,,,no\nthird@partner.example,,,,yes\nmaria@partner.example,,,,0\n")
		testenv.Equal(t, "issues among administrators", issues, "")
		// By the last one's own hand nothing goes; a member's activity is nobody's last.
		w.Exec(`UPDATE users SET active = $1 WHERE id = $2`, false, third.ID)
		_, issues = w.usersOf(other, w.partner, people+"tom@partner.example,,,,false\n")
		testenv.Equal(t, "issues of a member", issues, "")

		// The customer's own active administrators are not the partner's people's to change.
		w.PartnerAdmin(w.customer, other)
		w.User(w.customer, "asleep@customer.example", enum.Admin, testenv.Inactive)
		w.User(w.customer, "member@customer.example", enum.Member)
		run, issues = w.usersOf(other, w.customer, people+
			"inside@customer.example,Renamed,,,true\n"+
			"inside@customer.example,,,a good password,\n"+
			"inside@customer.example,,,,false\n"+
			"member@customer.example,,,a good password,false\n"+
			"asleep@customer.example,,,a good password,true\n"+
			"asleep@customer.example,,,,false\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 0+3+0+0+3 of 6")
		testenv.Equal(t, "issues", issues, "2:password:FORBIDDEN 3:active:FORBIDDEN 6:active:FORBIDDEN")
		// Its own may, down to the last one that a managed company need not have (U4).
		_, issues = w.usersOf(w.User(w.customer, "boss@customer.example", enum.Admin), w.customer, people+
			"inside@customer.example,,,a good password,false\nasleep@customer.example,,,,false\n")
		testenv.Equal(t, "issues of its own", issues, "")
	})
}

// U3: what an import changes of somebody's password or activity ends their sessions, is
// told to them and stands in the log, once a batch.
func TestU3AnImportedPasswordEndsSessions(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for i, u := range []*ent.User{w.tom, w.maria} {
			w.Must(w.DB.Ent().Session.Create().SetUserID(u.ID).SetTokenHash([]byte{byte(i)}).SetKind(enum.Bearer).
				SetExpiresAt(w.tom.CreatedAt.AddDate(1, 0, 0)).Exec(w.System))
		}
		file := people + "tom@partner.example,Tom,,,\n"
		w.usersOf(w.maria, w.partner, file)
		if n := w.DB.Ent().Session.Query().CountX(w.System); n != 2 {
			t.Errorf("a new name ends sessions: %d are left", n)
		}
		w.usersOf(w.maria, w.partner, people+"tom@partner.example,,,first password,\nTOM@partner.example,,,second password,\n")
		if n := w.DB.Ent().Session.Query().CountX(w.System); n != 1 || !w.has("tom@partner.example", "second password") {
			t.Errorf("%d sessions are left", n)
		}
		told := w.DB.Ent().Notification.Query().Where(notification.UserID(w.tom.ID)).AllX(w.System)
		if len(told) != 1 || told[0].Kind != enum.AccountChanged || !strings.Contains(told[0].Body, "password") {
			t.Errorf("told %v", told)
		}
		var log []string
		for _, e := range w.DB.Ent().AuditEvent.Query().Where(auditevent.CompanyID(w.partner.ID)).AllX(w.System) {
			log = append(log, e.Action+" by "+e.ActorName)
		}
		slices.Sort(log)
		log = slices.DeleteFunc(log, func(event string) bool { return strings.HasPrefix(event, "import.") }) // the imports' own
		testenv.Equal(t, "the log", log, []string{
			"user.credentials_changed by Ada Lovelace", "user.updated by Ada Lovelace",
		})
	})
}

// U2: an idempotency key recognises a file of users again, by nothing that would tell whose
// password was guessed right.
func TestU2TheFingerprintOfAFileWithPasswordsIsSlow(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		const file = people + "kim@example.net,Kim,Park,s3cret-enough,\n"
		first := w.of(e, w.maria, enum.Users, w.partner, file, key("k"))
		if again := w.of(e, w.maria, enum.Users, w.partner, file, key("k")); again.ID != first.ID {
			t.Error("the same key, file and arguments are another import")
		}
		_, err := w.tryStart(e, w.maria, file+"x\n", key("k"), func(in *StartInput) { in.Kind, in.Company = enum.Users, &w.partner.ID })
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("another file: %v", err)
		}
		v, err := e.vocabulary(w.As(w.maria), enum.Users, w.partner.ID)
		w.Must(err)
		a, err := e.store(w.As(w.maria), "uploads/"+id.New(id.ImportRun).String(), StartInput{Request: Request{
			File: File{Body: strings.NewReader(file)}, Kind: enum.Users, Company: &w.partner.ID,
		}}, v, w.partner.ID)
		w.Must(err)
		kept := w.DB.Ent().IdempotencyKey.Query().OnlyX(w.System).Fingerprint
		if len(kept) != len(a.digest) || slices.Equal(kept, a.digest) {
			t.Error("what is kept is a plain digest of the file")
		}
	})
}

// U5, C6: who may import users.
func TestU5WhoImportsUsers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		platform := w.PlatformCompany()
		operator := w.User(platform, "op@platform.example", enum.Admin)
		for _, c := range []struct {
			what string
			who  *ent.User
			into *ent.Company
			want string
		}{
			{"a member", w.tom, w.partner, fault.Forbidden.Code()},
			{"the partner's administrator who is no partner admin", w.maria, w.customer, fault.Forbidden.Code()},
			{"another company's administrator", w.outside, w.customer, fault.NotFound.Code()},
			{"an operator into the platform", operator, platform, fault.Forbidden.Code()},
			{"an operator", operator, w.plain, fault.Forbidden.Code()},
			{"the customer's own", w.inside, w.customer, ""},
		} {
			_, err := w.tryStart(e, c.who, people+"x@example.net,A,B,a good password,\n", func(in *StartInput) { in.Kind, in.Company = enum.Users, &c.into.ID })
			got := ""
			if f := fault.Of(err); f != nil {
				got = f.Kind.Code()
			}
			if got != c.want {
				t.Errorf("%s: %v, want %s", c.what, err, c.want)
			}
		}
	})
}

// No password is hashed in a dry run, nor for a row that is not written.
func TestU2OnlyWhatIsWrittenIsHashed(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		counted := &countingPasswords{Passwords: w.passwords()}
		e.kinds = kinds.New(w.DB, counted, w.companies(e.events), contacts.Options{})
		const file = people + "kim@example.net,Kim,Park,first password,\nkim@example.net,,,second password,\noutside@plain.example,A,B,a good password,\nx,A,B,a good password,\n"
		w.of(e, w.maria, enum.Users, w.partner, file, dry)
		w.work(e)
		if counted.n != 0 {
			t.Errorf("a dry run hashed %d passwords", counted.n)
		}
		w.of(e, w.maria, enum.Users, w.partner, file)
		w.work(e)
		if counted.n != 1 || !w.has("kim@example.net", "second password") {
			t.Errorf("hashed %d passwords", counted.n)
		}
	})
}

type countingPasswords struct {
	users.Passwords
	n int
}

func (c *countingPasswords) Hash(ctx context.Context, password string) (string, error) {
	c.n++
	return c.Passwords.Hash(ctx, password)
}

// R1: of two fields that a new user needs and the file does not have, both are told.
func TestR1EveryFieldThatIsMissingIsTold(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		_, issues := w.usersOf(w.maria, w.partner, "email,password\nkim@example.net,s3cret-enough\n")
		testenv.Equal(t, "issues", issues, "1::REQUIRED 1::REQUIRED")
	})
}

// R2: a user who is changed and changed back has been written, whether or not a batch ends
// in between.
func TestR2AUserWhoIsChangedBackIsWritten(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for _, rows := range []int{1, 2} {
			before := w.userOf("tom@partner.example").UpdatedAt
			run, _ := w.bothWays(w.maria, enum.Users, w.partner, "email,last_name\ntom@partner.example,Park\ntom@partner.example,Lovelace\n",
				Options{BatchRows: rows}, func() []string { return w.directory(w.partner.ID) })
			testenv.Equal(t, "counts", counts(run), "COMPLETED 0+2+0+0+0 of 2")
			if !w.userOf("tom@partner.example").UpdatedAt.After(before) {
				t.Errorf("in batches of %d the user is as it was", rows)
			}
		}
	})
}
