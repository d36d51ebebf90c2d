// Node-RED's settings for one runner.
"use strict";

const path = require("path");

module.exports = function (bridge) {
  const { config } = bridge;
  const watch = require("./watch");
  return {
    uiPort: config.socket,
    userDir: process.cwd(),
    nodesDir: [__dirname],
    httpAdminRoot: config.editorRoot,
    httpNodeRoot: "/",
    safeMode: config.safeMode,
    flowFile: "flows.json",
    credentialSecret: false,
    storageModule: require("./storage")(bridge),
    adminAuth: {
      type: "credentials",
      users: [],
      tokens: require("./identity").verifier(config.door),
      tokenHeader: "authorization",
    },
    telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: true, ui: false },
    runtimeState: { enabled: false, ui: false },
    logging: { leat: watch.lines(), hints: watch.hints(bridge) },
    apiMaxLength: "64mb",
    httpNodeMaxLength: config.bodyLimitMiB + "mb",
    functionExternalModules: true,
    functionTimeout: 0,
    exportGlobalContextKeys: false,
    externalModules: modules(config.palette),
    contextStorage: require("./context").storage(bridge),
    editorTheme: editorTheme(config),
  };
};

// modules: which ones may be installed is decided by the supervisor, for Node-RED
// would ask npm about each.
function modules({ install }) {
  return {
    autoInstall: false,
    palette: { allowInstall: install, allowUpload: false },
    modules: { allowInstall: install },
  };
}

// origin of the platform's pages, which frame the editor; undefined where unknown.
function origin(address) {
  return URL.canParse(address) ? new URL(address).origin : undefined;
}

function editorTheme(config) {
  const at = (name) => path.join(__dirname, "theme", name);
  return {
    page: { title: config.title, css: [at("leat.css")], scripts: [at("leat.js")] },
    header: { title: config.title, image: null },
    // Of the theme only known parts reach the page; the palette's is one.
    palette: { catalogues: [config.catalogue], leat: { platform: origin(config.platformUrl) } },
    projects: { enabled: false },
    tours: false,
    userMenu: false,
    menu: {
      "menu-item-help": false,
      "menu-item-node-red-version": false,
    },
    codeEditor: { lib: "monaco" },
    mermaid: { theme: "neutral" },
  };
}
