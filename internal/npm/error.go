package npm

import (
	"errors"
	"fmt"
	"syscall"

	"leat/internal/fleet"
)

// diskFull turns the two errors that mean "no room" into one a person can act
// on, and leaves every other error as it is.
func diskFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fleet.Error{Kind: fleet.Unavailable, Code: "disk_full",
			Msg: "There is no room left on the disk. Free some space and try again; nothing was changed.", Err: err}
	}
	return err
}

func errIntegrity(p *Package) error {
	return &fleet.Error{Kind: fleet.Conflict, Code: "module_integrity",
		Msg: fmt.Sprintf("What the package registry sent for %s is not what the lock says it must be. It was thrown away and nothing was changed.", p.ID())}
}

func errPackage(p *Package, what string, err error) error {
	return &fleet.Error{Kind: fleet.Invalid, Code: "module_broken",
		Msg: fmt.Sprintf("The package %s cannot be unpacked: %s", p.ID(), what), Err: err}
}

func errUnreachable(err error) error {
	return &fleet.Error{Kind: fleet.Unavailable, Code: "registry_unreachable",
		Msg: "The package registry cannot be reached. Check the network, the proxy settings and the registry's address; nothing was changed.", Err: err}
}

func errGone(p *Package) error {
	return &fleet.Error{Kind: fleet.NotFound, Code: "module_version_not_found",
		Msg: fmt.Sprintf("The package registry does not have %s.", p.ID())}
}

func errRefused(status int) error {
	return &fleet.Error{Kind: fleet.Unavailable, Code: "registry_refused",
		Msg: fmt.Sprintf("The package registry refused to answer (status %d). It may want a sign-in, or a proxy stands in between.", status)}
}
