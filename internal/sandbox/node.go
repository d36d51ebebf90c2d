package sandbox

import "fmt"

// Memory that Node.js needs beside its heap: code, buffers, threads. With less
// than this under the limit, the kernel kills where V8 could still have said why.
const (
	besideHeapMiB = 96
	leastHeapMiB  = 64
	smallMiB      = 512
)

// NodeFlags are the flags that make Node.js keep to a memory limit: the heap's
// own limit always, and up to 512 MiB three more that cost a little speed and
// save a third of the memory. Without a limit there are none.
func NodeFlags(limitMiB int) []string {
	if limitMiB <= 0 {
		return nil
	}
	heap := max(limitMiB-max(besideHeapMiB, limitMiB/4), leastHeapMiB)
	flags := []string{fmt.Sprintf("--max-old-space-size=%d", heap)}
	if limitMiB <= smallMiB {
		flags = append(flags, "--max-semi-space-size=1", "--v8-pool-size=1", "--optimize-for-size")
	}
	return flags
}
