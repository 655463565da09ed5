package csvfile

import (
	"strings"
	"testing"
	"time"
)

func TestMarkup(t *testing.T) {
	for _, cell := range []string{
		"<script>alert(1)</script>", "<SCRIPT SRC=//x>", "</script>", "a<script/x>", "<script", "<script\n>", "<scr\x01ipt>", "<scr\nipt>", "<\x01script>", "<s\u200Bcript>",
		"< script >", "<\tscript src=x>", "< script\nsrc = x>", "<ſcript>", "<iframe src=x>", "<object>", "<embed/>", "<svg>", "<svg/onload=x>", "<link rel=x>", "<meta http-equiv=refresh>", "<base href=x>",
		"<svg:script>", "<x:script>", "<very-long-prefix:script>", "<<script>", "<b <script>", "<a title=\"<script>\">",
		"&lt;script&gt;", "&amp;lt;script&gt;", "&#60;script>", "&#x3C;script>", "&ltscript>", "<scr&#105;pt>", "<&#115;cript>",
		"<img src=x onerror=alert(1)>", "<b ONCLICK = x>", "<img src=x\nonerror\n=\nalert(1)", "<img/onerror=x>", "<img src=\"x\"onerror=x>", "<img src='a>b' onerror=x>", "<img \"\"\" onerror=x>",
		"<img alt=\"x onerror=y>", "<a x=1 y on\x01click=z>", "<b <img onload=x>", "<p>a</p><p onfocus=x>", "&lt;img onerror=x&gt;", "<img src=x onerror&#61;y>",
		"javascript:alert(1)", "java\nscript:x", "j\u200Bavascript:x", "vbscript:x", "javascript:\x01x",
		"JavaScript: alert(1)", "javascript:\nalert(1)", "javascript: document.location='x'", "javascript: window.open(x)", "javascript: //x", "vbscript: msgbox(1)", "javascript: eval`x`", "javascript: (alert)(1)",
		"see javascript:alert(1)", "[click](javascript:alert(1))", "<a href=javascript:x>", "<a href='javascript: x'>", "<a href=\"java\tscript:\nx\">", "<a href = ' JavaScript: ten years'>", "<form action=vbscript:x>",
		"data:text/html,<b>x</b>", "DATA:TEXT/HTML;base64,PHNjcmlwdD4=", "data:\ntext/html,x", "<a href='data:text/html;base64,x'>", "data&colon;text/html,x", "see data:text/html,x", "javascript&colon;x", "&#106;avascript:x", "java&Tab;script:x", "see javascript:,vbscript:x",
	} {
		if !Markup(cell) {
			t.Errorf("F7: %q is taken for text", cell)
		}
	}
	for _, cell := range []string{
		"", "a", "base < 5 and link > 3", "x < base and y > link", "a <b", "a < b > c", "Base: 5", "script", "style: modern", "1 < 2", "<", "<<", "<>", "< >", "</", "a<=b", "<3",
		"<scripted>", "<linked>", "<stylesheet>", "<metadata>", "<base64>", "<object-1>", "<svgs>", "Ann <base@example.com>", "Ann <meta.link@example.com>", "<b>bold</b>", "<a href=x>",
		"<b>on = off</b>", "<b> onclick=x", "Ann <ann@example.com> online=yes", "<b on>", "<b on=x>", "<b title='onclick=x'>", "<b title=onclick=x>", "<b data-onclick=x>", "<b onclick>", "a < b onclick=x", "onclick=x",
		"Skills: JavaScript", "JavaScript:", "JavaScript: ", "javascript:\u00A0\n", "typescript:x", "avascript:x", "script:x", "javascript is nice", "java script:x",
		"JavaScript: ten years", "JavaScript: ten years; TypeScript: two", "JavaScript: alert", "I like javascript: it is nice", "VBScript:\nx", "JavaScript:\n- ten years\n- React", "JavaScript: basics (beginner)", "JavaScript: level = 3",
		"likes <style> guides & <3 jazz", "<style>", "data: text/html", "data:image/png;base64,x", "metadata: text", "<a href='https://x.example/javascript'>", "<a href=x title='JavaScript'>", "<b>JavaScript: ten years</b>", "2024-06-13T15:06:02Z", "R&D", "&lt;b&gt;", "AT&T: x", "&amp;amp;",
	} {
		if Markup(cell) {
			t.Errorf("F7: %q is taken for markup", cell)
		}
	}
}

func TestMarkupTakesLinearTime(t *testing.T) {
	// F7: a file of the worst cells must not hold a worker up. Quadratic time would be
	// seconds for any of these.
	for _, part := range []string{"<", "<a", "< link ", "<\n", "<a x='", "<a x=\"", "<a '=\"", ":", "\x01:", "&amp;", "&lt;", "<a:", "< link\n", "<link:", "t:", "javascript: ", "<a x=javascript", "javascript: a.", "javascript: a[", "data:\n"} {
		for _, cell := range []string{strings.Repeat(part, MaxCell/len(part)), part + strings.Repeat("\n", MaxCell), part + strings.Repeat("x", MaxCell), part + strings.Repeat("x ", MaxCell/2)} {
			from := time.Now()
			Markup(cell)
			if took := time.Since(from); took > 500*time.Millisecond {
				t.Errorf("F7: %q… took %v", part, took)
			}
		}
	}
}
