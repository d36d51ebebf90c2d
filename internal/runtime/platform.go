package runtime

import (
	"os"
	"path/filepath"
	goruntime "runtime"

	"leat/internal/fleet"
	"leat/internal/npm"
)

// loaders are the program interpreters that the Node.js binaries name.
var loaders = map[string]string{
	"x64":   "lib64/ld-linux-x86-64.so.2",
	"arm64": "lib/ld-linux-aarch64.so.1",
}

// HostPlatform is what stacks are laid out for on this machine.
func HostPlatform() (npm.Platform, error) { return PlatformOf(goruntime.GOOS, goruntime.GOARCH, "/") }

// PlatformOf is HostPlatform for a system, an architecture (in Go's words) and
// the root of its files.
func PlatformOf(system, arch, root string) (npm.Platform, error) {
	cpu := map[string]string{"amd64": "x64", "arm64": "arm64"}[arch]
	if system != "linux" || cpu == "" {
		return npm.Platform{}, errPlatform("Node-RED can be laid out on 64-bit Linux (x64 or arm64) only; this is " + system + " " + arch + ".")
	}
	if _, err := os.Stat(filepath.Join(root, loaders[cpu])); err != nil {
		return npm.Platform{}, errPlatform("This Linux has no glibc, which Node.js needs (version 2.28 or later). " +
			"Use a distribution with glibc, such as Debian, Ubuntu or RHEL; Alpine has musl instead.")
	}
	return npm.Platform{OS: "linux", CPU: cpu, Libc: "glibc"}, nil
}

func errPlatform(msg string) error {
	return &fleet.Error{Kind: fleet.Unavailable, Code: "platform_unsupported", Msg: msg}
}
