// In the editor's page: what the platform around it needs to know (somebody is at
// work, something is not deployed yet), and the platform's light and dark.
(function () {
  "use strict";

  const themeKey = "view-dark-theme";
  const tellEveryMs = 20000;
  const noteEveryMs = 60000;

  // Alone, the editor follows the system, as the platform does.
  if (localStorage.getItem(themeKey) === null) localStorage.setItem(themeKey, "auto");

  const framed = window.parent !== window;
  let told = 0;
  let noted = 0;

  function platform() {
    return RED.settings.theme("palette.leat.platform");
  }

  function tell(message) {
    if (framed && platform()) window.parent.postMessage(message, platform());
  }

  // A person's work counts as such, here as on the platform's own pages.
  function active(event) {
    if (!event.isTrusted) return;
    const now = Date.now();
    if (now - told > tellEveryMs) {
      told = now;
      tell({ leat: "activity" });
    }
    if (now - noted > noteEveryMs) {
      noted = now;
      fetch("/.leat/door/activity", { method: "POST" }).catch(() => {});
    }
  }

  function begin() {
    for (const kind of ["pointerdown", "keydown", "wheel"]) {
      window.addEventListener(kind, active, { capture: true, passive: true });
    }
    RED.events.on("workspace:dirty", (state) => tell({ leat: "dirty", dirty: Boolean(state.dirty) }));
    RED.events.on("deploy", () => tell({ leat: "deployed" }));
    let ready = false;
    RED.events.on("workspace:change", () => {
      if (!ready) tell({ leat: "ready" });
      ready = true;
    });
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || event.origin !== platform()) return;
      const { leat, theme } = event.data || {};
      if (leat === "theme" && (theme === "light" || theme === "dark")) {
        window.postMessage({ type: "set-theme", payload: { theme } }, window.location.origin);
      }
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
