package npm

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/klauspost/compress/gzip"
)

// Limits bound what a lock may put on a disk. Zero fields take the default.
type Limits struct {
	TarballBytes int64 // 256 MiB: one archive
	PackageBytes int64 // 512 MiB: one package, unpacked
	PackageFiles int64 // 100,000
	TreeBytes    int64 // 2 GiB: all of a tree, unpacked
	TreeFiles    int64 // 400,000, directories included
}

func (l Limits) orDefault() Limits {
	return Limits{
		TarballBytes: or(l.TarballBytes, 256<<20),
		PackageBytes: or(l.PackageBytes, 512<<20),
		PackageFiles: or(l.PackageFiles, 100_000),
		TreeBytes:    or(l.TreeBytes, 2<<30),
		TreeFiles:    or(l.TreeFiles, 400_000),
	}
}

// Owner is who a tree is to belong to.
type Owner struct{ UID, GID int }

// tree is a module tree while it is being written: a fresh directory that
// holds no link until every package is there, so that a path without ".." leads
// nowhere else.
type tree struct {
	dir    string
	lock   *Lock
	limits Limits
	keep   func(p *Package, file string) bool
	ro     bool
	owner  *Owner

	files, bytes atomic.Int64
	mu           sync.Mutex
	dirs         map[string]bool
}

func (t *tree) fileMode(executable bool) fs.FileMode {
	switch {
	case executable && t.ro:
		return 0o555
	case executable:
		return 0o755
	case t.ro:
		return 0o444
	}
	return 0o644
}

var copyBuffers = sync.Pool{New: func() any { return new([128 << 10]byte) }}

// unpack writes a package's archive to its path in the tree. Only files are
// taken: links and devices in archives are ignored, as npm does.
func (t *tree) unpack(ctx context.Context, p *Package, archive io.Reader) error {
	zr, err := gzip.NewReader(archive)
	if err != nil {
		return errPackage(p, "its archive is not a gzip file.", err)
	}
	var files, bytes int64
	for tr := tar.NewReader(zr); ; {
		head, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errPackage(p, "its archive is damaged.", err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if files++; files > t.limits.PackageFiles || t.files.Add(1) > t.limits.TreeFiles {
			return unpackFault(p, errTooMany)
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		name, err := t.place(p, head.Name)
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		if bytes += head.Size; bytes > t.limits.PackageBytes || t.bytes.Add(head.Size) > t.limits.TreeBytes {
			return errPackage(p, "it is too large unpacked.", nil)
		}
		if err := t.write(name, tr, head.FileInfo().Mode()&0o111 != 0); err != nil {
			return unpackFault(p, err)
		}
	}
}

func unpackFault(p *Package, err error) error {
	if full := diskFull(err); full != err { // asks whether it was replaced
		return full
	}
	if errors.Is(err, errTooMany) {
		return errPackage(p, "it holds too many files.", nil)
	}
	for _, wrong := range []error{syscall.ENOTDIR, syscall.EISDIR, syscall.EEXIST, syscall.ENOTEMPTY, syscall.ENAMETOOLONG} {
		if errors.Is(err, wrong) {
			return errPackage(p, "its archive holds files that cannot lie beside each other.", err)
		}
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return fmt.Errorf("unpack %s: %w", p.ID(), err)
	}
	return errPackage(p, "its archive is damaged.", err)
}

// place says where in the tree a file of an archive goes; empty when it is not
// wanted.
func (t *tree) place(p *Package, name string) (string, error) {
	_, rest, found := strings.Cut(name, "/")
	if !found || rest == "" {
		return "", nil
	}
	if strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\\x00") || !filepath.IsLocal(filepath.FromSlash(rest)) {
		return "", errPackage(p, "its archive has a file that would lie outside the package.", nil)
	}
	rest = path.Clean(rest)
	if rest == "." || (t.keep != nil && !t.keep(p, rest)) || t.belongsToAnother(p, rest) {
		return "", nil
	}
	return p.Path + "/" + rest, nil
}

// belongsToAnother reports whether a file of p's archive lies where the lock puts
// another package that is fetched by itself.
func (t *tree) belongsToAnother(p *Package, rest string) bool {
	const sep = "/node_modules/"
	at := p.Path + "/" + rest
	for i := len(p.Path); ; {
		j := strings.Index(at[i:], sep)
		if j < 0 {
			return false
		}
		i += j + len(sep)
		name := strings.SplitN(at[i:], "/", 3)
		for n := 1; n <= min(2, len(name)-1); n++ {
			if other := t.lock.Packages[at[:i]+strings.Join(name[:n], "/")]; other != nil && !other.InBundle {
				return true
			}
		}
	}
}

// write makes one file. An archive may hold a name twice; the last one counts.
func (t *tree) write(name string, r io.Reader, executable bool) error {
	full := filepath.Join(t.dir, filepath.FromSlash(name))
	if err := t.mkdir(filepath.Dir(full)); err != nil {
		return err
	}
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	f, err := os.OpenFile(full, flags, t.fileMode(executable))
	if errors.Is(err, fs.ErrExist) {
		if err = os.Remove(full); err == nil {
			f, err = os.OpenFile(full, flags, t.fileMode(executable))
		}
	}
	if err != nil {
		return err
	}
	buf, _ := copyBuffers.Get().(*[128 << 10]byte)
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, r, buf[:])
	copyBuffers.Put(buf)
	if err == nil {
		err = f.Chmod(t.fileMode(executable)) // whatever the umask
	}
	if err == nil && t.owner != nil {
		err = f.Chown(t.owner.UID, t.owner.GID)
	}
	return errors.Join(err, f.Close())
}

