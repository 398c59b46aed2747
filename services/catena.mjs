#!/usr/bin/env node
/**
 * The installed program. Any Node version can parse this file: an older Node is detected here and replaced by the Node that
 * the package brings, if there is one.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REQUIRED_MAJOR = 24;
const self = fileURLToPath(import.meta.url);

if (Number(process.versions.node.split('.')[0]) >= REQUIRED_MAJOR) {
  import('./catena.ts')
    .then(({ main }) => main(process.argv.slice(2), 'catena'))
    .then((exitCode) => {
      process.exitCode = exitCode;
    })
    .catch((error) => {
      process.stderr.write(`error: catena cannot be loaded: ${error.stack}\n`);
      process.exitCode = 70;
    });
} else {
  const pinned = findPinnedNode();
  if (pinned === undefined) {
    process.stderr.write(
      `error: catena needs Node ${REQUIRED_MAJOR} or newer, and this is ${process.versions.node}\n` +
        '  try: run npm install in its folder, which installs the right version\n',
    );
    process.exitCode = 2;
  } else {
    runWith(pinned);
  }
}

/** Finds the package `node` beside this one or in a folder above, where npm has installed it. */
function findPinnedNode() {
  for (let folder = dirname(self); ; folder = dirname(folder)) {
    for (const name of ['node', 'node.exe']) {
      const path = join(folder, 'node_modules', 'node', 'bin', name);
      if (existsSync(path)) return path;
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** Runs this file again with another Node; signals and the exit code pass through. */
function runWith(node) {
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: 'inherit' });
  const pass = (signal) => child.kill(signal);
  // A terminal sends SIGINT to both processes, so only signals sent to this process alone are forwarded.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', pass);
  child.on('error', (error) => {
    process.stderr.write(`error: ${node} could not be started: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    process.removeListener('SIGTERM', pass);
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
}
