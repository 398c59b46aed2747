#!/usr/bin/env node
/**
 * The installed program. It must be readable for any Node: an older one is told apart here, and replaced by the one that
 * comes with the package where there is one.
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
        '  try: npm install in its folder, which brings the right one along\n',
    );
    process.exitCode = 2;
  } else {
    runWith(pinned);
  }
}

/** The package `node` beside this one, or in any folder above: wherever npm has put it. */
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
  // A terminal sends SIGINT to both: only what was sent to this process alone has to be passed on.
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
