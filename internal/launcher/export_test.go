package launcher

import "io"

// OpenBounded opens a launcher's own log.
func OpenBounded(path string) (io.WriteCloser, error) { return openBounded(path) }
