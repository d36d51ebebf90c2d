//go:build real

package sandbox_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"leat/internal/sandbox"
)

// nodeBinary is LEAT_TEST_NODE, or the machine's own Node.js.
func nodeBinary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("LEAT_TEST_NODE")
	if path == "" {
		var err error
		path, err = exec.LookPath("node")
		noError(t, err)
	}
	path, err := filepath.EvalSymlinks(path)
	noError(t, err)
	return path
}

// node is the spec of instance a, running a script under a memory limit.
func (g *ground) node(memoryMiB int, script string, args ...string) sandbox.Spec {
	g.t.Helper()
	s := g.spec("")
	s.Program = nodeBinary(g.t)
	s.Limits.MemoryMiB = memoryMiB
	s.Args = append(append(sandbox.NodeFlags(memoryMiB), "-e", script), args...)
	s.ReadDirs = append(s.ReadDirs, filepath.Dir(s.Program))
	return s
}

// What Node-RED does all day, in one script.
const everyday = `
const net = require('net'), fs = require('fs'), http = require('http'), dns = require('dns').promises
const { Worker } = require('worker_threads'), { execFileSync } = require('child_process')
const dir = process.env.HOME
async function main() {
	fs.writeFileSync(dir + '/flows.new', '[]'); fs.renameSync(dir + '/flows.new', dir + '/tmp/flows')
	fs.mkdtempSync(require('os').tmpdir() + '/x')
	const server = http.createServer((q, s) => s.end('hello'))
	await new Promise((y, n) => server.on('error', n).listen(dir + '/nr.sock', y))
	const text = await new Promise((y, n) => http.get({ socketPath: dir + '/nr.sock' }, r => r.on('data', y)).on('error', n))
	if (String(text) !== 'hello') throw new Error('own socket')
	server.close()
	await new Promise((y, n) => new Worker('1+1', { eval: true }).on('exit', y).on('error', n))
	execFileSync('/bin/sh', ['-c', 'echo x > $TMPDIR/from-child'])
	await dns.lookup('localhost')
	await new Promise((y, n) => net.connect(process.argv[1], '127.0.0.1', y).on('error', n)).catch(e => { throw new Error('connect: ' + e) })
	require('crypto').randomBytes(16); await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
	require('os').cpus(); require('os').networkInterfaces(); require('os').userInfo === undefined
	process.kill(process.pid, 0)
	console.log('all well', process.getuid()); process.exit(0)
}
main().catch(e => { console.log(e); process.exit(1) })
`

func TestNodeDoesItsEverydayWorkInside(t *testing.T) {
	for _, owner := range []int{0, uidNormal} {
		g := newGround(t, owner)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		noError(t, err)
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		noError(t, err)
		o := g.jailed(g.node(256, everyday, port))
		if o.Code != 0 || !strings.Contains(o.Output, "all well") {
			t.Errorf("run by user %d: status %d, %s %s", owner, o.Code, o.Output, o.Err)
		}
	}
}

func TestNodeCannotListenOnAPort(t *testing.T) {
	const script = `require('net').createServer().on('error', e => { console.log(e.code); process.exit(9) }).listen(18746, '127.0.0.1', () => process.exit(0))`
	g := newGround(t, 0)
	if out, err := exec.Command(nodeBinary(t), "-e", script).CombinedOutput(); err != nil {
		t.Fatalf("without walls: %v, %s", err, out)
	}
	if o := g.jailed(g.node(256, script)); o.Code != 9 || o.Output != "EACCES" {
		t.Errorf("status %d, %q %s; want EACCES", o.Code, o.Output, o.Err)
	}
}

func TestALeakIsNamedForWhatItIs(t *testing.T) {
	for _, c := range []struct {
		what, script string
		want         sandbox.Cause
	}{
		{"objects", `const a = []; for (;;) a.push(new Array(1000).fill(0).map(() => ({ n: Math.random() })))`, sandbox.CauseHeap},
		{"buffers", `const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1))`, sandbox.CauseMemoryLimit},
	} {
		g := newGround(t, 0)
		o := g.jailed(g.node(256, c.script))
		if o.Explanation.Cause != c.want || !strings.Contains(o.Explanation.Sentence, "256 MiB") {
			t.Errorf("%s: %+v, counters %+v; want %s\n%s", c.what, o.Explanation, o.Counters, c.want, o.Output)
		}
	}
}
