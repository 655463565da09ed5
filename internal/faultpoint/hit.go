//go:build !faultpoints

package faultpoint

// Hit marks a place by its name; detail says what it is about, such as an import's key.
func Hit(string, ...string) {}
