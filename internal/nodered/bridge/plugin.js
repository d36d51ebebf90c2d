// The one part that Node-RED loads as a plugin: it tells dashboards who is there.
"use strict";

const { person } = require("./identity");

module.exports = function (RED) {
  RED.plugins.registerPlugin("leat-person", {
    type: "node-red-dashboard-2",
    hooks: {
      onAddConnectionCredentials(conn, msg) {
        const user = person(conn.request && conn.request.headers);
        if (user) {
          msg._client = msg._client || {};
          msg._client.user = user;
        }
        return msg;
      },
    },
  });
};
