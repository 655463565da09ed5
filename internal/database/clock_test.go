package database_test

import (
	"context"
	"math"
	"testing"
	"time"

	"tenantry/internal/database"
	"tenantry/internal/testenv"
)

func TestClockIsUTCAndMovesOn(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		outside, err := db.Clock(t.Context())
		if err != nil || outside.Location() != time.UTC || math.Abs(time.Since(outside).Seconds()) > 60 {
			t.Errorf("the clock says %v, error %v", outside, err)
		}
		err = db.InTx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			for last := outside; ; {
				now, err := tx.Clock(ctx)
				if err != nil || now.After(outside.Add(time.Millisecond)) {
					return err
				}
				if now.Before(last) {
					t.Errorf("the clock went from %v to %v", last, now)
				}
				last = now
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A lease is taken by whoever finds it run out, in one statement.
func TestLeaseRunsByTheDatabasesClock(t *testing.T) {
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		execute(t, db, "CREATE TABLE leases (id text PRIMARY KEY, until TIME NULL)")
		now, err := db.Clock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		elsewhere := time.FixedZone("elsewhere", -7*3600) // must not change the order
		for id, until := range map[string]any{
			"free": nil, "run out": now.Add(-time.Hour).In(elsewhere), "just run out": now.Add(-10 * time.Millisecond),
			"held": now.Add(time.Hour).In(elsewhere), "held by SQL": nil, "run out by SQL": nil,
		} {
			if _, err := db.SQL().Exec("INSERT INTO leases VALUES ($1, $2)", id, until); err != nil {
				t.Fatal(err)
			}
		}
		d := db.Dialect()
		set := "UPDATE leases SET until = " + d.NowPlus("$1") + " WHERE id = $2"
		for id, seconds := range map[string]any{"held by SQL": 90, "run out by SQL": -0.5} {
			if _, err := db.SQL().Exec(set, seconds, id); err != nil {
				t.Fatal(err)
			}
		}

		rows, err := db.SQL().Query("UPDATE leases SET until = "+d.NowPlus("$1")+
			" WHERE until IS NULL OR until < "+d.Now()+" RETURNING id, until", 30.25)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		taken := map[string]time.Time{}
		for rows.Next() {
			var (
				id    string
				until database.Time
			)
			if err := rows.Scan(&id, &until); err != nil {
				t.Fatal(err)
			}
			taken[id] = until.Time
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"free", "run out", "just run out", "run out by SQL"} {
			if left := taken[id].Sub(now); left < 30*time.Second || left > 60*time.Second {
				t.Errorf("%q is leased for %v; want 30 s", id, left)
			}
			delete(taken, id)
		}
		if len(taken) > 0 {
			t.Errorf("held, but taken: %v", taken)
		}
		// What SQL wrote, database/sql (and so ent) reads as a time, and finds by one.
		if until := value[time.Time](t, db, "SELECT until FROM leases WHERE id = 'free'"); until.Before(now) {
			t.Errorf("read back: %v", until)
		}
		if n := value[int](t, db, "SELECT count(*) FROM leases WHERE until > $1", now.Add(30*time.Second)); n != 6 {
			t.Errorf("%d leases end after 30 s; want all 6", n)
		}
	})
}

// SQLite compares times as text, so SQL has to write the very text that Go writes.
func TestSQLiteTimesAreOneText(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.SQLite)
	base := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)
	for _, d := range []time.Duration{0, 10 * time.Second, 100 * time.Millisecond, 120 * time.Millisecond,
		123 * time.Millisecond, 50 * time.Millisecond, time.Millisecond, 50*time.Second + 500*time.Millisecond} {
		at := base.Add(d)
		expression := database.SQLiteTime("$1")
		var text string
		err := db.SQL().QueryRow("SELECT "+expression+" WHERE "+expression+" = $2",
			at.Format("2006-01-02 15:04:05.000"), at.In(time.FixedZone("", 3600))).Scan(&text)
		if err != nil {
			t.Errorf("%v: SQL writes another text than Go: %v", at, err)
		}
		var back database.Time
		if err := back.Scan(text); err != nil || !back.Equal(at) {
			t.Errorf("%q is read as %v, error %v", text, back, err)
		}
	}
}

func TestTimeRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	for _, v := range []any{nil, 12, "yesterday"} {
		var at database.Time
		if err := at.Scan(v); err == nil {
			t.Errorf("%v is taken for %v", v, at)
		}
	}
}
