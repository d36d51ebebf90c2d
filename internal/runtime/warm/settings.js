// Settings of the short run that fills the compile cache: what an instance
// loads, with no flows, listening where nobody reaches it.
module.exports = {
    uiPort: "nr.sock",
    httpAdminRoot: "/.leat/editor/",
    adminAuth: { type: "credentials", users: [] },
    credentialSecret: false,
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, header: { title: "" } },
    logging: { console: { level: "info", metrics: false, audit: false } },
};
