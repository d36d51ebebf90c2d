// Tells the supervisor how Node-RED is: a beat each second, what its flows do,
// and hints of what people did in the editor.
"use strict";

const path = require("path");
const { performance } = require("perf_hooks");
const { Worker } = require("worker_threads");

const beatMs = 1000;

// mark begins a line of the log that holds one whole message, however many lines
// it has.
const mark = "\u001e";

// attach is called when the runtime has its parts and before it loads nodes.
function attach(link, runtime) {
  beats(link, watchman(link.config));
  lifecycle(link, runtime);
  link.on("reload", () => reload());
  require("./palette").attach(link, runtime);
  require("./context").attach(link);
}

// watchman starts the thread that names what blocks the event loop, where it is
// asked for: it takes some memory. It gives the counter to turn.
function watchman({ watch, lateMs }) {
  const turns = new SharedArrayBuffer(4);
  if (watch) {
    new Worker(path.join(__dirname, "watchman.js"), {
      workerData: { turns, lateMs, mark },
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    })
      .on("error", () => {})
      .unref();
  }
  return new Int32Array(turns);
}

function beats(link, turns) {
  let last = performance.now();
  let load = performance.eventLoopUtilization();
  let cpu = process.cpuUsage();
  setInterval(() => {
    Atomics.add(turns, 0, 1);
    const now = performance.now();
    const nextLoad = performance.eventLoopUtilization();
    const nextCPU = process.cpuUsage();
    const memory = process.memoryUsage();
    link.tell("beat", {
      lag: Math.max(0, now - last - beatMs),
      loop: performance.eventLoopUtilization(nextLoad, load).utilization,
      cpu: (nextCPU.user + nextCPU.system - cpu.user - cpu.system) / 1000 / (now - last),
      rss: memory.rss,
      heap: memory.heapUsed,
    });
    [last, load, cpu] = [now, nextLoad, nextCPU];
  }, beatMs).unref();
}

function lifecycle(link, runtime) {
  const { events } = runtime;
  const stopped = new Set(["missing-types", "missing-modules", "safe-mode"]);
  events.on("flows:started", (e) => {
    const flows = (e.config && e.config.flows) || [];
    link.tell("flows", { state: "started", nodes: flows.length, dashboard: dashboardPath(flows) });
  });
  events.on("runtime-event", (e) => {
    const p = e.payload || {};
    if (e.id === "runtime-state" && stopped.has(p.error)) {
      link.tell("flows", { state: p.error, types: p.types, modules: (p.modules || []).map((m) => m.module) });
    } else if (e.id === "runtime-state" && p.state === "stop") {
      link.tell("flows", { state: "stopped" });
    }
  });
}

// dashboardPath finds where a Dashboard answers, or undefined.
function dashboardPath(flows) {
  const base = flows.find((n) => n.type === "ui-base" && !n.d);
  return base ? base.path || "/dashboard" : undefined;
}

// reload takes the flows that the supervisor holds now, the way a deploy would.
async function reload() {
  const red = require.main.require("./lib/red.js");
  await red.runtime.flows.setFlows({ deploymentType: "reload", flows: {} });
}

// What people do in the editor, as Node-RED's own audit log names it.
const noted = /^(flows?\.(set|add|update|remove)|nodes\.(install|remove|enable|disable)|library\.set|context\.delete|permission\.fail)/;

// hints is a log handler that passes them on.
function hints(link) {
  return {
    level: "off",
    metrics: false,
    audit: true,
    handler: () => (msg) => {
      if (!noted.test(msg.event || "")) return;
      const { event, type, module, version, error } = msg;
      link.tell("hint", { event, detail: { type, module, version, error, user: msg.user && msg.user.username } });
    },
  };
}

// lines is a log handler that keeps level and node apart from the text.
function lines() {
  return {
    level: "info",
    metrics: false,
    audit: false,
    handler: () => (msg) => {
      if (msg.msg === untold()) return;
      const { level, id, type, name } = msg;
      process.stdout.write(mark + JSON.stringify({ level, id, name: name || type, text: text(msg.msg) }) + "\n");
    },
  };
}

// untold is a warning that credentials are not encrypted in Node-RED's own file.
// There is no such file: the platform seals them.
function untold() {
  const { log } = require.main.require("@node-red/util");
  return log._("nodes.credentials.unencrypted");
}

function text(msg) {
  if (typeof msg === "string") return msg;
  try {
    if (msg instanceof Error) return String(msg.stack || msg);
    if (msg && typeof msg === "object" && msg.message && String(msg) === "[object Object]") return String(msg.message);
    return String(msg);
  } catch {
    return "a message that cannot be shown";
  }
}

module.exports = { attach, hints, lines };
