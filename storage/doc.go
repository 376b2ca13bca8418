// Package storage keeps verifications and everything around them in SQL.
//
// One goroutine writes. It takes what waits from two queues and runs it in one
// transaction: it reads what all of it needs, decides one op after the other,
// writes what all of them changed, commits, and only then answers. The more
// callers there are, the more of them share statements and one fsync. Where
// nobody else writes, it remembers the cases that it has committed lately and
// reads only what is new to it. Readers use a pool of their own and see
// committed rows only.
//
// The statements are written for SQLite and PostgreSQL alike ($n placeholders,
// unix milliseconds, ids and JSON as text); what only one of them knows is behind
// dialect, in sqlite.go and in the files called postgres.
package storage
