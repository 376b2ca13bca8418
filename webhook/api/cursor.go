package api

import (
	"crypto/subtle"
	"encoding/base64"

	"otpravka/otpcore"
	"otpravka/webhook/problem"
)

// A cursor is an id with a MAC over it and its reader, so that nobody can walk
// from another business's rows or invent a place to begin.

const cursorMAC = 16

func (h *Handlers) cursorMAC(by otpcore.Caller, id []byte) []byte {
	mac := h.Vault.MAC("cursor", []byte(by.Business.ID), []byte(by.Mode), id)
	return mac[:cursorMAC]
}

func (h *Handlers) cursor(by otpcore.Caller, id otpcore.ID) *Cursor {
	raw := append(h.cursorMAC(by, []byte(id)), id...)
	text := base64.RawURLEncoding.EncodeToString(raw)
	return &text
}

func (h *Handlers) readCursor(by otpcore.Caller, text Cursor) (otpcore.ID, error) {
	if text == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= cursorMAC || subtle.ConstantTimeCompare(raw[:cursorMAC], h.cursorMAC(by, raw[cursorMAC:])) != 1 {
		return "", problem.New("bad_cursor")
	}
	return otpcore.ID(raw[cursorMAC:]), nil
}

// pageLimit is the length of a page for which no other was asked.
const pageLimit = 20

// page cuts the part of an ordered list that begins after the cursor's id.
func page[T any](h *Handlers, by otpcore.Caller, all []T, id func(T) otpcore.ID, cursor *Cursor, limit *Limit) ([]T, *Cursor, error) {
	after, err := h.readCursor(by, given(cursor))
	if err != nil {
		return nil, nil, err
	}
	first := 0
	for first < len(all) && after != "" && id(all[first]) <= after {
		first++
	}
	all, next := cut(h, by, all[first:], lengthOf(limit), id)
	return all, next, nil
}

// lengthOf is the length of the page that is asked for.
func lengthOf(limit *Limit) int {
	if limit == nil {
		return pageLimit
	}
	return *limit
}

// cut takes a page off the beginning of a list, which is asked for with one item
// more than the page has: that one tells that there is another page, for which
// cut returns the cursor.
func cut[T any](h *Handlers, by otpcore.Caller, found []T, length int, id func(T) otpcore.ID) ([]T, *Cursor) {
	if len(found) <= length {
		return found, nil
	}
	return found[:length], h.cursor(by, id(found[length-1]))
}
