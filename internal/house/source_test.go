package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// interfaceMost is the number of methods with which an interface fails.
const interfaceMost = 12

// notOurs are folders with files that others wrote or a tool made.
var notOurs = map[string]bool{".git": true, "node_modules": true, "bin": true, "dist": true, "tmp": true, ".cache": true, "leat-demo": true}

// files are the paths in the repository, from its top.
var files = sync.OnceValues(func() ([]string, error) {
	var out []string
	root := os.DirFS(top)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && notOurs[entry.Name()] {
			return fs.SkipDir
		}
		if entry.Type().IsRegular() {
			out = append(out, name)
		}
		return nil
	})
	return out, err
})

func allFiles(t *testing.T) []string {
	t.Helper()
	out, err := files()
	if err != nil || len(out) == 0 {
		t.Fatalf("walk: %d files, %v", len(out), err)
	}
	return out
}

func content(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A source is a Go file that a person wrote.
type source struct {
	path string
	file *ast.File
}

func (s source) folder() string { return path.Dir(s.path) }

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

var positions = token.NewFileSet()

func (s source) at(n ast.Node) string {
	return s.path + ":" + strconv.Itoa(positions.Position(n.Pos()).Line)
}

var parsed = sync.OnceValues(func() ([]source, error) {
	names, err := files()
	if err != nil {
		return nil, err
	}
	var out []source
	for _, name := range names {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		file, err := parser.ParseFile(positions, filepath.Join(top, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		if !ast.IsGenerated(file) {
			out = append(out, source{name, file})
		}
	}
	return out, nil
})

func sources(t *testing.T) []source {
	t.Helper()
	out, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := map[string][]string{}
	for _, s := range sources(t) {
		if s.isTest() && s.folder() != "internal/house" {
			continue
		}
		where := comments[s.folder()]
		if s.file.Doc != nil {
			where = append(where, s.path)
		}
		comments[s.folder()] = where
	}
	for folder, where := range comments {
		if len(where) != 1 {
			t.Errorf("%s has %d package comments %v; want one", folder, len(where), where)
		}
	}
}

func TestInterfacesAreSmall(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok && i.Methods.NumFields() >= interfaceMost {
				t.Errorf("%s: an interface of %d methods; fewer than %d", s.at(i), i.Methods.NumFields(), interfaceMost)
			}
			return true
		})
	}
}

// A program's first thread can be held only before main begins; the launcher
// needs it.
var holdFirstThread = map[string]bool{"cmd/leat/main.go": true, "internal/host/real_test.go": true}

func TestNothingHappensAtImport(t *testing.T) {
	for _, s := range sources(t) {
		if holdFirstThread[s.path] {
			continue
		}
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: an init function; call it from where the program is built", s.at(f))
			}
		}
	}
}

func TestContextsComeFromMain(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || strings.HasPrefix(s.path, "cmd/") || s.folder() == "internal/cli" {
			continue
		}
		for _, name := range []string{"Background", "TODO"} {
			for _, n := range uses(s, "context", name) {
				t.Errorf("%s: context.%s; take the caller's context", s.at(n), name)
			}
		}
	}
}

func TestProductCodeDoesNotImportTesting(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || kits[s.folder()] {
			continue
		}
		for _, imp := range s.file.Imports {
			if name, err := strconv.Unquote(imp.Path.Value); err != nil || name == "testing" || strings.HasPrefix(name, "testing/") {
				t.Errorf("%s: imports %s (%v)", s.at(imp), imp.Path.Value, err)
			}
		}
	}
}

func TestTestsWaitForConditionsAndNeverSkip(t *testing.T) {
	for _, s := range sources(t) {
		if !s.isTest() && !kits[s.folder()] {
			continue
		}
		for _, n := range uses(s, "time", "Sleep") {
			t.Errorf("%s: time.Sleep; wait for what is expected, or use testing/synctest", s.at(n))
		}
		for _, receiver := range []string{"t", "b"} {
			for _, name := range []string{"Skip", "Skipf", "SkipNow"} {
				for _, n := range uses(s, receiver, name) {
					t.Errorf("%s: a test that skips proves nothing", s.at(n))
				}
			}
		}
	}
}

// uses finds receiver.name in a file.
func uses(s source, receiver, name string) []ast.Node {
	var out []ast.Node
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == receiver {
				out = append(out, sel)
			}
		}
		return true
	})
	return out
}
