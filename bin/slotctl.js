#!/usr/bin/env node
import module from "node:module";

// From Node 22 on, what was compiled once is kept for the next start.
module.enableCompileCache?.();
const { run } = await import("../dist/run.js");

process.exitCode = await run();
