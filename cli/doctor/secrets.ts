// Looks for secrets that lie about: in the working tree, in environment files that git keeps for
// ever, in credential files that others can read, and keys that nobody renewed for too long. It
// names places and never repeats a secret.

import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { limits } from '#config';
import { findSecrets } from '#platform';
import type { Environment } from '../usage.ts';
import type { Finding } from './finding.ts';

const run = promisify(execFile);

export interface Places {
  /** The checkout. */
  readonly checkout: string;
  /** Of the user; undefined where there is none. */
  readonly home: string | undefined;
  /** Of this installation's own keys. */
  readonly keysFolder: string;
  readonly env: Environment;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

const SUBJECT = 'secrets';
const DAY_MS = 86_400_000;
const FILE_BYTES_MAX = 1_048_576;
const LISTED_MAX = 10;

export async function lookAtSecrets(places: Places): Promise<Finding[]> {
  const findings = [
    ...(await lookAtTree(places.checkout)),
    ...(await lookAtCredentials(places)),
    ...lookAtEnvironment(places.env),
    ...(await lookAtOwnKeys(places)),
  ];
  if (findings.length > 0) return findings;
  const found = 'none in the working tree, none that others can read, none that is too old';
  return [{ subject: SUBJECT, health: 'ok', found }];
}

/** What git tracks, and what it would track with the next "git add". */
async function lookAtTree(checkout: string): Promise<Finding[]> {
  const tracked = await gitFiles(checkout, ['--cached']);
  if (tracked === undefined) return [];
  const others = (await gitFiles(checkout, ['--others', '--exclude-standard'])) ?? [];
  const findings: Finding[] = [];
  for (const file of tracked.filter(isEnvironmentFile)) {
    findings.push({
      subject: SUBJECT,
      health: 'warning',
      found: `git tracks the environment file ${file}`,
      advice: `git rm --cached ${file}, and name it in .gitignore; ship an example without values`,
    });
  }
  for (const file of [...tracked, ...others]) {
    const found = await secretsIn(path.join(checkout, file));
    for (const { kind, line } of found) {
      findings.push({
        subject: SUBJECT,
        health: 'broken',
        found: `${file}:${line} holds a secret (${kind})`,
        advice:
          'revoke it first, as copies may exist; then take it out, and read it from a secrets ' +
          'manager or a role when it is needed',
      });
    }
    if (findings.length >= LISTED_MAX) break;
  }
  return findings;
}

async function gitFiles(checkout: string, which: readonly string[]): Promise<string[] | undefined> {
  try {
    const options = { cwd: checkout, maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await run('git', ['ls-files', '-z', ...which], options);
    return stdout.split('\0').filter((file) => file !== '');
  } catch {
    // No git, or a copy without its history: there is nothing that git would spread.
    return undefined;
  }
}

function isEnvironmentFile(file: string): boolean {
  const name = path.basename(file);
  return /^\.env(\.|$)|\.env$/.test(name) && !/\.(example|sample|template)$/.test(name);
}

async function secretsIn(file: string): Promise<Awaited<ReturnType<typeof findSecrets>>> {
  try {
    const { size } = await stat(file);
    if (size === 0 || size > FILE_BYTES_MAX) return [];
    const bytes = await readFile(file);
    // A zero byte is in no text.
    return bytes.includes(0) ? [] : await findSecrets(bytes.toString(), file);
  } catch {
    return [];
  }
}

interface CredentialFile {
  /** Below the home folder. */
  readonly file: string;
  /** What replaces the secret in it; absent where it is the tool's own and short-lived. */
  readonly instead?: string;
  /** Only a file with such a text holds a secret. */
  readonly mark?: RegExp;
}

const credentialFiles: readonly CredentialFile[] = [
  {
    file: '.aws/credentials',
    instead: 'use a profile of IAM Identity Center (aws configure sso) or a role',
    mark: /aws_secret_access_key/,
  },
  { file: '.pgpass', instead: 'use a client certificate, or a password from a secrets manager' },
  { file: '.netrc', instead: "use the tool's own login" },
  { file: '.npmrc', instead: 'use npm login or a short-lived token', mark: /_auth(Token)?\s*=/ },
  { file: '.git-credentials', instead: "use git's credential manager" },
  { file: '.docker/config.json', instead: 'use a credential helper', mark: /"auth"\s*:/ },
  { file: '.kube/config' },
  { file: '.config/gcloud/application_default_credentials.json' },
  { file: '.ssh/id_rsa' },
  { file: '.ssh/id_ecdsa' },
  { file: '.ssh/id_ed25519' },
];

async function lookAtCredentials({ home, nowMs }: Places): Promise<Finding[]> {
  if (home === undefined) return [];
  const findings: Finding[] = [];
  for (const { file, instead, mark } of credentialFiles) {
    const full = path.join(home, file);
    const known = await factsOf(full);
    if (known === undefined) continue;
    if (mark !== undefined && !mark.test(await readFile(full, 'utf8'))) continue;
    if (isOpen(known.mode)) findings.push(readable(`~/${file}`));
    const ageDays = Math.floor((nowMs - known.changedMs) / DAY_MS);
    if (instead !== undefined && ageDays > limits.secretAgeMaxDays.value) {
      const found = `~/${file} holds a secret that is ${ageDays} days old`;
      findings.push({ subject: SUBJECT, health: 'warning', found, advice: instead });
    }
  }
  return findings;
}

function readable(file: string): Finding {
  return {
    subject: SUBJECT,
    health: 'broken',
    found: `${file} can be read by other users of this machine`,
    advice: `chmod 600 ${file}; if others did log in, renew what is in it`,
  };
}

// Windows keeps no such bits.
const isOpen = (mode: number): boolean => process.platform !== 'win32' && (mode & 0o077) !== 0;

async function factsOf(file: string): Promise<{ mode: number; changedMs: number } | undefined> {
  try {
    const { mode, mtimeMs } = await stat(file);
    return { mode, changedMs: mtimeMs };
  } catch {
    return undefined;
  }
}

// AKIA: a key of a user, valid until somebody deletes it. Those of roles begin with ASIA and end.
function lookAtEnvironment(env: Environment): Finding[] {
  if (env['AWS_ACCESS_KEY_ID']?.startsWith('AKIA') !== true) return [];
  return [
    {
      subject: SUBJECT,
      health: 'warning',
      found: 'AWS_ACCESS_KEY_ID is a long-lived key of a user',
      advice: 'unset it, and set AWS_PROFILE to a profile of IAM Identity Center, or use a role',
    },
  ];
}

async function lookAtOwnKeys({ keysFolder }: Places): Promise<Finding[]> {
  const names = await readdir(keysFolder).catch(() => []);
  const findings: Finding[] = [];
  for (const name of names) {
    const file = path.join(keysFolder, name);
    const known = await factsOf(file);
    if (known !== undefined && isOpen(known.mode)) findings.push(readable(file));
  }
  return findings;
}
