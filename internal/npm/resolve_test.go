package npm_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/npm"
)

// resolver runs a shell script in the place of npm.
func resolver(t *testing.T, c *npm.Client, script string) *npm.Resolver {
	t.Helper()
	dir := tempDir(t)
	name := filepath.Join(dir, "npm.sh")
	if err := os.WriteFile(name, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return &npm.Resolver{Node: "/bin/sh", NPM: name, Dir: filepath.Join(dir, "npm"), Client: c}
}

// answers is the script of an npm that makes the given lock.
func answers(t *testing.T, packages entries) string {
	return "cat > package-lock.json <<'END'\n" + string(lockBytes(t, packages)) + "\nEND\n"
}

func TestModulesAreResolvedInASealedEnvironment(t *testing.T) {
	t.Setenv("LEAT_ADMIN_PASSWORD", "secret")
	t.Setenv("npm_config_registry", "http://elsewhere")
	t.Setenv("HOME", "/home/somebody")
	t.Setenv("HTTPS_PROXY", "http://proxy.test:3128")
	seen := filepath.Join(tempDir(t), "seen")
	reg := newRegistry(t)
	r := resolver(t, newClient(t, reg.URL), "{ env; echo \"$@\"; cat package.json package-lock.json; } > "+seen+"\n"+
		answers(t, entries{"node_modules/a": entry()}))
	base := lockOf(t, entries{"node_modules/b": entry()})
	lock, err := r.Resolve(t.Context(), npm.Request{Wanted: map[string]string{"a": "^1"}, Base: base, Platform: linux})
	if err != nil {
		t.Fatal(err)
	}
	if lock.Packages["node_modules/a"] == nil {
		t.Errorf("lock = %v", lock.Packages)
	}
	got := read(t, seen)
	for _, want := range []string{"HTTPS_PROXY=http://proxy.test:3128", "--ignore-scripts", "--package-lock-only", "--registry=" + reg.URL + "/",
		"--omit-lockfile-registry-resolved", `"dependencies":{"a":"^1"}`, `"node_modules/b"`} {
		if !strings.Contains(got, want) {
			t.Errorf("npm did not get %s", want)
		}
	}
	for _, never := range []string{"secret", "elsewhere", "/home/somebody"} {
		if strings.Contains(got, never) {
			t.Errorf("npm got %s", never)
		}
	}
	if left, _ := filepath.Glob(r.Dir + "/run-*"); len(left) != 0 {
		t.Errorf("scratch folders stay: %v", left)
	}
}

func TestWhatNpmSaysIsToldInWords(t *testing.T) {
	for code, row := range map[string]struct{ summary, detail, want, says string }{
		"E404":             {"Not Found - GET http://r/x", "The requested resource '@s/nope@^5' could not be found", "module_not_found", "@s/nope"},
		"ETARGET":          {"No matching version found for a-b@>=1 <2.", "", "module_version_not_found", "a-b"},
		"ENOSPC":           {"no space left", "", "disk_full", "room"},
		"EALLOWREMOTE":     {"disabled", "", "module_not_from_registry", "registry"},
		"EALLOWGIT":        {"disabled", "", "module_not_from_registry", "registry"},
		"EBADENGINE":       {"Unsupported engine", "", "module_engine", "Node.js"},
		"EBADPLATFORM":     {"Unsupported platform", "", "module_platform", "machine"},
		"ERESOLVE":         {"unable to resolve dependency tree", "", "module_conflict", "together"},
		"E401":             {"", "", "registry_refused", "sign-in"},
		"ECONNREFUSED":     {"", "", "registry_unreachable", "network"},
		"EAI_AGAIN":        {"", "", "registry_unreachable", "network"},
		"E503":             {"", "", "registry_unreachable", "network"},
		"CERT_HAS_EXPIRED": {"", "", "registry_untrusted", "certificate"},
	} {
		script := `echo '{"error":{"code":"` + code + `","summary":"` + row.summary + `","detail":"` + strings.ReplaceAll(row.detail, "'", `'\''`) + `"}}'; exit 1`
		r := resolver(t, newClient(t, "http://registry.invalid"), script)
		_, err := r.Resolve(t.Context(), npm.Request{Wanted: needs("a"), Platform: linux})
		var e *fleet.Error
		if !as(err, &e) || e.Code != row.want || !strings.Contains(e.Msg, row.says) || strings.Contains(e.Msg, "http") {
			t.Errorf("%s: err = %v; want %s that says %q", code, err, row.want, row.says)
		}
	}
	r := resolver(t, newClient(t, "http://registry.invalid"), "echo boom; exit 1")
	if _, err := r.Resolve(t.Context(), npm.Request{Wanted: needs("a"), Platform: linux}); err == nil || as(err, new(*fleet.Error)) {
		t.Errorf("err = %v; want a plain one", err)
	}
}

func TestAResolutionEndsWithItsContext(t *testing.T) {
	const script = "sleep 1000 & wait"
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := resolver(t, newClient(t, "http://registry.invalid"), script).Resolve(ctx, npm.Request{Wanted: needs("a")})
	if !fleet.IsCode(err, "registry_timeout") {
		t.Errorf("err = %v; want registry_timeout", err)
	}
	stop, end := context.WithCancelCause(t.Context())
	end(errors.New("enough"))
	if _, err = resolver(t, newClient(t, "http://registry.invalid"), script).Resolve(stop, npm.Request{Wanted: needs("a")}); err == nil || err.Error() != "enough" {
		t.Errorf("err = %v; want enough", err)
	}
}

func TestARequestThatCannotBeMeantIsRefusedBeforeNpmRuns(t *testing.T) {
	c := newClient(t, "http://registry.invalid")
	for name, row := range map[string]struct {
		client *npm.Client
		wanted map[string]string
		code   string
	}{
		"of the stack": {c, needs("node-red"), "module_in_stack"},
		"an address":   {c, map[string]string{"a": "https://example.com"}, "module_invalid"},
		"no registry":  {newClient(t, ""), needs("a"), "registry_not_set"},
	} {
		_, err := resolver(t, row.client, "exit 7").Resolve(t.Context(), npm.Request{Wanted: row.wanted, Provided: []string{"node-red"}})
		if !fleet.IsCode(err, row.code) {
			t.Errorf("%s: err = %v; want %s", name, err, row.code)
		}
	}
}

func TestInstallScripts(t *testing.T) {
	build := func(scripts string) []file {
		return []file{{name: "package/package.json", body: `{"scripts":` + scripts + `}`}, {name: "package/prebuilds/linux-x64/node.napi.node", body: "elf"}}
	}
	for name, row := range map[string]struct {
		files    []file
		on       npm.Platform
		optional bool
		allow    []string
		code     string
		packages int
	}{
		"ready-made binary":           {build(`{"install":"node-gyp-build"}`), linux, false, nil, "", 1},
		"binary for another platform": {build(`{"install":"node-gyp-build"}`), npm.Platform{OS: "linux", CPU: "arm64"}, false, nil, "module_needs_scripts", 0},
		"binary and something else":   {build(`{"install":"node-gyp-build","postinstall":"x"}`), linux, false, nil, "module_needs_scripts", 0},
		"compiles":                    {build(`{"install":"node-gyp rebuild"}`), linux, false, nil, "module_needs_scripts", 0},
		"implied compile":             {build(`{}`), linux, false, nil, "module_needs_scripts", 0},
		"allowed":                     {build(`{"postinstall":"x"}`), linux, false, []string{"a@1.0.0"}, "", 1},
		"allowed in another version":  {build(`{"postinstall":"x"}`), linux, false, []string{"a@1.0.1"}, "module_needs_scripts", 0},
		"optional":                    {build(`{"postinstall":"x"}`), linux, true, nil, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			e := reg.add(t, "a", "1.0.0", row.files...)
			e["hasInstallScript"], e["optional"] = true, row.optional
			root := map[string]any{"dependencies": needs("a")}
			if row.optional {
				root = map[string]any{"optionalDependencies": needs("a")}
			}
			r := resolver(t, newClient(t, reg.URL), answers(t, entries{"": root, "node_modules/a": e}))
			lock, err := r.Resolve(t.Context(), npm.Request{Wanted: needs("a"), Platform: row.on, AllowScripts: row.allow})
			if row.code != "" {
				if !fleet.IsCode(err, row.code) || !strings.Contains(err.Error(), "a@1.0.0") {
					t.Errorf("err = %v; want %s", err, row.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := installed(t, lock, row.on); len(got) != row.packages {
				t.Errorf("installed %v; want %d", got, row.packages)
			}
		})
	}
}
