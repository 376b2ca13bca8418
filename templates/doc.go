// Package templates holds the texts that people read: messages with a code,
// the bot's answers in the linking conversation and the hints of login screens.
//
// The words stand in texts/<locale>/*.yaml; what each key needs stands in the
// tables codeSpecs and replySpecs. New compiles both and refuses any text whose
// placeholders do not fit its key, so that no send can fail on a text.
//
// {{name}} is replaced by a value, once: a value is never read as a template,
// and {{name|one: item|other: items}} by the plural form that goes with a count:
// exactly those that the language has, under the names of CLDR. Nothing else in
// a text has a meaning. Amounts, dates and plural forms follow CLDR. Messages carry plain text with
// spans, no markup, so a value cannot turn into a tag or a link either.
//
// # How an SMS gets short
//
// Every SMS text has variants, the fullest first. The first one is sent that
// has all its values and fits the segments of its key: two for payment, one for
// the others. The shorter ones leave out, in this order: "we never ask for it",
// words that only make a sentence, the total of an order, the name of a
// document, and at last the order's number. Code, brand, the request not to
// share it, and a payment's amount and payee stand in every variant. Where not
// even the shortest one fits, because the brand or the payee is long, the
// variant with the fewest segments is sent. Lines that bind the code to a host or
// hand it to an app count, so that a shorter variant makes room for them.
package templates
