package runtime

import "leat/internal/npm"

// NewStack makes a stack of a lock, for tests.
func NewStack(lock *npm.Lock, archiveBytes int64) (*Stack, error) {
	digest, err := lock.Digest()
	if err != nil {
		return nil, err
	}
	text, err := lock.MarshalJSON()
	return &Stack{
		ID: "test", Label: "Test", Digest: digest, NodeJS: "24.21.0", NodeRED: "5.0.7", text: text,
		ArchiveBytes: map[string]int64{"x64": archiveBytes, "arm64": archiveBytes},
	}, err
}
