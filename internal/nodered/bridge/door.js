// The door's key: whoever does not hold it gets nothing from this server, so that
// no local process can pass by the platform's door.
"use strict";

const crypto = require("crypto");

const header = "x-leat-key";
const guarded = new Set(["request", "checkContinue", "checkExpectation", "upgrade", "connect"]);

// guard stands before every listener of the first server that is created next,
// which is Node-RED's own. Servers that flows create later are not touched.
function guard(http, key) {
  const create = http.createServer;
  const want = digest(key);
  http.createServer = function (...args) {
    http.createServer = create;
    const server = create.apply(this, args);
    const emit = server.emit;
    server.emit = function (event, req, other, ...rest) {
      if (guarded.has(event) && !admit(req, want)) return refuse(event, other);
      return emit.call(this, event, req, other, ...rest);
    };
    return server;
  };
}

// admit compares in constant time and takes the key out, whatever the result.
function admit(req, want) {
  const given = req.headers[header];
  delete req.headers[header];
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    if (req.rawHeaders[i].toLowerCase() === header) req.rawHeaders[i + 1] = "";
  }
  return crypto.timingSafeEqual(digest(given || ""), want);
}

function refuse(event, other) {
  if (event === "upgrade" || event === "connect") {
    other.on("error", () => {});
    other.destroy();
    return true;
  }
  other.writeHead(403, { "content-type": "text/plain", connection: "close" });
  other.end("This address is served by the platform's door only.\n");
  return true;
}

function digest(text) {
  return crypto.createHash("sha256").update(text).digest();
}

module.exports = { guard };
