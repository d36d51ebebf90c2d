// Where Node-RED keeps things: flows and credentials with the platform, the rest
// (editor settings, library) in the instance's own directory.
"use strict";

// The supervisor gives up on the platform after 20 s; its own answer comes first.
const saveMs = 30000;
const loadMs = 30000;

module.exports = function (link) {
  let local = null;
  let loaded; // credentials that came with the flows asked for last
  let pending; // credentials that no saveFlows has carried yet

  return {
    async init(settings, runtime) {
      const place = "@node-red/runtime/lib/storage/localfilesystem/";
      local = {
        settings: require.main.require(place + "settings"),
        library: require.main.require(place + "library"),
      };
      await local.settings.init(settings);
      await local.library.init(settings);
      require("./watch").attach(link, runtime);
    },

    async getFlows() {
      const held = await link.ask("getFlows", null, loadMs);
      pending = undefined;
      loaded = held.credentials;
      return held.flows || [];
    },

    // getCredentials is only ever asked after getFlows, and belongs to its answer.
    async getCredentials() {
      return loaded || {};
    },

    // saveCredentials never fails: Node-RED forgets that they were changed before
    // it hears the outcome. They travel with the flows that follow.
    async saveCredentials(credentials) {
      pending = credentials;
    },

    async saveFlows(flows, user) {
      const sent = pending;
      await link.ask("saveFlows", { flows, credentials: sent, user: user && user.username }, saveMs);
      if (pending === sent) pending = undefined;
    },

    getSettings: () => local.settings.getSettings(),
    saveSettings: (settings) => local.settings.saveSettings(settings),

    // Sessions are the platform's.
    getSessions: async () => ({}),
    saveSessions: async () => {},

    getLibraryEntry: (type, path) => local.library.getLibraryEntry(type, path),
    saveLibraryEntry: (type, path, meta, body) => local.library.saveLibraryEntry(type, path, meta, body),
  };
};
