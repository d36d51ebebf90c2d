package config_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/internal/config"
)

type settings struct {
	Name string `default:"leat" min:"1" max:"12" help:"what to call this place"`
	HTTP struct {
		Listen         config.Addr `default:"127.0.0.1:1880"`
		BaseURL        string      // named base_url
		TrustedProxies []netip.Prefix
		Idle           time.Duration `default:"1m" min:"5s"`
	}
	DB struct {
		URL      dbURL  `default:"sqlite:leat.db"`
		Password string `secret:"true" max:"6"`
	}
	Log struct {
		Level string `default:"info" oneof:"debug info warn error"`
	}
	Limits limits
	Demo   bool
	Hidden func() `config:"-"`
	shared
}

type shared struct {
	DataDir string `default:"data"`
}

type limits struct {
	Body    config.Size `default:"64KiB" max:"1GiB"`
	Ratio   float64
	Workers int `default:"2" min:"1" max:"64"`
	Labels  map[string]string
}

func (l *limits) Validate(fault func(path, message string)) {
	if l.Ratio > 0 && l.Workers == 1 {
		fault("ratio", "must be 0 without workers")
	}
}

type dbURL string

func (u *dbURL) UnmarshalText(text []byte) error {
	scheme, _, _ := strings.Cut(string(text), ":")
	if scheme != "sqlite" && scheme != "postgres" {
		return fmt.Errorf("scheme %q is not sqlite or postgres", scheme)
	}
	*u = dbURL(text)
	return nil
}

