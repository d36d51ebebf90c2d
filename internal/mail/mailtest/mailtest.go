// Package mailtest is a mail server for tests: it speaks SMTP, keeps what it is
// given, and can be told to misbehave at any step.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// Behaviour is how a server behaves. The zero value takes everything, without
// encryption.
type Behaviour struct {
	// StartTLS offers it; TLS expects it from the beginning.
	StartTLS, TLS bool
	// Username and Password are asked for where they are set. Mechanism is PLAIN
	// where empty.
	Username, Password, Mechanism string
	// Hang, Drop and Babble name the step at which the server says nothing more,
	// closes the connection, or never ends to talk: connect, EHLO, STARTTLS, AUTH,
	// MAIL, RCPT, DATA or letter.
	Hang, Drop, Babble string
	// Refuse gives the answer to a recipient, "" to take it.
	Refuse func(to string) string
	// Answer is given to a letter instead of taking it.
	Answer string
}

// Letter is a letter that the server took.
type Letter struct {
	From, To string
	Raw      string
	Header   mail.Header
	// Secure says that it came encrypted, User who had signed in.
	Secure bool
	User   string
}

// Server is a running mail server.
type Server struct {
	Host string
	Port int
	// Roots trusts its certificate.
	Roots *tls.Config

	t        testing.TB
	listener net.Listener
	config   *tls.Config
	done     chan struct{}

	mu      sync.Mutex
	how     Behaviour
	letters []Letter
	opened  int
	news    chan struct{}
}

// New starts a server that ends with the test.
func New(t testing.TB, how Behaviour) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().(*net.TCPAddr)
	s := &Server{Host: "127.0.0.1", Port: addr.Port, t: t, listener: listener, how: how, done: make(chan struct{}), news: make(chan struct{})}
	s.config, s.Roots = certificate(t)
	go s.accept()
	t.Cleanup(func() {
		close(s.done)
		listener.Close()
	})
	return s
}

// Behave changes how the server behaves towards who comes next.
func (s *Server) Behave(how Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.how = how
}

// Letters are those it took so far.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter(nil), s.letters...)
}

// Opened counts the connections so far.
func (s *Server) Opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

// Await waits until the server has so many letters, and gives them.
func (s *Server) Await(n int) []Letter {
	s.t.Helper()
	return s.until(fmt.Sprintf("%d letters", n), func() bool { return len(s.letters) >= n })
}

// AwaitOpened waits until so many connections were opened.
func (s *Server) AwaitOpened(n int) {
	s.t.Helper()
	s.until(fmt.Sprintf("%d connections", n), func() bool { return s.opened >= n })
}

func (s *Server) until(what string, there func() bool) []Letter {
	s.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		letters, news, ok := append([]Letter(nil), s.letters...), s.news, there()
		s.mu.Unlock()
		if ok {
			return letters
		}
		select {
		case <-news:
		case <-timeout:
			s.t.Fatalf("the mail server has not had %s; it has %d letters of %d connections", what, len(letters), s.Opened())
		}
	}
}

func (s *Server) note(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	close(s.news)
	s.news = make(chan struct{})
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		var how Behaviour
		s.note(func() { s.opened++; how = s.how })
		go func() {
			defer conn.Close()
			p := &peer{s: s, how: how, conn: conn}
			if how.TLS {
				p.conn = tls.Server(conn, s.config)
				p.secure = true
			}
			p.in = bufio.NewReader(p.conn)
			p.serve()
		}()
	}
}

// peer is one connection.
type peer struct {
	s      *Server
	how    Behaviour
	conn   net.Conn
	in     *bufio.Reader
	secure bool
	user   string
	from   string
	to     string
}

func (p *peer) say(line string) bool {
	_, err := io.WriteString(p.conn, line+"\r\n")
	return err == nil
}

// odd misbehaves at a step, and reports whether the connection is to end.
func (p *peer) odd(step string) bool {
	switch step {
	case p.how.Hang:
		<-p.s.done
		return true
	case p.how.Drop:
		return true
	case p.how.Babble:
		for p.say("250-" + strings.Repeat("blah ", 100)) {
		}
		return true
	}
	return false
}

func (p *peer) serve() {
	if p.odd("connect") || !p.say("220 mail.test ESMTP") {
		return
	}
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		verb = strings.ToUpper(verb)
		if p.odd(verb) || !p.answer(verb, rest) {
			return
		}
	}
}

// answer reports whether the connection goes on.
func (p *peer) answer(verb, rest string) bool {
	switch verb {
	case "EHLO", "HELO":
		return p.hello()
	case "STARTTLS":
		if !p.say("220 go ahead") {
			return false
		}
		p.conn = tls.Server(p.conn, p.s.config)
		p.in, p.secure = bufio.NewReader(p.conn), true
		return true
	case "AUTH":
		return p.auth(rest)
	case "MAIL":
		if p.how.Username != "" && p.user == "" {
			return p.say("530 5.7.0 sign in first")
		}
		p.from = address(rest)
		return p.say("250 ok")
	case "RCPT":
		p.to = address(rest)
		if p.how.Refuse != nil {
			if no := p.how.Refuse(p.to); no != "" {
				return p.say(no)
			}
		}
		return p.say("250 ok")
	case "DATA":
		return p.data()
	case "RSET", "NOOP":
		return p.say("250 ok")
	case "QUIT":
		p.say("221 bye")
		return false
	}
	return p.say("502 what?")
}

func (p *peer) hello() bool {
	p.say("250-mail.test greets you")
	if p.how.StartTLS && !p.secure {
		p.say("250-STARTTLS")
	}
	if p.how.Username != "" {
		mechanism := p.how.Mechanism
		if mechanism == "" {
			mechanism = "PLAIN"
		}
		p.say("250-AUTH " + mechanism)
	}
	return p.say("250 8BITMIME")
}

func (p *peer) auth(rest string) bool {
	mechanism, first, _ := strings.Cut(rest, " ")
	var user, password string
	switch mechanism {
	case "PLAIN":
		text, _ := base64.StdEncoding.DecodeString(first)
		if parts := strings.Split(string(text), "\x00"); len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		user, password = p.ask("Username:"), p.ask("Password:")
	default:
		return p.say("504 5.5.4 not known")
	}
	if user != p.how.Username || password != p.how.Password {
		return p.say("535 5.7.8 username or password is wrong")
	}
	p.user = user
	return p.say("235 welcome")
}

func (p *peer) ask(what string) string {
	p.say("334 " + base64.StdEncoding.EncodeToString([]byte(what)))
	line, _ := p.in.ReadString('\n')
	text, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	return string(text)
}

func (p *peer) data() bool {
	if !p.say("354 go on") {
		return false
	}
	var raw strings.Builder
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	if p.odd("letter") {
		return false
	}
	if p.how.Answer != "" {
		return p.say(p.how.Answer)
	}
	msg, err := mail.ReadMessage(strings.NewReader(raw.String()))
	if err != nil {
		return p.say("554 that is no letter: " + err.Error())
	}
	p.s.note(func() {
		p.s.letters = append(p.s.letters, Letter{From: p.from, To: p.to, Raw: raw.String(), Header: msg.Header, Secure: p.secure, User: p.user})
	})
	return p.say("250 2.0.0 queued as 42")
}

func address(rest string) string {
	_, rest, _ = strings.Cut(rest, "<")
	rest, _, _ = strings.Cut(rest, ">")
	return rest
}

// certificate makes one for this server, and who trusts it.
func certificate(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}, &tls.Config{RootCAs: roots}
}
