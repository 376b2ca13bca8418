//go:build !failpoints

package failpoint

// Variables are those that this build reads.
var Variables []string

// Hit does nothing.
func Hit(Point) {}
