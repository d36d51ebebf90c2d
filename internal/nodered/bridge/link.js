// The line to the supervisor: one JSON object a line, both ways, over an
// inherited socket. A message with "id" and "op" asks, one with "re" answers,
// one with "event" tells.
"use strict";

const fs = require("fs");
const net = require("net");

// open reads the configuration, waiting for it, and then goes on without waiting.
function open(fd) {
  const config = JSON.parse(readLine(fd));
  return new Link(new net.Socket({ fd, readable: true, writable: true }), config);
}

function readLine(fd) {
  const parts = [];
  const buffer = Buffer.alloc(65536);
  for (;;) {
    const n = fs.readSync(fd, buffer, 0, buffer.length, null);
    if (n === 0) throw new Error("the supervisor sent no configuration");
    parts.push(Buffer.from(buffer.subarray(0, n)));
    if (buffer[n - 1] === 10) return Buffer.concat(parts).toString("utf8");
  }
}

class Link {
  constructor(socket, config) {
    this.config = config;
    this.socket = socket;
    this.waiting = new Map();
    this.handlers = new Map();
    this.next = 1;
    this.rest = [];
    socket.on("data", (chunk) => this.take(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.end());
    socket.unref();
  }

  // ask sends a request and waits for its answer, at most so many milliseconds.
  ask(op, body, ms) {
    return new Promise((resolve, reject) => {
      const id = this.next++;
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(failure("no_answer", "The platform did not answer in time. Nothing was saved; try again."));
      }, ms);
      this.waiting.set(id, { resolve, reject, timer });
      this.write({ id, op, body });
    });
  }

  // tell sends news that nobody answers.
  tell(event, body) {
    this.write({ event, body });
  }

  // on answers the supervisor's requests of one kind with what fn gives.
  on(op, fn) {
    this.handlers.set(op, fn);
  }

  write(message) {
    if (!this.socket.destroyed) this.socket.write(JSON.stringify(message) + "\n");
  }

  take(chunk) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      this.rest.push(chunk.subarray(from, at));
      const line = Buffer.concat(this.rest).toString("utf8");
      this.rest = [];
      from = at + 1;
      this.handle(JSON.parse(line));
    }
    if (from < chunk.length) this.rest.push(chunk.subarray(from));
  }

  handle(message) {
    if (message.re !== undefined) return this.settle(message);
    const fn = this.handlers.get(message.op);
    Promise.resolve()
      .then(() => {
        if (!fn) throw failure("unknown_request", "The bridge does not know " + message.op + ".");
        return fn(message.body);
      })
      .then(
        (body) => this.write({ re: message.id, body }),
        (err) => this.write({ re: message.id, error: { code: String(err.code || "error"), message: String(err.message || err) } }),
      );
  }

  settle(message) {
    const asked = this.waiting.get(message.re);
    if (!asked) return;
    this.waiting.delete(message.re);
    clearTimeout(asked.timer);
    if (message.error) asked.reject(failure(message.error.code, message.error.message));
    else asked.resolve(message.body);
  }

  // end: without a supervisor there must be no Node-RED, or there would soon be two.
  end() {
    for (const asked of this.waiting.values()) {
      clearTimeout(asked.timer);
      asked.reject(failure("supervisor_gone", "The supervisor of this instance ended."));
    }
    this.waiting.clear();
    process.exit(0);
  }
}

function failure(code, message) {
  const err = new Error(message);
  err.code = code;
  return err;
}

module.exports = { open, failure };
