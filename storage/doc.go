// Package storage keeps verifications and everything around them in SQL.
//
// One goroutine writes. It takes what waits from two queues, runs it one after
// the other in one transaction, commits, and only then answers: the more
// callers there are, the more of them share one fsync. Readers use a pool of
// their own and see committed rows only.
//
// The statements are written for SQLite and PostgreSQL alike ($n placeholders,
// unix milliseconds, ids and JSON as text); what only SQLite knows is in
// sqlite.go.
package storage
