package demo

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"

	"tenantry/client"
)

// lineEvery is how often the progress is written where there is no terminal.
const lineEvery = 500 * time.Millisecond

// display shows how an import goes on: a bar on a terminal, else a line now and then.
type display struct {
	out      io.Writer
	terminal bool
	bar      *progressbar.ProgressBar // nil before the first state
	written  time.Time                // the last line
}

func newDisplay(out io.Writer, terminal bool) *display {
	return &display{out: out, terminal: terminal}
}

// state shows a state; the final one always.
func (d *display) state(i client.Import) {
	if !d.terminal {
		if now := time.Now(); i.Ended() || now.Sub(d.written) >= lineEvery {
			d.written = now
			Say(d.out, "Import", "%s, %s of %s rows%s", i.Status, count(i.ProcessedRows), count(i.TotalRows), pace(i))
		}
		return
	}
	if d.bar == nil {
		d.bar = progressbar.NewOptions(max(i.TotalRows, 1),
			progressbar.OptionSetWriter(d.out),
			progressbar.OptionSetWidth(40),
			progressbar.OptionShowCount(),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionShowDescriptionAtLineEnd(),
			// The pace is the server's, so that a client that comes late shows it too.
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}),
		)
	}
	d.bar.Describe(fmt.Sprintf("rows%s", pace(i)))
	_ = d.bar.Set(i.ProcessedRows) // a terminal that is gone is nothing to stop for
}

// end leaves the bar, wherever it stands, and goes on below it.
func (d *display) end() {
	if d.bar != nil {
		_ = d.bar.Exit()
		fmt.Fprintln(d.out)
	}
}

// pace is how fast it goes and how long it will; empty where there is nothing to tell.
func pace(i client.Import) string {
	text := ""
	if i.RowsPerSecond != nil {
		text = ", " + count(int(*i.RowsPerSecond)) + " rows/s"
	}
	if i.SecondsLeft != nil && *i.SecondsLeft > 0 {
		text += fmt.Sprintf(", %d s left", *i.SecondsLeft)
	}
	return text
}

// Say writes what was done, under a heading.
func Say(w io.Writer, heading, format string, args ...any) {
	fmt.Fprintf(w, "%-9s "+format+"\n", append([]any{heading}, args...)...)
}

// count writes a number with commas between its thousands.
func count(n int) string { return humanize.Comma(int64(n)) }

// roughly rounds a time to what people read.
func roughly(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
