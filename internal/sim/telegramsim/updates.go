package telegramsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// offsetSlack is how far an offset may lie beyond the newest id. Telegram's
// queue takes a greater one for nonsense and starts at its head instead.
const offsetSlack = 10

// update waits in a bot's queue until it is confirmed or a webhook took it.
type update struct {
	id   int64
	body json.RawMessage
	lane int64 // chat or user: a webhook gets the updates of one lane in order

	// An injected update with an id of its own is handed out once whatever the
	// offset says, since a duplicate below the offset would never be seen.
	injected, handed bool
}

// notByDefault are the kinds that a bot gets only when it asks for them by name.
var notByDefault = map[string]bool{"chat_member": true, "message_reaction": true, "message_reaction_count": true}

func (b *Bot) wants(kind string) bool {
	if b.allowed == nil {
		return !notByDefault[kind]
	}
	return b.allowed[kind]
}

// push queues an update of a kind the bot wants. The caller holds the lock.
func (b *Bot) push(kind string, lane int64, payload any) int64 {
	if b.gone || !b.wants(kind) {
		return 0
	}
	id := b.nextUpdate
	body, err := json.Marshal(map[string]any{"update_id": id, kind: payload})
	if err != nil {
		panic(fmt.Sprintf("encode update: %v", err)) // Only our own plain structs get here.
	}
	b.enqueue(update{id: id, body: body, lane: lane})
	return id
}

func (b *Bot) enqueue(u update) {
	b.nextUpdate = max(b.nextUpdate, u.id+1)
	b.queue = append(b.queue, u)
	if b.poll != nil {
		select {
		case b.poll.wake <- struct{}{}:
		default:
		}
	}
	b.openLane(u.lane)
}

// InjectRaw hands the bot an arbitrary update, whether it wants its kind or not.
// Without an update_id it gets the next one. With one it keeps it, so ids may
// repeat or run backwards; such an update is handed out once even below the
// poller's offset. The error is for text that is not a JSON object.
func (b *Bot) InjectRaw(raw string) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &fields); err != nil {
		return fmt.Errorf("injected update: %w", err)
	}
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	u := update{body: json.RawMessage(raw)}
	if text, ok := fields["update_id"]; ok {
		id, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			return fmt.Errorf("injected update id: %w", err)
		}
		u.id, u.injected = id, true
	} else {
		u.id = b.nextUpdate
		fields["update_id"] = json.RawMessage(strconv.FormatInt(u.id, 10))
		var err error
		if u.body, err = json.Marshal(fields); err != nil {
			return fmt.Errorf("injected update: %w", err)
		}
	}
	b.enqueue(u)
	return nil
}

// RestartUpdateIDs makes the next update id the given one, which may be lower
// than ids already seen: Telegram does so after a week without updates.
func (b *Bot) RestartUpdateIDs(next int64) {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	b.queue = nil
	b.nextUpdate = next
}

// PendingUpdates returns how many updates wait for the bot.
func (b *Bot) PendingUpdates() int {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	return len(b.queue)
}

// confirm forgets what the offset says was handled: all lower ids, or for a
// negative offset all but the newest ones.
func (b *Bot) confirm(offset int64) {
	switch {
	case offset > b.nextUpdate+offsetSlack:
		b.forget(func(update) bool { return false })
	case offset > 0:
		b.forget(func(u update) bool { return u.id < offset })
	case offset < 0:
		keep := min(int(-offset), len(b.queue))
		b.queue = slices.Clone(b.queue[len(b.queue)-keep:])
	}
}

func (b *Bot) forget(confirmed func(update) bool) {
	b.queue = slices.DeleteFunc(b.queue, func(u update) bool {
		if u.injected {
			return u.handed
		}
		return confirmed(u)
	})
}

func (b *Bot) head(limit int) []json.RawMessage {
	n := min(limit, len(b.queue))
	batch := make([]json.RawMessage, n)
	for i := range batch {
		batch[i] = b.queue[i].body
		b.queue[i].handed = true
	}
	return batch
}

// setAllowed stores allowed_updates. It stays until the next call that names
// it; an empty list means the default; an unreadable one is ignored.
func (b *Bot) setAllowed(p params) {
	text, ok := p["allowed_updates"]
	if !ok {
		return
	}
	var kinds []string
	if json.Unmarshal([]byte(text), &kinds) != nil {
		return
	}
	b.allowed = nil
	if len(kinds) > 0 {
		b.allowed = make(map[string]bool, len(kinds))
		for _, kind := range kinds {
			b.allowed[kind] = true
		}
	}
}
