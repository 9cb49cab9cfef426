// florin audit VERB: the audit log from the command line. Each verb is loaded when it is asked for,
// and each that reads records says so in the log itself.

import { UsageError, type Command, type Environment } from './usage.ts';

interface Verb extends Pick<Command, 'takes' | 'summary' | 'run'> {
  readonly name: string;
}

const verbs: readonly Verb[] = [
  {
    name: 'verify',
    takes: '[FILE [--since FILE] [--leaf FILE]] [--key VERIFIER_KEY] [--json]',
    summary: 'verify the whole log and its completeness, or offline an exported FILE',
    run: async (args, env) => {
      // The file comes first: a word after an option may be the option's.
      const isFile = args[0]?.startsWith('-') === false;
      if (!isFile) return await (await import('./audit/verify.ts')).runAuditVerify(args, env);
      return await (await import('./audit/verify-file.ts')).runVerifyFile(args, env);
    },
  },
  {
    name: 'search',
    takes:
      '[--actor ID] [--target ID] [--action NAME] [--outcome O] [--from T] [--to T] [--text W]',
    summary: 'find records, newest first',
    run: async (args, env) => await (await import('./audit/search.ts')).runSearch(args, env),
  },
  {
    name: 'export',
    takes: '--format jsonl|csv|bundle [FILTERS] FILE|-',
    summary: 'write records to a file; a bundle can be verified by anyone, offline',
    run: async (args, env) => await (await import('./audit/export.ts')).runExport(args, env),
  },
  {
    name: 'receipt',
    takes: 'RECORD_ID [FILE]',
    summary: 'the proof that a record is in the log',
    run: async (args, env) => await (await import('./audit/receipt.ts')).runReceipt(args, env),
  },
  {
    name: 'consistency',
    takes: 'SIZE1 SIZE2',
    summary: 'the proof that the log of one checkpoint begins with that of an older one',
    run: async (args, env) =>
      await (await import('./audit/consistency.ts')).runConsistency(args, env),
  },
  {
    name: 'anchors',
    takes: '[--last N] [--key VERIFIER_KEY]',
    summary: 'list the hourly anchors and verify their chain',
    run: async (args, env) => await (await import('./audit/anchors.ts')).runAnchors(args, env),
  },
  {
    name: 'archive',
    takes: '[--month 2026-08] [--dry-run]',
    summary: 'move months that are no longer at hand to the archive',
    run: async (args, env) => await (await import('./audit/archive.ts')).runArchive(args, env),
  },
  {
    name: 'hold',
    takes: 'place --from MONTH --to MONTH [--class CLASS] --reason TEXT | release ID | list',
    summary: 'place, release and list legal holds on the archive',
    run: async (args, env) => await (await import('./audit/hold.ts')).runHold(args, env),
  },
  {
    name: 'erase',
    takes: 'SUBJECT --reason TEXT',
    summary: 'destroy the key and salt of a person; every proof stays valid',
    run: async (args, env) => await (await import('./audit/erase.ts')).runErase(args, env),
  },
  {
    name: 'collect',
    takes: 'FORMAT FILE… | -',
    summary: 'import logs of other systems (cloudtrail, vpc-flow, cloudwatch, jsonl)',
    run: async (args, env) =>
      await (await import('./audit/collect/collect.ts')).runCollect(args, env),
  },
  {
    name: 'collected',
    takes: '[FILTERS]',
    summary: 'find events among the collected logs, newest first',
    run: async (args, env) =>
      await (await import('./audit/collect/collected.ts')).runCollected(args, env),
  },
];

export const auditCommand: Command = {
  name: 'audit',
  takes: 'VERB [OPTIONS]',
  summary: 'search, prove, verify, archive and erase in the audit log; collect other logs',
  details: detailsOf(),
  run: async (args, env) => await runAudit(args, env),
};

function detailsOf(): string {
  const width = Math.max(...verbs.map(({ name }) => name.length)) + 2;
  const rows = verbs.map(
    ({ name, takes, summary }) =>
      `  ${name.padEnd(width)}${summary}\n  ${' '.repeat(width)}${takes}`,
  );
  return ['Verbs:', ...rows, '', 'Exit code of verify: 0 sound, 1 not sound, 2 not checked.'].join(
    '\n',
  );
}

async function runAudit(args: string[], env: Environment): Promise<number> {
  const [name, ...rest] = args;
  const verb = verbs.find((candidate) => candidate.name === name);
  if (verb !== undefined) return await verb.run(rest, env);
  const known = verbs.map((candidate) => candidate.name).join(', ');
  if (name === undefined) throw new UsageError(`audit needs a verb: ${known}.`);
  throw new UsageError(`There is no verb "audit ${name}"; the verbs are ${known}.`);
}
