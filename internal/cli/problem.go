package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"leat/api"
)

func errUnknownShell(name string) error {
	return fmt.Errorf("%q is no shell that can be completed in: bash, zsh, fish or powershell%s", name, didYouMean(name, shells))
}

// explain is an error as people read it: what happened and what to do.
func explain(err error) string {
	var p *api.Problem
	if errors.Is(err, context.Canceled) {
		return "stopped"
	}
	if errors.As(err, &p) {
		return clean(withHint(err.Error(), hint(p)))
	}
	var unknown x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var lookup *net.DNSError
	var request *url.Error
	if !errors.As(err, &request) {
		return clean(err.Error())
	}
	host := request.URL
	if u, err := url.Parse(request.URL); err == nil {
		host = u.Host
	}
	switch {
	case errors.As(err, &unknown):
		return fmt.Sprintf("%s shows a certificate of an authority that this machine does not know. Sign in with \"leat login --ca FILE\", where FILE is the authority's certificate.", host)
	case errors.As(err, &wrongName):
		return fmt.Sprintf("%s shows a certificate for another name (%v). Use the address that the certificate is for.", host, wrongName)
	case errors.As(err, &lookup):
		return fmt.Sprintf("the name %s is not known here. Check the address, or your connection.", lookup.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nothing answers at %s. Does the platform run, and is the address right?", host)
	case request.Timeout():
		return fmt.Sprintf("%s did not answer in time. Check your connection, and try again.", host)
	}
	return clean(fmt.Sprintf("%s could not be reached: %v", host, request.Err))
}

// hint says what to do about some problems, in words of the command line.
func hint(p *api.Problem) string {
	switch p.Code {
	case "not_signed_in", "bad_token":
		return "Run \"leat login\" to sign in again."
	case "read_only_token":
		return "Sign in with \"leat login\", without --read-only."
	case secretRequired:
		return "Say --secret-file FILE. To export without them: --without credentials --environment keys."
	case "not_leat":
		return "\"leat context list\" shows the addresses that you use."
	}
	return ""
}

func withHint(text, hint string) string {
	if hint == "" {
		return text
	}
	return strings.TrimRight(text, " ") + "\n" + hint
}
