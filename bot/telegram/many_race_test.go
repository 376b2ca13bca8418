//go:build race

package telegram

// orders is how many messages wait in front of a code: fewer under the race
// detector, which takes two minutes for ten thousand of them.
const orders = 3_000