var errTooMany = errors.New("too many files")

// mkdir makes a directory and what it lies in, once. Directories count as files:
// a single name may hold thousands.
func (t *tree) mkdir(dir string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mkdirLocked(dir)
}

func (t *tree) mkdirLocked(dir string) error {
	if t.dirs[dir] || dir == t.dir {
		return nil
	}
	if err := t.mkdirLocked(filepath.Dir(dir)); err != nil {
		return err
	}
	if t.files.Add(1) > t.limits.TreeFiles {
		return errTooMany
	}
	err := os.Mkdir(dir, 0o755) // trees are read by the uid of an instance
	if err == nil {
		err = os.Chmod(dir, 0o755) // whatever the umask
	}
	if err == nil && t.owner != nil {
		err = os.Lchown(dir, t.owner.UID, t.owner.GID)
	}
	if err == nil {
		t.dirs[dir] = true
	}
	return err
}

// link makes the commands of the installed packages under node_modules/.bin.
func (t *tree) link(packages []*Package) error {
	for _, p := range packages {
		for _, name := range sortedKeys(p.Bin) {
			if err := t.linkOne(p, name, path.Clean("/" + p.Bin[name])[1:]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tree) linkOne(p *Package, name, target string) error {
	if !namePart.MatchString(name) || target == "" {
		return nil
	}
	full := filepath.Join(t.dir, filepath.FromSlash(p.Path), filepath.FromSlash(target))
	info, err := os.Lstat(full)
	if err != nil || !info.Mode().IsRegular() {
		return nil // the package names a command that it does not have
	}
	if err := os.Chmod(full, t.fileMode(true)); err != nil {
		return err
	}
	folder := filepath.Join(t.dir, filepath.FromSlash(p.Path[:strings.LastIndex(p.Path, "node_modules/")]), "node_modules", ".bin")
	if err := t.mkdir(folder); err != nil {
		return err
	}
	relative, err := filepath.Rel(folder, full)
	if err != nil {
		return err
	}
	at := filepath.Join(folder, name)
	if err := os.Symlink(relative, at); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil // two packages with one command: the first has it
		}
		return err
	}
	if t.owner != nil {
		return os.Lchown(at, t.owner.UID, t.owner.GID)
	}
	return nil
}

// close gives the directories their last modes.
func (t *tree) close() error {
	if !t.ro {
		return nil
	}
	for dir := range t.dirs {
		if err := os.Chmod(dir, 0o555); err != nil { // read by the uid of an instance
			return err
		}
	}
	return nil
}
