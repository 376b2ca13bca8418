package otpcore

// Money is an amount as people write it, for example {"4990.00", "KZT"}. The
// amount stays a decimal string: no float ever touches a price.
type Money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// Cost is what a provider took for a message.
type Cost struct {
	Money
	Refunded bool `json:"refunded,omitempty"` // the provider gave it back
}

// IsZero reports whether no amount is known.
func (m Money) IsZero() bool { return m.Amount == "" }
