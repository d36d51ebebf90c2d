package secret

// NewPasswordsForTest hashes at a cost of the test's choice.
func NewPasswordsForTest(atOnce int, memory, passes uint32, lanes uint8) *Passwords {
	return newPasswords(atOnce, cost{memory: memory, passes: passes, lanes: lanes})
}

// HoldTurn takes a turn until release is called.
func HoldTurn(p *Passwords) (release func()) {
	p.turns <- struct{}{}
	return func() { <-p.turns }
}

// Guesses is the estimate behind Weakness.
var Guesses = guesses
