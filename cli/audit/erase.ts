// florin audit erase: destroys the key and salt of a person, then what they left on disk. Asking
// once more is no change, and finishes what was interrupted.

import { eraseSubject, scrub, type Scrubbed } from '#audit';
import { openSession } from '#platform';
import { EXIT_DONE, EXIT_FAILED, parseStrictly, UsageError, type Environment } from '../usage.ts';
import { withLog, type OpenedLog } from './open.ts';

const REASON_CHARACTERS_MAX = 500;

interface Request {
  readonly subject: string;
  readonly reason: string;
}

export async function runErase(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  return await withLog(env, (log) => erase(log, request));
}

function parseRequest(args: string[]): Request {
  const { values, positionals } = parseStrictly({
    args,
    options: { reason: { type: 'string' } },
    allowPositionals: true,
  });
  const [subject, ...others] = positionals;
  const reason = values.reason?.trim() ?? '';
  if (subject === undefined || others.length > 0) {
    throw new UsageError('audit erase takes one SUBJECT.');
  }
  if (reason === '' || reason.length > REASON_CHARACTERS_MAX) {
    throw new UsageError(
      `--reason must be 1 to ${REASON_CHARACTERS_MAX} characters that name the case and not the ` +
        'person: they are recorded in clear and for ever.',
    );
  }
  return { subject, reason };
}

async function erase(log: OpenedLog, request: Request): Promise<number> {
  const result = await log.database.transaction(log.context(), (tx) => eraseSubject(tx, request));
  if (!result.ok) {
    process.stderr.write(`florin: ${result.refusal.message}\n`);
    return EXIT_FAILED;
  }
  const done = result.value.isNew
    ? `The key and salt of ${request.subject} are destroyed; records and proofs stay as they are.`
    : `${request.subject} was erased before; nothing was sealed under it since.`;
  process.stdout.write(`${done}\n`);
  // The rest can be repeated, so the erasure itself is told of first.
  process.stdout.write(`${await scrubbed(log.ownerUrl)}\n`);
  return EXIT_DONE;
}

async function scrubbed(ownerUrl: string): Promise<string> {
  const owner = await openSession(ownerUrl);
  try {
    const { log } = await scrub(owner);
    return `The table of subjects was written anew. ${sentences[log]}`;
  } finally {
    await owner.close();
  }
}

const backups = 'Backups made before still hold the wrapped key until they expire.';
const sentences: Readonly<Record<Scrubbed['log'], string>> = {
  overwritten: `The write-ahead log was overwritten. ${backups}`,
  kept:
    'The server keeps older segments of its write-ahead log (a standby, an archive or ' +
    `wal_keep_size): the wrapped key is in them until they go. ${backups}`,
  out_of_reach:
    'This role may not switch the write-ahead log: the wrapped key is in its segments until the ' +
    `server has overwritten them. ${backups}`,
};
