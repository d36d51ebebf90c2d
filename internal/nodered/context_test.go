package nodered_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/nodered"
	"leat/internal/wire"
)

// A flow can write to the bridge by itself, and say what it likes.
func TestWhatAFlowSaysOfItsContextIsBounded(t *testing.T) {
	var entries []string
	for i := range 10_000 {
		text, err := json.Marshal(`"` + strings.Repeat("x", 60_000) + `"`)
		if err != nil {
			t.Fatal(err)
		}
		if i > 150 {
			text = []byte(`"1"`)
		}
		entries = append(entries, fmt.Sprintf(`{"store":"memory","key":"k%05d","type":"string","exact":true,"text":%s}`, i, text))
	}
	page, err := nodered.LiveContext(json.RawMessage(`{"next":"` + strings.Repeat("n", 1<<20) + `","scopes":[` + strings.Repeat(`{"scope":"global","keys":1},`, 5000) + `{"scope":"x"}],"entries":[` + strings.Join(entries, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := wire.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > wire.MaxContextPage || len(page.Entries) > wire.MaxContextItems || len(page.Scopes) > wire.MaxContextItems || !page.Live {
		t.Errorf("the page has %d bytes, %d entries, %d scopes", len(text), len(page.Entries), len(page.Scopes))
	}
	if last := page.Entries[len(page.Entries)-1]; page.Next != "memory:"+last.Key {
		t.Errorf("it goes on at %.40q, behind %s", page.Next, last.Key)
	}
	for text, want := range map[string]string{
		`{"entries":[{"store":"m","key":"k","type":"object","text":"{\"a\":"}]}`:              `{"store":"m","key":"k","type":"object","preview":"{\"a\":","size":0,"exact":false}`,
		`{"entries":[{"store":"m","key":"k","type":"function","value":1,"text":"\"[fn]\""}]}`: `{"store":"m","key":"k","type":"function","preview":"fn","size":0,"exact":false}`,
	} {
		page, err := nodered.LiveContext(json.RawMessage(text))
		if got, merr := wire.Marshal(page.Entries[0]); err != nil || merr != nil || string(got) != want {
			t.Errorf("%s became %s, %v", text, got, err)
		}
	}
	for _, text := range []string{``, `[]`, `{"entries":5}`} {
		if _, err := nodered.LiveContext(json.RawMessage(text)); !fleet.IsCode(err, "context_failed") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A flow can hold the bridge open and read nothing: who looks at its context must
// neither wait for ever nor fill the supervisor's memory.
func TestABridgeThatReadsNothingHoldsUpNobody(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	ask := nodered.AskIn(ours)
	before := runtime.NumGoroutine()
	begun := time.Now()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := ask(ctx, "setContext", wire.ContextChange{Value: json.RawMessage(`1`)}); !fleet.IsCode(err, "instance_busy") {
				t.Errorf("%v", err)
			}
		})
	}
	answered := make(chan struct{})
	go func() { all.Wait(); close(answered) }()
	select {
	case <-answered:
	case <-time.After(5 * time.Second):
		t.Fatal("a look at context waits for a bridge that nobody reads")
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	if more := runtime.NumGoroutine() - before; more > 10 {
		t.Errorf("%d goroutines go on after the answers", more)
	}
}

func TestAFlowsOwnWordsOfAFailureAreShort(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	ask, answer := nodered.AskInServed(t.Context(), ours)
	go func() {
		var asked struct{ ID int64 }
		if err := json.NewDecoder(theirs).Decode(&asked); err != nil {
			return
		}
		fmt.Fprintf(theirs, `{"re":%d,"error":{"code":"session_ended","message":"%s"}}`+"\n", asked.ID, strings.Repeat("m", 100_000))
	}()
	_, err := ask(t.Context(), "context", wire.ContextQuery{})
	var e *fleet.Error
	if !errors.As(err, &e) || e.Code != "context_failed" || len(e.Msg) > 300 {
		t.Errorf("%.500v", err)
	}
	theirs.Close()
	<-answer
}
