// Package crash proves what docs/durability.md promises. Its tests run the real
// program as a process of its own, kill it at named points (see
// internal/failpoint) and at random moments, start it again as a service
// manager does, and then compare what businesses were told, what arrived on
// phones, and what the database holds.
//
// A short pass runs with all tests; make crash runs every point, at its 1st,
// 7th and 50th hit, on both databases.
package crash
