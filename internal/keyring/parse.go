package keyring

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// makeKey is the command that prints a new key.
const makeKey = "openssl rand -base64 32"

// EnvVar is the environment variable that Parse reads the value of.
const EnvVar = "OTPRAVKA_MASTER_KEY"

// Parse reads the keys of the environment variable: base64, newest first,
// separated by white space or commas. Every error is one sentence that says
// what to do.
func Parse(value string) (*Ring, error) { return parse(EnvVar, value) }

// parse reads keys from a text in which lines that begin with # are comments.
// Errors tell the place of a key, never the key.
func parse(source, text string) (*Ring, error) {
	var keys [][]byte
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, word := range strings.FieldsFunc(line, isSeparator) {
			key, err := decode(word)
			if err != nil {
				return nil, fmt.Errorf("key %d of %s %w: make a key with `%s`", len(keys)+1, source, err, makeKey)
			}
			keys = append(keys, key)
		}
	}
	return newRing(source, keys)
}

func isSeparator(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) }

// decode accepts both alphabets of base64, with and without padding, because
// the tools that people make keys with differ in it.
func decode(word string) ([]byte, error) {
	word = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(word, "="))
	key, err := base64.RawStdEncoding.Strict().DecodeString(word)
	if err != nil {
		// The cause would name an offset and a byte of the key.
		return nil, errors.New("is not base64")
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("has %d bytes, not %d", len(key), keySize)
	}
	return key, nil
}
