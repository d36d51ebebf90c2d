package fleet

import "errors"

// Kind says what sort of failure an Error is; the HTTP floor turns it into a
// status in one place.
type Kind uint8

// The kinds of failure, each with the HTTP status it becomes.
const (
	Internal        Kind = iota // 500: a fault of ours; the cause is logged and never shown
	Invalid                     // 422: the input breaks a rule; Fields says where
	Unauthenticated             // 401: nobody we know
	Forbidden                   // 403: known, may see it, may not do it
	NotFound                    // 404: not there, or not for the caller to know of
	Conflict                    // 409: clashes with what is there
	Stale                       // 412: If-Match names an older version; Current holds the noun
	TooLarge                    // 413
	TooMany                     // 429: throttled; RetryAfter says how long
	Unavailable                 // 503: a part that is needed is away
)

// Error is a failure that a person or a program can act on.
type Error struct {
	Kind Kind
	// Code is stable and snake_case, for programs.
	Code string
	// Msg is one sentence for people: what happened and what to do.
	Msg string
	// Fields holds one entry for each input that breaks a rule.
	Fields []Field
	// RetryAfterSeconds is set with TooMany and Unavailable where it is known.
	RetryAfterSeconds int
	// Limits are those that stand in the way; set with limit_reached and over_limit.
	Limits []OverLimit
	// Current is the noun as it is now; set with Stale.
	Current any
	// Err is the cause, for the log.
	Err error
}

// Field is one fault in an input.
type Field struct {
	// Path names the input, such as "name" or "environment[2].value".
	Path string
	// Msg is a sentence for people. It never repeats the value, which may be secret.
	Msg string
}

func (e *Error) Error() string {
	s := e.Msg
	if s == "" {
		s = e.Code
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// IsKind reports whether err is, or wraps, an Error of kind k.
func IsKind(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}

// IsCode reports whether err is, or wraps, an Error with the code.
func IsCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// InvalidField is the error for a single input that breaks a rule.
func InvalidField(path, msg string) *Error {
	return &Error{Kind: Invalid, Code: "invalid_input", Msg: msg, Fields: []Field{{Path: path, Msg: msg}}}
}

// ErrNotFound is the answer for what is not there and for what the caller may
// not know of: the two must not differ.
func ErrNotFound(noun string) *Error {
	return &Error{Kind: NotFound, Code: noun + "_not_found", Msg: "There is no such " + noun + ", or you may not see it."}
}
