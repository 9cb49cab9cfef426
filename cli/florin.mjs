#!/usr/bin/env node
// The way in. Plain JavaScript, because it runs on whatever Node the machine has (18 or later): it
// has the packages installed where they are missing, then hands over to the Node 24 that the
// project pins, which runs the TypeScript as it stands, and ends with that process's exit code.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { Explained, install, isInstalled, nodePackage, platform, root } from './install.mjs';

/** Developers' verbs (`--dev VERB`) live outside the CLI and need the development packages. */
const developerVerbs = new Map([
  ['test', 'tools/test.ts'],
  ['check', 'tools/check.ts'],
  ['bench', 'bench/main.ts'],
]);

const nodeMajor = 24;

const orphanPollMs = 250;

/** @param {string[]} argv */
async function main(argv) {
  const isDeveloper = argv[0] === '--dev';
  const script = isDeveloper ? developerVerbs.get(argv[1] ?? '') : 'cli/main.ts';
  if (script === undefined) {
    throw new Explained(`--dev is followed by one of: ${[...developerVerbs.keys()].join(', ')}.`);
  }
  if (!isInstalled(isDeveloper)) {
    await install(isDeveloper);
  }
  handOver(nodeCommand(), [join(root, script), ...argv.slice(isDeveloper ? 2 : 0)]);
}

/**
 * The pinned Node, or the running one where that is newer within the same line (the pin for Apple
 * silicon lags behind) or where the registry has no Node for this platform.
 */
function nodeCommand() {
  const [major = 0, minor = 0] = numbersOf(process.versions.node);
  const folder = join(root, 'node_modules', nodePackage ?? '');
  if (nodePackage !== undefined && existsSync(join(folder, 'bin/node'))) {
    const manifest = readFileSync(join(folder, 'package.json'), 'utf8');
    const { version } = /** @type {{ version: string }} */ (JSON.parse(manifest));
    const [, pinnedMinor = 0] = numbersOf(version);
    const isRunningNewer = major === nodeMajor && minor > pinnedMinor;
    return isRunningNewer ? process.execPath : join(folder, 'bin/node');
  }
  if (major >= nodeMajor) {
    return process.execPath;
  }
  const why = nodePackage ? 'could not be installed' : 'is not to be had from npm';
  throw new Explained(
    `Node ${nodeMajor} for ${platform} ${why}, and this is Node ${process.versions.node}: ` +
      `try again, or install Node ${nodeMajor} or later yourself.`,
  );
}

/** @param {string} version */
function numbersOf(version) {
  return version.split('.').map(Number);
}

/**
 * @param {string} node
 * @param {string[]} script
 */
function handOver(node, script) {
  // Node 24.0 still called running TypeScript an experiment.
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...script], {
    stdio: 'inherit',
  });
  let hasForwarded = false;
  const forward = (/** @type {NodeJS.Signals} */ signal) => {
    // A terminal sends Ctrl-C to the child as well, and npm passes on to us what it was sent:
    // without this the child would be told two or three times, and might take it for impatience.
    const isFromTerminal = signal === 'SIGINT' && (process.stdin.isTTY || process.stderr.isTTY);
    if (!isFromTerminal && !hasForwarded) {
      hasForwarded = true;
      child.kill(signal);
    }
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, forward);
  }
  if (process.env['npm_lifecycle_event'] !== undefined) {
    forwardWhenOrphaned(forward);
  }
  child.on('error', (error) => explain(new Explained(`${node} does not start: ${error.message}.`)));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  });
}

/**
 * An npm that is killed tells nobody, and the shell that npx puts between itself and us passes no
 * signal on. A bank that went on without them would hold its port against the next start.
 * @param {(signal: NodeJS.Signals) => void} forward
 */
function forwardWhenOrphaned(forward) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) {
      clearInterval(watch);
      forward('SIGTERM');
    }
  }, orphanPollMs);
  watch.unref();
}

/** @param {unknown} error */
function explain(error) {
  console.error(error instanceof Explained ? `florin: ${error.message}` : error);
  process.exitCode = 1;
}

main(process.argv.slice(2)).catch(explain);
