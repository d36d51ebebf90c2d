package cli_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A platform behind a private authority is trusted once its certificate is given.
func TestAPrivateAuthorityIsTrustedWhenItIsGiven(t *testing.T) {
	platform := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"items": [{"id": "t-1", "slug": "mill", "name": "Mill", "role": "owner"}], "next": null}`)
	}))
	platform.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of refused handshakes
	platform.StartTLS()
	t.Cleanup(platform.Close)
	env := []string{"LEAT_CONFIG_DIR=" + t.TempDir(), "LEAT_URL=" + platform.URL, "LEAT_TOKEN=x"}
	code, _, errs := leat(t, env, "team", "list")
	if code != 1 || !strings.Contains(errs, "an authority that this machine does not know") || !strings.Contains(errs, "--ca FILE") {
		t.Errorf("exit code %d, said %s", code, errs)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: platform.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := leat(t, append(env, "LEAT_CA="+ca), "team", "list")
	if code != 0 || !strings.Contains(out, "mill") || strings.Contains(errs, "warning") {
		t.Errorf("exit code %d, said %s%s", code, out, errs)
	}
	code, _, errs = leat(t, append(env, "LEAT_URL="+strings.Replace(platform.URL, "127.0.0.1", "leat.localhost", 1), "LEAT_CA="+ca), "team", "list")
	if code != 1 || !strings.Contains(errs, "a certificate for another name") {
		t.Errorf("by another name: exit code %d, said %s", code, errs)
	}
	if err := os.WriteFile(ca, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := leat(t, append(env, "LEAT_CA="+ca), "team", "list"); code != 1 || !strings.Contains(errs, "PEM") {
		t.Errorf("exit code %d for a broken certificate, said %s", code, errs)
	}
}
