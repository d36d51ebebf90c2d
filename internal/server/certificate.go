package server

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// certificate is the platform's TLS certificate, read again when its file
// changes: whoever renews it need not restart anything.
type certificate struct {
	certFile, keyFile string
	now               func() time.Time

	mu      sync.Mutex
	pair    *tls.Certificate
	changed time.Time // of the files, when they were read
	looked  time.Time
}

// lookAgain is how long a certificate is used without a look at its files.
const lookAgain = 10 * time.Second

// newCertificate reads a certificate with its chain, and its key, both in PEM.
func newCertificate(certFile, keyFile string, now func() time.Time) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, now: now}
	if _, err := c.get(nil); err != nil {
		return nil, fmt.Errorf("http.tls_cert: %w", err)
	}
	return c, nil
}

// get gives the certificate for a handshake. A new one that cannot be read leaves
// the old one in use.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.pair != nil && now.Sub(c.looked) < lookAgain {
		return c.pair, nil
	}
	c.looked = now
	changed, err := newest(c.certFile, c.keyFile)
	if err == nil && c.pair != nil && changed.Equal(c.changed) {
		return c.pair, nil
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile)
	}
	switch {
	case err == nil:
		c.pair, c.changed = &pair, changed
	case c.pair == nil:
		return nil, err
	}
	return c.pair, nil
}

// newest is when the last of the files was changed.
func newest(files ...string) (t time.Time, err error) {
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return t, err
		}
		if info.ModTime().After(t) {
			t = info.ModTime()
		}
	}
	return t, nil
}

// wrap makes a listener speak TLS; of a platform without a certificate it gives
// the listener back.
func (c *certificate) wrap(l net.Listener) net.Listener {
	if c == nil {
		return l
	}
	return tls.NewListener(l, &tls.Config{
		GetCertificate: c.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	})
}
