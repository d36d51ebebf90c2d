package nodered

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// maxLine bounds one message of the bridge: flows of 64 MiB and their credentials.
const maxLine = 80 << 20

// maxAsked bounds how many questions of one bridge are worked on at a time, and of
// those that are larger than smallLine, or whose answer is, one is: Node-RED saves
// one at a time as well, and a flow that writes to the bridge by itself must not
// fill our memory.
const (
	maxAsked  = 8
	smallLine = 1 << 20
)

var (
	errLineClosed = errors.New("the bridge is closed")
	errLinePaused = errors.New("the bridge is handed over")
)

// message is one line, either way.
type message struct {
	ID    int64           `json:"id,omitempty"`
	Op    string          `json:"op,omitempty"`
	Re    int64           `json:"re,omitempty"`
	Event string          `json:"event,omitempty"`
	Body  json.RawMessage `json:"body,omitempty"`
	Error *lineError      `json:"error,omitempty"`
}

type lineError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *lineError) Error() string { return e.Message }

// line is the supervisor's end of the bridge.
type line struct {
	conn net.Conn
	rest []byte // of a message whose end has not come; read when nobody serves

	writing sync.Mutex
	looking chan struct{} // who looks at context

	mu      sync.Mutex
	next    int64
	waiting map[int64]chan message
	closed  bool
}

// maxLooking bounds how many look at context, or change it, at a time.
const maxLooking = 4

// newLine numbers its questions from a number that no line before it came to: the
// bridge may still answer what an earlier supervisor asked.
func newLine(conn net.Conn) *line {
	return &line{conn: conn, next: time.Now().UnixMicro(), looking: make(chan struct{}, maxLooking), waiting: map[int64]chan message{}}
}

// ask sends a request to the bridge and waits for its answer.
func (l *line) ask(ctx context.Context, op string, body any) (json.RawMessage, error) {
	raw, err := wire.Marshal(body)
	if err != nil {
		return nil, err
	}
	answer := make(chan message, 1)
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil, errLineClosed
	}
	l.next++
	id := l.next
	l.waiting[id] = answer
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.waiting, id)
		l.mu.Unlock()
	}()
	if err := l.write(message{ID: id, Op: op, Body: raw}); err != nil {
		return nil, err
	}
	select {
	case m, open := <-answer:
		if !open {
			return nil, errLineClosed
		}
		if m.Error != nil {
			return nil, m.Error
		}
		return m.Body, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (l *line) write(m message) error {
	raw, err := wire.Marshal(m)
	if err != nil {
		return err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	_, err = l.conn.Write(append(raw, '\n'))
	return err
}

// serve reads until the other end closes. Each question is answered with what
// handle gives; news go to tell, in order. It returns when all answers are done.
func (l *line) serve(ctx context.Context, handle func(ctx context.Context, op string, body json.RawMessage) (any, error), tell func(event string, body json.RawMessage)) error {
	ctx, cancel := context.WithCancel(ctx)
	var answering sync.WaitGroup
	slots, large := make(chan struct{}, maxAsked), make(chan struct{}, 1)
	defer answering.Wait()
	defer cancel()
	in := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(l.rest), l.conn), 16<<10)
	l.rest = nil
	var f flood
	for {
		text, isLarge, err := readMessage(in, large)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if isLarge {
				<-large
			}
			l.rest = text
			return errLinePaused
		}
		var m message
		if err == nil {
			m, err = parseMessage(text)
			text = nil
		}
		if err != nil {
			if isLarge {
				<-large
			}
			l.end()
			if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) {
				err = nil
			}
			return err
		}
		switch {
		case m.Re != 0:
			l.answered(m)
		case m.Event != "":
			tell(m.Event, m.Body)
		default:
			slots <- struct{}{}
			answering.Add(1)
			mine := isLarge
			isLarge = false
			go func() {
				defer answering.Done()
				defer func() { <-slots }()
				if !mine && m.Op == askFlows {
					large <- struct{}{}
					mine = true
				}
				l.answer(ctx, m, handle)
				if mine {
					<-large
				}
			}()
		}
		if isLarge {
			<-large
		}
		if f.over(0, time.Now()) {
			<-time.After(floodPause)
		}
	}
}

// askFlows is the question whose answer is large.
const askFlows = "getFlows"

func (l *line) answer(ctx context.Context, m message, handle func(context.Context, string, json.RawMessage) (any, error)) {
	out := message{Re: m.ID}
	body, err := handle(ctx, m.Op, m.Body)
	if err == nil {
		out.Body, err = wire.Marshal(body)
	}
	if err != nil {
		out.Body, out.Error = nil, &lineError{Code: "failed", Message: "The platform could not do this. The instance's log says more."}
		var e *fleet.Error
		if errors.As(err, &e) {
			out.Error = &lineError{Code: e.Code, Message: e.Msg}
		}
	}
	// A bridge that is gone does not wait for an answer.
	_ = l.write(out)
}

func (l *line) answered(m message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.waiting[m.Re]; c != nil {
		delete(l.waiting, m.Re)
		c <- m
	}
}

func (l *line) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for id, c := range l.waiting {
		delete(l.waiting, id)
		close(c)
	}
	_ = l.conn.Close() // both ends are done with it
}

// readMessage reads a line. With an error it gives what came of it. For one that
// turns out large it waits until it may be held in memory, and says that it did.
func readMessage(in *bufio.Reader, large chan struct{}) (text []byte, isLarge bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if !isLarge && len(text)+len(part) > smallLine {
			large <- struct{}{}
			isLarge = true
		}
		text = append(text, part...)
		if len(text) > maxLine {
			return nil, isLarge, fmt.Errorf("a message of the bridge is longer than %d MiB", maxLine>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, isLarge, err
		}
	}
}

func parseMessage(text []byte) (message, error) {
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read a message of the bridge: %w", err)
	}
	return m, nil
}
