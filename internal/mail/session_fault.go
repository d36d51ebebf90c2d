package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
)

// said turns what the server answered, or did not, into a fault.
func (x *Session) said(err error) *Fault {
	var answer *textproto.Error
	var timeout net.Error
	switch {
	case errors.As(err, &answer):
		return &Fault{Text: fmt.Sprintf("The server refused: %d %s", answer.Code, oneLine(answer.Msg, maxServerText)), Permanent: answer.Code >= 500, Err: err}
	case errors.Is(err, errTooMuch):
		return &Fault{Text: "The server sent far more than a mail server says. Is it one?", Err: err}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &Fault{Text: "The server did not answer in time. Try again later, or look whether the port is the right one: 465 expects TLS from the beginning.", Err: err}
	case errors.Is(err, net.ErrClosed):
		return &Fault{Text: "The server took too long. Try again later, or look whether the port is the right one: 465 expects TLS from the beginning.", Err: err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Fault{Text: "The server closed the connection. Its own log may say why.", Err: err}
	}
	return &Fault{Text: "What the server says is not SMTP, or the connection broke: " + oneLine(err.Error(), maxServerText) + ".", Err: err}
}

const maxServerText = 300

func dialText(s Settings, err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return "The name " + s.Host + " is not known here. Look whether it is spelt right."
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.Canceled):
		return "Nothing answers at " + s.Address() + ". A firewall may stand between, or the port is another."
	}
	return "No connection to " + s.Address() + ": " + rootCause(err) + ". Look at host and port."
}

func rootCause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

func tlsText(err error) string {
	var record tls.RecordHeaderError
	var name *tls.CertificateVerificationError
	switch {
	case errors.As(err, &record):
		return "The server did not answer with TLS. Choose STARTTLS where the port is 587 or 25."
	case errors.As(err, &name):
		return "The server's certificate is not trusted: " + oneLine(name.Err.Error(), maxServerText) + "."
	}
	return "Encryption could not be agreed on: " + oneLine(rootCause(err), maxServerText) + "."
}

func tlsWords(state tls.ConnectionState) string {
	return "Encrypted with " + tls.VersionName(state.Version) + "."
}
