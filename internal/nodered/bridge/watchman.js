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
  session.on("Debugger.paused", ({ params }) => {
    const frame = params.callFrames.find((f) => f.url) || params.callFrames[0];
    session.post("Debugger.resume", () => session.disconnect());
    if (frame) tell(frame);
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

function tell(frame) {
  const place = frame.url + ":" + (frame.location.lineNumber + 1);
  const line = { level: 30, culprit: place, text: "The event loop stands still in " + place };
  fs.writeSync(1, mark + JSON.stringify(line) + "\n");
}
