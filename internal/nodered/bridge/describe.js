// Says what a value is, in bounded time and space: flows keep what they like, and
// looking at it must neither stop them nor fill anybody's memory.
"use strict";

const maxDepth = 40;
// What lies behind this many parts of a value is not counted.
const maxParts = 50000;
const bytesShown = 256;

// describe gives type, text (JSON, or its beginning where cut), size and length of
// a value; exact is false where JSON cannot say all of it.
function describe(value, room) {
  const w = { text: "", room, size: 0, parts: 0, exact: true, cut: false, above: new Set() };
  const type = typeOf(value);
  if (type === "buffer") {
    put(w, JSON.stringify(Buffer.from(value.buffer, value.byteOffset, Math.min(bytesShown, value.byteLength)).toString("hex")));
    return { type, text: w.text, size: value.byteLength, length: value.byteLength, exact: false, cut: value.byteLength > bytesShown };
  }
  try {
    write(w, value, 0);
  } catch (err) {
    if (err !== enough) put(w, JSON.stringify("[" + String(err && err.message) + "]"));
    w.cut = true;
  }
  const length = type === "array" || type === "string" ? value.length : undefined;
  return { type, text: w.text, size: w.size, length, exact: w.exact, cut: w.cut };
}

const enough = new Error("enough");

// put adds a piece of JSON; what has no room is counted and left out.
function put(w, piece, bytes = piece.length) {
  w.size += bytes;
  if (w.cut) return;
  if (piece.length > w.room) {
    w.cut = true;
    piece = piece.slice(0, Math.max(w.room, 0));
  }
  w.room -= piece.length;
  w.text += piece;
}

function write(w, v, depth) {
  if (++w.parts > maxParts || depth > maxDepth) throw enough;
  const type = typeOf(v);
  switch (type) {
    case "null":
    case "boolean":
      return put(w, String(v));
    case "number":
      if (Number.isFinite(v)) return put(w, String(v));
      return odd(w, String(v));
    case "string":
      return put(w, JSON.stringify(beginning(v, w)), v.length + 2);
    case "buffer":
      return odd(w, v.byteLength + " bytes");
    case "date":
      return odd(w, Number.isNaN(Number(v)) ? "invalid date" : v.toISOString());
    case "array":
      return inner(w, v, () => list(w, v, depth));
    case "object":
      return inner(w, v, () => fields(w, v, depth));
  }
  if (typeof v !== "object") return odd(w, typeof v === "function" ? "function " + v.name : typeof v === "undefined" ? "undefined" : String(v));
  w.exact = false;
  return inner(w, v, () => fields(w, v, depth));
}

// beginning is as much of a text as there can be room for.
const beginning = (text, w) => text.slice(0, Math.max(w.room, 0) + 1);

// odd stands for what JSON has no word for.
function odd(w, words) {
  w.exact = false;
  put(w, JSON.stringify("[" + words + "]"));
}

function inner(w, v, fn) {
  if (w.above.has(v)) return odd(w, "circular");
  w.above.add(v);
  fn();
  w.above.delete(v);
}

function list(w, v, depth) {
  put(w, "[");
  for (let i = 0; i < v.length; i++) {
    if (i > 0) put(w, ",");
    write(w, v[i], depth + 1);
  }
  put(w, "]");
}

function fields(w, v, depth) {
  put(w, "{");
  let first = true;
  for (const name of Object.keys(v)) {
    if (v[name] === undefined) {
      w.exact = false;
      continue;
    }
    put(w, (first ? "" : ",") + JSON.stringify(beginning(name, w)) + ":", name.length + 4);
    first = false;
    write(w, v[name], depth + 1);
  }
  put(w, "}");
}

// typeOf names the type; values of function nodes come from another realm, so
// instanceof says nothing.
function typeOf(v) {
  if (v === null) return "null";
  if (typeof v !== "object") return typeof v;
  if (Array.isArray(v)) return "array";
  if (ArrayBuffer.isView(v)) return "buffer";
  const tag = Object.prototype.toString.call(v).slice(8, -1);
  if (tag === "Date") return "date";
  const proto = Object.getPrototypeOf(v);
  if (tag === "Object" && (proto === null || Object.getPrototypeOf(proto) === null)) return "object";
  const name = proto && typeof proto.constructor === "function" ? proto.constructor.name : "";
  return (name && name !== "Object" ? name : tag).slice(0, 64);
}

module.exports = describe;
