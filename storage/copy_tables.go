package storage

// copiedTable is a table whose rows go over as they are.
type copiedTable struct {
	name string
	key  []string // columns of the primary key
	// numbered is the column that the database numbers by itself; empty: none.
	numbered string
}

// copiedTables are all tables of the schema but meta, whose rows are copied
// last and not all of them, because they tell of the database itself.
var copiedTables = []copiedTable{
	{name: "boots", key: []string{"id"}},
	{name: "businesses", key: []string{"id"}},
	{name: "api_keys", key: []string{"id"}},
	{name: "bots", key: []string{"id"}},
	{name: "bot_offsets", key: []string{"bot_id"}},
	{name: "retired_bots", key: []string{"id"}},
	{name: "links", key: []string{"id"}},
	{name: "link_sessions", key: []string{"bot_id", "chat_index"}},
	{name: "used_tokens", key: []string{"source"}},
	{name: "verifications", key: []string{"id"}},
	{name: "deliveries", key: []string{"id"}},
	{name: "orders", key: []string{"id"}},
	{name: "order_updates", key: []string{"id"}},
	{name: "events", key: []string{"seq"}, numbered: "seq"},
	{name: "endpoints", key: []string{"id"}},
	{name: "postings", key: []string{"id"}},
	{name: "templates", key: []string{"business_id", "key", "version"}},
	{name: "standings", key: []string{"phone_index", "business_id"}},
	{name: "idempotency", key: []string{"business_id", "mode", "route", "key"}},
	{name: "erasures", key: []string{"verification_id"}},
	{name: "inbox", key: []string{"bot_id", "update_id"}},
	{name: "kept_receipts", key: []string{"provider", "message_id"}},
}
