#!/usr/bin/env node
const { enableCompileCache } = require("node:module");

// What was compiled once is kept for the next start: by Node itself from version 22 on.
if (enableCompileCache !== undefined) enableCompileCache();
else require("../dist/compiled-code.cjs").keepCompiledCode(process.argv.slice(2), process.env);

// Until it is known: a run that comes to no end is no success.
process.exitCode = 1;
require("../dist/run.cjs")
  .run()
  .then((code) => {
    process.exitCode = code;
  });
