package cli

import (
	"context"
	"net/url"
	"os/exec"
	"runtime"
)

// isPage reports an address that a browser shows. What opens browsers opens
// programs and files, too, and the address comes from the other side.
func isPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && clean(address) == address
}

// openBrowser shows an address in the person's browser where there is one. It
// was printed too, so nothing is lost where it cannot.
func (w World) openBrowser(ctx context.Context, address string) bool {
	if !isPage(address) {
		return false
	}
	name, args := "", []string{address}
	switch runtime.GOOS {
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	case "darwin":
		name = "open"
	default:
		// Without a screen xdg-open would start a browser in the terminal.
		if w.env("DISPLAY") == "" && w.env("WAYLAND_DISPLAY") == "" {
			return false
		}
		name = "xdg-open"
	}
	if own := w.env("BROWSER"); own != "" && runtime.GOOS != "windows" {
		name = own
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), name, args...)
	cmd.Env = w.Env
	if err := cmd.Start(); err != nil {
		return false
	}
	go func() { _ = cmd.Wait() }() // the browser outlives this program; nobody waits for it
	return true
}
