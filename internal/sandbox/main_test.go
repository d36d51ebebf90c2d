package sandbox_test

import (
	"fmt"
	"os"
	"testing"

	"leat/internal/sandbox"
)

// TestMain lets the test binary be what a test needs beside itself: the launcher,
// the process that confines itself, and the attacker.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case sandbox.Subcommand:
		os.Exit(sandbox.Confine(os.Args[2:]))
	case "attack":
		os.Exit(attack(os.Args[2], os.Args[3:]))
	case "adopt":
		os.Exit(adopt(os.Args[2], os.Args[3], os.Stdout))
	case "hand-down":
		os.Exit(handDown(os.Stdin, os.Stdout))
	case "launch":
		os.Exit(launch(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// attack runs one attempt: status 0 when it succeeded, 1 when it was refused,
// 2 when there is no such attempt.
func attack(name string, args []string) int {
	try, known := attempts[name]
	if !known {
		fmt.Println("no attempt named", name)
		return 2
	}
	if err := try(args); err != nil {
		fmt.Println("refused:", err)
		return 1
	}
	fmt.Println("succeeded")
	return 0
}