func TestEveryGoodSampleIsTaken(t *testing.T) {
	for _, path := range samples(t, "*.good.yml") {
		if err := config.Load(new(settings), config.Source{File: path, Prefix: "LEAT"}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestEveryBadSampleHasItsFault(t *testing.T) {
	for _, path := range samples(t, "*.bad.yml") {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(content), "\n")
		want := strings.TrimPrefix(first, "# ")
		var faults config.Faults
		if err := config.Load(new(settings), config.Source{File: path, Prefix: "LEAT"}); !errors.As(err, &faults) {
			t.Errorf("%s: %v; want faults", path, err)
			continue
		}
		if len(faults) != 1 || faults[0].String() != want {
			t.Errorf("%s: %q; want %q", path, faults.Error(), want)
		}
	}
}

func TestAFullFileFillsTheStruct(t *testing.T) {
	var got settings
	if err := config.Load(&got, config.Source{File: "testdata/full.good.yml", Prefix: "LEAT"}); err != nil {
		t.Fatal(err)
	}
	var want settings
	want.Name, want.Demo = "plant 4", true
	want.HTTP.Listen, want.HTTP.BaseURL, want.HTTP.Idle = "0.0.0.0:8443", "https://leat.example", 90*time.Second
	want.HTTP.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	want.DB.URL, want.DB.Password, want.Log.Level = "postgres://leat@db/leat", "123456", "debug"
	want.Limits = limits{Body: 64 << 20, Ratio: 0.75, Workers: 4, Labels: map[string]string{"site": "north", "line": "4"}}
	want.DataDir = "data"
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b func()) bool { return a == nil && b == nil })); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestLaterSourcesOverrideEarlierOnes(t *testing.T) {
	file := write(t, "leat.yml", "name: file\nhttp:\n  idle: 30s\nlog:\n  level: warn\n")
	var got settings
	err := config.Load(&got, config.Source{
		File: file, Prefix: "LEAT",
		Env:   []string{"LEAT_NAME=env", "LEAT_LOG_LEVEL=error", "LEAT_DEMO=true", "LEAT_HTTP_LISTEN=", "LEAT_HTTP_TRUSTED_PROXIES=10.0.0.0/8, 192.168.0.0/16", "HOME=/x"},
		Flags: map[string]string{"name": "flag"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "flag" || got.Log.Level != "error" || got.HTTP.Idle != 30*time.Second || !got.Demo {
		t.Errorf("got %+v", got)
	}
	if got.HTTP.Listen != "127.0.0.1:1880" || got.DataDir != "data" {
		t.Errorf("an empty variable is taken for a value, or a default is lost: %+v", got)
	}
	if len(got.HTTP.TrustedProxies) != 2 {
		t.Errorf("trusted proxies %v; want two", got.HTTP.TrustedProxies)
	}
}

func TestEveryFaultIsToldAtOnceWithItsPlace(t *testing.T) {
	file := write(t, "leat.yml", "colour: blue\nhttp:\n  listen: 127.0.0.1:99999\n")
	err := config.Load(new(settings), config.Source{
		File: file, Prefix: "LEAT",
		Env:   []string{"LEAT_LIMITS_WORKERS=many", "LEAT_LIMITS_LABELS=a"},
		Flags: map[string]string{"db.url": "mysql://x", "nowhere": "1"},
	})
	const want = `colour: unknown key (leat.yml line 1)
http.listen: port 99999 is out of range (leat.yml line 3)
limits.workers: "many" is not a whole number (LEAT_LIMITS_WORKERS)
limits.labels: can be set in the file only (LEAT_LIMITS_LABELS)
db.url: scheme "mysql" is not sqlite or postgres (flag)
nowhere: unknown key (flag)`
	if err == nil {
		t.Fatal("no fault")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestASecretMayComeFromAFile(t *testing.T) {
	var got settings
	path := write(t, "password", "s3cret\r\n")
	if err := config.Load(&got, config.Source{Prefix: "LEAT", Env: []string{"LEAT_DB_PASSWORD_FILE=" + path}}); err != nil {
		t.Fatal(err)
	}
	if got.DB.Password != "s3cret" {
		t.Errorf("password %q; want the file's without its line end", got.DB.Password)
	}
	for _, row := range []struct {
		env  []string
		want string
	}{
		{[]string{"LEAT_DB_PASSWORD=a", "LEAT_DB_PASSWORD_FILE=" + path}, "db.password: is set by both LEAT_DB_PASSWORD and LEAT_DB_PASSWORD_FILE; keep one (LEAT_DB_PASSWORD)"},
		{[]string{"LEAT_DB_PASSWORD_FILE=/nowhere/at/all"}, "db.password: open /nowhere/at/all: no such file or directory (LEAT_DB_PASSWORD_FILE)"},
	} {
		err := config.Load(new(settings), config.Source{Prefix: "LEAT", Env: row.env})
		if err == nil || err.Error() != row.want {
			t.Errorf("%v: %v; want %s", row.env, err, row.want)
		}
	}
}

func TestWhatIsRequiredIsMissed(t *testing.T) {
	type required struct {
		Server struct {
			URL string `required:"true"`
		}
	}
	err := config.Load(new(required), config.Source{Prefix: "LEAT"})
	if err == nil || err.Error() != "server.url: must be set, here or as LEAT_SERVER_URL" {
		t.Errorf("err = %v", err)
	}
	if err := config.Load(new(required), config.Source{Prefix: "LEAT", Env: []string{"LEAT_SERVER_URL=x"}}); err != nil {
		t.Error(err)
	}
}

func TestAFileThatIsNamedMustBeThere(t *testing.T) {
	if err := config.Load(new(settings), config.Source{File: filepath.Join(t.TempDir(), "no.yml")}); err == nil {
		t.Error("a missing file is taken")
	}
}

func TestVariablesThatMeanNothingAreListed(t *testing.T) {
	got := config.UnknownEnv(new(settings), config.Source{Prefix: "LEAT", Env: []string{
		"LEAT_NAME=a", "LEAT_DB_PASSWORD_FILE=/x", "LEAT_DEMO_FILE=/x", "LEAT_HTTP_LISTNE=b", "LEATHER=c", "HOME=/",
	}})
	if want := []string{"LEAT_DEMO_FILE", "LEAT_HTTP_LISTNE"}; !slices.Equal(got, want) {
		t.Errorf("unknown %v; want %v", got, want)
	}
}

func TestSettingsAreDescribed(t *testing.T) {
	got := config.Describe(new(settings), "LEAT")
	for _, want := range []config.Setting{
		{Path: "name", Env: "LEAT_NAME", Type: "text", Default: "leat", Help: "what to call this place"},
		{Path: "http.base_url", Env: "LEAT_HTTP_BASE_URL", Type: "text"},
		{Path: "http.trusted_proxies", Env: "LEAT_HTTP_TRUSTED_PROXIES", Type: "list of text"},
		{Path: "http.idle", Env: "LEAT_HTTP_IDLE", Type: "duration", Default: "1m"},
		{Path: "db.password", Env: "LEAT_DB_PASSWORD", Type: "text", Secret: true},
		{Path: "limits.body", Env: "LEAT_LIMITS_BODY", Type: "size", Default: "64KiB"},
		{Path: "data_dir", Env: "LEAT_DATA_DIR", Type: "text", Default: "data"},
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%+v is not among\n%+v", want, got)
		}
	}
}

func TestSizesAreWrittenAsTheyAreRead(t *testing.T) {
	for text, want := range map[string]config.Size{"0": 0, "4096": 4096, "4KiB": 4096, "64 MiB": 64 << 20, "10MB": 1e7, "2GiB": 2 << 30} {
		var got, again config.Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q = %d, %v; want %d", text, got, err, want)
		}
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%q is written %q and read %d, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "-1", "MiB", "1.5GiB", "99999999999GiB", "1e3"} {
		if err := new(config.Size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for a size", text)
		}
	}
}

func samples(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) < 3 {
		t.Fatalf("samples %s: %v, %v", pattern, paths, err)
	}
	return paths
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
