// Runs in a thread beside Node-RED. While the event loop turns it only looks at a
// counter; when the loop stands still it asks the debugger what runs there, and
// says so in the log. The supervisor decides what follows.
"use strict";

const fs = require("fs");
const inspector = require("inspector");
const { workerData } = require("worker_threads");

const { turns, lateMs, mark } = workerData;
const counter = new Int32Array(turns);
const lookMs = 500;

let seen = Atomics.load(counter, 0);
let since = Date.now();
let told = false;
let last = Date.now();

setInterval(() => {
  const now = Date.now();
  const turned = Atomics.load(counter, 0);
  // Where this thread did not run either, the whole machine stood still.
  if (turned !== seen || now - last > 4 * lookMs) {
    [seen, since, told] = [turned, now, false];
  } else if (!told && now - since > lateMs) {
    told = true;
    name();
  }
  last = now;
}, lookMs);

// name stops the main thread for a moment to see where it is.
function name() {
  const session = new inspector.Session();
  session.connectToMainThread();
  const names = new Map();
  session.on("Debugger.scriptParsed", ({ params }) => names.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    session.post("Debugger.resume", () => session.disconnect());
    const places = params.callFrames.map(({ location, url }) => [names.get(location.scriptId) || url, location.lineNumber]);
    const place = places.find(([url]) => url) || places[0];
    if (place) tell(words(...place));
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

// words: the code of a function node begins after one line of Node-RED's own.
function words(url, line) {
  const node = /^Function node:(\S+)(?: \[(.*)\])?$/.exec(url);
  if (node) return `the function node "${node[2] || node[1]}" (${node[1]}), line ${line}`;
  return `${url || "code without a name"}, line ${line + 1}`;
}

function tell(place) {
  const line = { level: 30, culprit: place, text: "The event loop stands still in " + place };
  fs.writeSync(1, mark + JSON.stringify(line) + "\n");
}
