package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Step is one step of handing a letter over.
type Step struct {
	Name string // connect, greeting, encryption, sign in, sender, recipient, letter
	OK   bool
	// Text is what the server said, or what went wrong and what to do.
	Text string
	Took time.Duration
}

// Fault is a step that failed.
type Fault struct {
	Step string
	// Text is for people: what happened, and what to do.
	Text string
	// Permanent says that trying again is of no use, OfLetter that the fault is of
	// this letter and others may go.
	Permanent, OfLetter bool
	Err                 error
}

func (f *Fault) Error() string { return f.Step + ": " + f.Text }

func (f *Fault) Unwrap() error { return f.Err }

// Session is a connection to a mail server. Its context bounds all of it.
type Session struct {
	settings Settings
	platform Platform
	client   *smtp.Client
	conn     *guarded
	note     func(Step)
	stop     func() bool
	begun    time.Time
}

// stepTimeout bounds each step within the context: what no single answer of a
// mail server may take.
const stepTimeout = 30 * time.Second

// maxSaid bounds what a server may say in one session.
const maxSaid = 1 << 20

// Open connects to the server and signs in. The session ends with ctx, whatever
// the server does. note is told every step; it may be nil.
func Open(ctx context.Context, s Settings, p Platform, roots *tls.Config, note func(Step)) (*Session, error) {
	if note == nil {
		note = func(Step) {}
	}
	out := &Session{settings: s, platform: p, note: note, begun: time.Now()}
	dialer := &net.Dialer{Timeout: stepTimeout}
	raw, err := dialer.DialContext(ctx, "tcp", s.Address())
	if err != nil {
		return nil, out.failed("connect", &Fault{Text: dialText(s, err), Err: err})
	}
	out.conn = &guarded{Conn: raw}
	out.stop = context.AfterFunc(ctx, func() { raw.Close() })
	out.done("connect", "Connected to "+raw.RemoteAddr().String()+".")
	if err := out.greet(tlsConfig(s, roots)); err != nil {
		out.conn.Close()
		out.stop()
		return nil, err
	}
	return out, nil
}

func tlsConfig(s Settings, roots *tls.Config) *tls.Config {
	config := &tls.Config{}
	if roots != nil {
		config = roots.Clone()
	}
	config.ServerName, config.MinVersion = s.Host, tls.VersionTLS12
	return config
}

// greet goes from the connection to where letters are taken.
func (x *Session) greet(config *tls.Config) error {
	var conn net.Conn = x.conn
	if x.settings.Security == TLS {
		secure := tls.Client(conn, config)
		if err := secure.Handshake(); err != nil {
			return x.failed("encryption", &Fault{Text: tlsText(err), Err: err})
		}
		x.done("encryption", tlsWords(secure.ConnectionState()))
		conn = secure
	}
	client, err := smtp.NewClient(conn, x.settings.Host)
	if err != nil {
		return x.failed("greeting", x.said(err))
	}
	x.client = client
	if err := client.Hello(helloName(x.platform)); err != nil {
		return x.failed("greeting", x.said(err))
	}
	x.done("greeting", "It is "+oneLine(client.HelloResponse(), maxServerText)+".")
	if x.settings.Security == StartTLS {
		if err := x.encrypt(config); err != nil {
			return err
		}
	}
	if x.settings.Username == "" {
		return nil
	}
	return x.signIn()
}

func (x *Session) encrypt(config *tls.Config) error {
	if ok, _ := x.client.Extension("STARTTLS"); !ok {
		return x.failed("encryption", &Fault{Permanent: true, Text: "The server does not offer STARTTLS, and nothing is sent unencrypted. Choose TLS, if the server expects it from the beginning, or no encryption, if it is on this machine or a network you trust."})
	}
	if err := x.client.StartTLS(config); err != nil {
		return x.failed("encryption", &Fault{Text: tlsText(err), Err: err})
	}
	state, _ := x.client.TLSConnectionState()
	x.done("encryption", tlsWords(state))
	return nil
}

func (x *Session) signIn() error {
	s := x.settings
	ok, offered := x.client.Extension("AUTH")
	offered = strings.ToUpper(offered)
	unencrypted := s.Security == None && loopback(s.Host)
	var auth smtp.Auth
	switch {
	case !ok:
		return x.failed("sign in", &Fault{Permanent: true, Text: "The server takes no username. Remove username and password if it needs none."})
	case strings.Contains(offered, "PLAIN"):
		auth = smtp.PlainAuth("", s.Username, s.Password, s.Host, unencrypted)
	case strings.Contains(offered, "LOGIN"):
		auth = smtp.LoginAuth(s.Username, s.Password, s.Host, unencrypted)
	case strings.Contains(offered, "CRAM-MD5"):
		auth = smtp.CRAMMD5Auth(s.Username, s.Password)
	default:
		return x.failed("sign in", &Fault{Permanent: true, Text: "The server offers only ways to sign in that Leat does not know: " + oneLine(offered, maxServerText) + ". It knows PLAIN, LOGIN and CRAM-MD5."})
	}
	if err := x.client.Auth(auth); err != nil {
		return x.failed("sign in", x.said(err))
	}
	x.done("sign in", "Signed in as "+s.Username+".")
	return nil
}

// Send hands one letter over. After a fault that is OfLetter the session takes
// further ones.
func (x *Session) Send(m Message) error {
	raw, err := m.bytes(x.settings, x.platform)
	if err != nil {
		return &Fault{Step: "letter", Text: "The letter cannot be written.", Permanent: true, OfLetter: true, Err: err}
	}
	if err := x.client.Mail("<" + x.settings.From + ">"); err != nil {
		return x.failed("sender", x.said(err))
	}
	x.done("sender", "It takes letters from "+x.settings.From+".")
	if err := x.client.Rcpt("<" + m.To + ">"); err != nil {
		return x.ofLetter("recipient", err)
	}
	x.done("recipient", "It takes letters to "+m.To+".")
	w, err := x.client.Data()
	if err != nil {
		return x.ofLetter("letter", err)
	}
	if _, err := w.Write(raw); err != nil {
		return x.failed("letter", x.said(err))
	}
	if err := w.Close(); err != nil {
		return x.ofLetter("letter", err)
	}
	words := "It took the letter."
	if closer, ok := w.(*smtp.DataCloser); ok {
		words += " It said: " + oneLine(closer.ServerResponse(), maxServerText)
	}
	x.done("letter", words)
	return nil
}

// ofLetter is a refusal of one letter: the next one may go.
func (x *Session) ofLetter(step string, err error) error {
	f := x.said(err)
	var answer *textproto.Error
	if errors.As(err, &answer) && answer.Code != 421 && x.client.Reset() == nil {
		f.OfLetter = true
	}
	return x.failed(step, f)
}

// Close says good-bye, without waiting long for an answer.
func (x *Session) Close() {
	x.conn.limit = 2 * time.Second
	_ = x.client.Quit()
	x.conn.Close()
	x.stop()
}

func (x *Session) done(step, text string) {
	x.note(Step{Name: step, OK: true, Text: text, Took: time.Since(x.begun)})
	x.begun = time.Now()
}

func (x *Session) failed(step string, f *Fault) error {
	f.Step = step
	x.note(Step{Name: step, Text: f.Text, Took: time.Since(x.begun)})
	return f
}

// helloName is how the platform introduces itself: mail servers refuse names
// that are none.
func helloName(p Platform) string {
	host := strings.TrimPrefix(strings.TrimPrefix(p.URL, "https://"), "http://")
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if net.ParseIP(host) != nil || !hostPattern.MatchString(host) {
		return "localhost"
	}
	return host
}
