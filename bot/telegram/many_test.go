//go:build !race

package telegram

// orders is how many messages wait in front of a code.
const orders = 10_000
