// Package security holds measurements of what an attacker could learn from the
// time that an answer takes, or take from others by being slow. They are no
// tests: a number depends on the machine and on what else runs on it. The tests
// of the same rules stand with the code.
//
// Run them with make bench-security. Each prints its figures and a verdict.
package security
