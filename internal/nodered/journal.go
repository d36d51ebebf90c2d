package nodered

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"leat/internal/wire"
)

// Bounds of a log: what is in memory, what a line may hold, and how large and how
// many the files are.
const (
	journalLines = 256
	maxText      = 16 << 10
	journalFile  = 2 << 20
	journalFiles = 5
	journalRead  = 1000
)

// Journal is a runner's log: numbered lines, the newest in memory, the ones of
// the last 10 MiB in files that outlive restarts. Whoever follows it reads at
// its own pace and holds up nobody.
type Journal struct {
	dir string

	mu    sync.Mutex
	lines []wire.LogLine // newest last
	last  int64
	file  *os.File
	size  int64         // of the whole lines in file
	files []int64       // first number of each file, oldest first
	grown chan struct{} // closed and replaced when lines are added
	full  bool          // the disk took no more; said once
}

// OpenJournal opens the log in a directory, which it makes where needed.
func OpenJournal(dir string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	j := &Journal{dir: dir, grown: make(chan struct{})}
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	for _, n := range names {
		if first, ok := parseName(n.Name()); ok {
			j.files = append(j.files, first)
		}
	}
	slices.Sort(j.files)
	if n := len(j.files); n > 0 {
		j.last = j.files[n-1] - 1
		var whole int64
		whole, err = j.scan(j.files[n-1], func(l wire.LogLine) bool {
			j.last = max(j.last, l.Seq)
			j.keep(l)
			return true
		})
		if err == nil {
			j.goOn(j.files[n-1], whole)
		}
	}
	return j, err
}

// goOn continues a file behind its whole lines: a start is no reason for another
// one, or a few starts would push out all that was kept. Where that cannot be,
// the next line begins a file.
func (j *Journal) goOn(first, whole int64) {
	if whole == 0 {
		return
	}
	f, err := os.OpenFile(filepath.Join(j.dir, fileName(first)), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return
	}
	if err = f.Truncate(whole); err == nil {
		_, err = f.WriteString("\n")
	}
	if err != nil {
		_ = f.Close() // nothing of it is used
		return
	}
	j.file, j.size = f, whole+1
}

func fileName(first int64) string { return fmt.Sprintf("%016d.jsonl", first) }

func parseName(name string) (int64, bool) {
	digits, ok := strings.CutSuffix(name, ".jsonl")
	if !ok || len(digits) != 16 {
		return 0, false
	}
	first, err := strconv.ParseInt(digits, 10, 64)
	return first, err == nil
}

// Add numbers a line and keeps it. A disk that is full loses the file's copy of
// it and nothing else.
func (j *Journal) Add(l wire.LogLine) {
	if len(l.Text) > maxText {
		l.Text = strings.ToValidUTF8(l.Text[:maxText], "") + " … (cut)"
	}
	if l.Time.IsZero() {
		l.Time = time.Now().UTC()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	l.Seq = j.last
	j.keep(l)
	if err := j.write(l); err != nil && !j.full {
		j.full = true
		j.last++
		j.keep(wire.LogLine{Seq: j.last, Time: l.Time, Level: "error", Source: leatSource,
			Text: "The log cannot be written to the disk; only the newest lines are kept. " + err.Error()})
	}
	close(j.grown)
	j.grown = make(chan struct{})
}

func (j *Journal) keep(l wire.LogLine) {
	if len(j.lines) == journalLines {
		j.lines = slices.Delete(j.lines, 0, journalLines/4)
	}
	j.lines = append(j.lines, l)
}

func (j *Journal) write(l wire.LogLine) error {
	text, err := wire.Marshal(l)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if j.file == nil || j.size+int64(len(text)) > journalFile {
		if err := j.rotate(l.Seq); err != nil {
			return err
		}
	}
	if n, err := j.file.Write(text); err != nil {
		// The file stays: another for each line that fails would push the old ones out.
		if n > 0 && j.file.Truncate(j.size) != nil {
			_ = j.closeFile() // the first fault is the one to tell
		}
		return err
	}
	j.size += int64(len(text))
	j.full = false
	return nil
}

// rotate begins a file and removes those beyond the bound.
func (j *Journal) rotate(first int64) error {
	if err := j.closeFile(); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(j.dir, fileName(first)), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600) // one of this name has no whole line
	if err != nil {
		return err
	}
	j.file, j.size = f, 0
	if n := len(j.files); n == 0 || j.files[n-1] != first {
		j.files = append(j.files, first)
	}
	for len(j.files) > journalFiles {
		if err := os.Remove(filepath.Join(j.dir, fileName(j.files[0]))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		j.files = j.files[1:]
	}
	return nil
}

func (j *Journal) closeFile() error {
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

// Close closes the file. Lines may still be read.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.closeFile()
}

// Last is the number of the newest line; 0 before the first.
func (j *Journal) Last() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Read gives up to limit lines after a number, oldest first. Lines that are no
// longer kept are passed over: the next one that is comes first.
func (j *Journal) Read(after int64, limit int) ([]wire.LogLine, error) {
	limit = min(max(limit, 1), journalRead)
	j.mu.Lock()
	if n := len(j.lines); n > 0 && after >= j.lines[0].Seq-1 {
		i := sortedAfter(j.lines, after)
		out := slices.Clone(j.lines[i:min(n, i+limit)])
		j.mu.Unlock()
		return out, nil
	}
	files := slices.Clone(j.files)
	j.mu.Unlock()
	return j.readFiles(files, after, limit)
}

func sortedAfter(lines []wire.LogLine, after int64) int {
	i, _ := slices.BinarySearchFunc(lines, after+1, func(l wire.LogLine, seq int64) int {
		return int(l.Seq - seq)
	})
	return i
}

func (j *Journal) readFiles(files []int64, after int64, limit int) ([]wire.LogLine, error) {
	var out []wire.LogLine
	for i, first := range files {
		if i+1 < len(files) && files[i+1] <= after+1 {
			continue
		}
		_, err := j.scan(first, func(l wire.LogLine) bool {
			if l.Seq > after {
				out = append(out, l)
			}
			return len(out) < limit
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // it may have been rotated away
			return nil, err
		}
		if len(out) == limit {
			break
		}
	}
	return out, nil
}

// scan reads one file and tells how long it is up to its last whole line. One
// that was cut short by a crash ends it.
func (j *Journal) scan(first int64, take func(wire.LogLine) bool) (whole int64, err error) {
	f, err := os.Open(filepath.Join(j.dir, fileName(first)))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	in := json.NewDecoder(f)
	for {
		var l wire.LogLine
		err := in.Decode(&l)
		var syntax *json.SyntaxError
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &syntax) {
			return whole, nil
		}
		if err != nil {
			return whole, err
		}
		whole = in.InputOffset()
		if !take(l) {
			return whole, nil
		}
	}
}

// Wait returns when there is a line after a number, or with the context's error.
func (j *Journal) Wait(ctx context.Context, after int64) error {
	for {
		j.mu.Lock()
		last, grown := j.last, j.grown
		j.mu.Unlock()
		if last > after {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
