// Package graphiql serves the page at /graphiql. The page is complete: it loads nothing
// from other servers, so that no third-party script can see a viewer's token.
//
// dist/ is built from page.jsx and the packages in package-lock.json (make graphiql).
package graphiql

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed dist
var dist embed.FS

// Path is where the page is; what it needs lies below.
const Path = "/graphiql"

// policy lets the page load nothing from elsewhere and lets nobody frame it. Styles are
// inline because its editor sets them so.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page at Path and its parts below it.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only for a name that is no path
	}
	parts := http.StripPrefix(Path+"/", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "GET and HEAD are accepted here", http.StatusMethodNotAllowed)
		case r.URL.Path == Path:
			http.ServeFileFS(w, r, files, "page.html")
		case r.URL.Path == Path+"/":
			http.Redirect(w, r, Path, http.StatusMovedPermanently)
		default:
			parts.ServeHTTP(w, r)
		}
	})
}
