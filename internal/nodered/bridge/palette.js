// Modules that people install in the editor: the supervisor resolves them with
// the platform and lays them out; npm never runs beside a flow.
"use strict";

// Resolving and fetching a large module takes a while.
const changeMs = 300000;

function attach(link, runtime) {
  runtime.hooks.add("preInstall.leat", async (event) => {
    if (event.url) throw new Error("Modules are installed by name, not by address.");
    const answer = await link.ask("install", { name: event.module, version: event.version }, changeMs);
    event.version = answer.version;
    return false;
  });
  runtime.hooks.add("preUninstall.leat", async (event) => {
    try {
      await link.ask("remove", { name: event.module }, changeMs);
    } catch (err) {
      await restore(event.module);
      throw err;
    }
    return false;
  });
}

// restore: Node-RED has forgotten the module already when it asks us; it must
// know it again, because it stays.
async function restore(name) {
  const registry = require.main.require("@node-red/registry");
  await registry.addModule(name);
}

module.exports = { attach };
