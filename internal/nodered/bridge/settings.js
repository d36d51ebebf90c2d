// Node-RED reads this file as its settings. It is the same for every runner: what
// differs arrives as one line of JSON over the bridge, before anything else.
"use strict";

const link = require("./link");

const bridge = link.open(3);

require("./door").guard(require("http"), bridge.config.door.key);

module.exports = require("./options")(bridge);
