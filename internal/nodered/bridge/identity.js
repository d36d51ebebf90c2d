// Who is at the editor: the door says so in a token that it signed.
"use strict";

const crypto = require("crypto");

// Clocks of one machine agree; this covers a step backwards.
const slackSeconds = 5;

// verifier gives the function that Node-RED asks with each token. It answers
// with the user, or null.
function verifier(door, now = Date.now) {
  const key = crypto.createPublicKey({
    format: "jwk",
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(door.publicKey, "base64").toString("base64url") },
  });
  let last = { token: null };
  return async (token) => {
    if (token !== last.token) {
      const claims = read(token, key, door.audience);
      if (!claims) return null;
      last = { token, claims };
    }
    const { claims } = last;
    const seconds = now() / 1000;
    if (seconds >= claims.exp || seconds < claims.iat - slackSeconds) return null;
    return { username: claims.name, permissions: claims.perm };
  };
}

// read gives the claims of a token that is whole, signed, and meant for us.
function read(token, key, audience) {
  const parts = String(token).split(".");
  if (parts.length !== 3) return null;
  const [head, claims] = [json(parts[0]), json(parts[1])];
  if (!head || head.alg !== "EdDSA" || head.crit !== undefined || !claims) return null;
  const signature = Buffer.from(parts[2], "base64url");
  if (!crypto.verify(null, Buffer.from(parts[0] + "." + parts[1]), key, signature)) return null;
  const sound =
    claims.iss === "leat" &&
    claims.aud === audience &&
    Number.isFinite(claims.exp) &&
    Number.isFinite(claims.iat) &&
    typeof claims.name === "string" &&
    (claims.perm === "*" || claims.perm === "read");
  return sound ? claims : null;
}

function json(part) {
  try {
    const value = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

// person reads the user header that the door sets towards flows and dashboards.
function person(headers) {
  const value = headers && headers["x-leat-user"];
  return typeof value === "string" ? json(value) : null;
}

module.exports = { verifier, person };
