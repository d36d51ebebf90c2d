// What flows remember: the stores it is kept in, a look at them from outside, and
// changes.
"use strict";

const path = require("path");
const fs = require("fs");
const describe = require("./describe");

const flushSeconds = 5;
// Bounds of one page, in characters of JSON.
const pageRoom = 1 << 20;
const maxValue = 64 << 10;
const maxKey = 512;

const stores = new Map();
let usual = "";

// storage is Node-RED's setting of that name. The store on the disk is there in
// any case; whether it is the default one is a setting of the instance.
function storage(link) {
  const place = "@node-red/runtime/lib/nodes/context/";
  const at = (name, kind, make) => {
    const module = (config) => {
      const store = make(require.main.require(place + kind)(config));
      stores.set(name, store);
      return store;
    };
    module.toString = () => kind;
    return { module, config: { flushInterval: flushSeconds } };
  };
  const persistent = at("persistent", "localfilesystem", (store) => guarded(store, link));
  usual = link.config.persistentContext ? "persistent" : "default";
  return link.config.persistentContext
    ? { default: "persistent", persistent, memory: at("memory", "memory", (store) => store) }
    : { default: at("default", "memory", (store) => store), persistent };
}

// guarded is Node-RED's store of files, which tells when it wrote, tries again
// what it could not write, and starts also where a file is damaged.
function guarded(store, link) {
  const open = store.open;
  store.open = async () => {
    try {
      await open.call(store);
    } catch (err) {
      if (!putAside(store.storageBaseDir)) throw err;
      await open.call(store);
    }
    const flush = store._flushPendingWrites;
    store._flushPendingWrites = async () => {
      const scopes = Object.keys(store.pendingWrites);
      try {
        await flush.call(store);
      } catch (err) {
        again(store, scopes);
        throw err;
      }
      if (scopes.length > 0) link.tell("context", { flushed: Date.now(), pending: pending(store) });
    };
  };
  return store;
}

const pending = (store) => Object.keys(store.pendingWrites || {}).length > 0;

// again: Node-RED forgets what it meant to write when that fails.
function again(store, scopes) {
  for (const scope of scopes) store.pendingWrites[scope] = true;
  if (store.closing || store._pendingWriteTimeout) return;
  store._pendingWriteTimeout = setTimeout(() => {
    delete store._pendingWriteTimeout;
    store.writePromise = store.writePromise.then(() => store._flushPendingWrites().catch(() => {}));
  }, flushSeconds * 1000);
}

// putAside renames the files that are no JSON, such as a power cut leaves, and
// tells whether there were any.
function putAside(base) {
  const { log } = require.main.require("@node-red/util");
  let found = false;
  for (const dir of fs.readdirSync(base)) {
    if (!fs.statSync(path.join(base, dir)).isDirectory()) continue;
    for (const name of fs.readdirSync(path.join(base, dir))) {
      const file = path.join(base, dir, name);
      if (!name.endsWith(".json") || sound(file)) continue;
      fs.renameSync(file, file + ".damaged");
      log.warn("The stored context in " + path.join(dir, name) + " was damaged. It was put aside, and its flow or node begins without.");
      found = true;
    }
  }
  return found;
}

function sound(file) {
  try {
    JSON.parse(fs.readFileSync(file, "utf8") || "{}");
    return true;
  } catch {
    return false;
  }
}

function attach(link) {
  link.on("context", look);
  link.on("setContext", change);
}

const dataOf = (store) => (store.cache ? store.cache.data : store.data) || {};

// outside is a scope's name towards the platform; Node-RED's own is "global", the
// id of a flow, or those of a node and its flow.
function outside(scope) {
  if (scope === "global") return scope;
  const [node, flow] = scope.split(":");
  return flow === undefined ? "flow:" + node : "node:" + node;
}

const rank = (scope) => "gfn".indexOf(scope[0]) + scope;

function look({ scope, prefix = "", after = "", limit }) {
  const file = stores.get("persistent");
  const page = { live: true, default: usual, stores: [...stores.keys()].sort(), pending: Boolean(file) && pending(file) };
  return scope ? entries(page, inside(scope), prefix, after, limit) : scopes(page, prefix, after, limit);
}

function scopes(page, prefix, after, limit) {
  const keys = new Map();
  for (const store of stores.values()) {
    for (const [scope, data] of Object.entries(dataOf(store))) {
      const n = Object.keys(data).length;
      const name = outside(scope);
      if (n > 0 && name.startsWith(prefix)) keys.set(name, (keys.get(name) || 0) + n);
    }
  }
  const names = [...keys.keys()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).filter((name) => !after || rank(name) > rank(after));
  page.scopes = names.slice(0, limit).map((scope) => ({ scope, keys: keys.get(scope) }));
  if (names.length > limit) page.next = names[limit - 1];
  return page;
}

function entries(page, scope, prefix, after, limit) {
  const all = [];
  for (const name of page.stores) {
    const data = dataOf(stores.get(name))[scope] || {};
    for (const key of Object.keys(data).sort()) {
      if (typeof data[key] === "function" && scope === "global" && /^(get|set|keys)$/.test(key)) continue;
      if (key.length <= maxKey && key.startsWith(prefix) && (!after || name + ":" + key > after)) all.push([name, key, data]);
    }
  }
  page.entries = [];
  let room = pageRoom;
  for (const [store, key, data] of all.slice(0, limit)) {
    if (room <= 0) break;
    const entry = { store, key, ...describe(data[key], Math.min(maxValue, room)) };
    room -= entry.text.length + key.length + 64;
    page.entries.push(entry);
  }
  const last = page.entries.length;
  if (last < all.length && last > 0) page.next = all[last - 1][0] + ":" + all[last - 1][1];
  return page;
}

// inside finds Node-RED's name of a scope.
function inside(scope) {
  if (scope === "global") return scope;
  const [kind, id] = [scope.slice(0, 4), scope.slice(5)];
  if (kind === "flow") return id;
  for (const store of stores.values()) {
    const known = Object.keys(dataOf(store)).find((name) => name.startsWith(id + ":"));
    if (known) return known;
  }
  const node = require.main.require("@node-red/runtime/lib/flows").get(id);
  return node && node.z ? (node._alias || node.id) + ":" + node.z : undefined;
}

function change({ scope, store: name, key, value, delete: remove }) {
  const at = inside(scope);
  const store = stores.get(name || usual);
  if (!store) throw failure("store_not_found", "The instance has no store of that name.");
  if (at === undefined) throw failure("scope_not_found", "There is no such node.");
  if (/(^|[.[\]"'])(__proto__|prototype|constructor)($|[.[\]"'])/.test(key)) throw failure("invalid_key", "This key cannot be changed from here.");
  return new Promise((resolve, reject) => {
    const done = (err) => (err ? reject(failure("invalid_key", "Node-RED does not take this key: " + err.message)) : resolve({}));
    try {
      store.set(at, key, remove ? undefined : value, done);
    } catch (err) {
      done(err);
    }
  });
}

function failure(code, message) {
  const err = new Error(message);
  err.code = code;
  return err;
}

module.exports = { storage, attach };
