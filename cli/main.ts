// The command line: which words start what. Every command is loaded only when it is asked for, so
// that help is at hand in a broken installation too.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { auditCommand } from './audit.ts';
import { clientCommand } from './identity/client.ts';
import { explain } from './failure.ts';
import { fileCommand } from './payments/file.ts';
import { fraudCommand } from './fraud/fraud.ts';
import { queueCommand } from './queue.ts';
import { keysCommand } from './identity/keys.ts';
import { legacyCommand } from './legacy.ts';
import { simulateCommand } from './payments/simulate.ts';
import { personCommand } from './identity/person.ts';
import { tokenCommand } from './identity/token.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_UNUSABLE,
  parseStrictly,
  UsageError,
  type Command,
  type Environment,
} from './usage.ts';

const root = path.dirname(import.meta.dirname);

const commands: readonly Command[] = [
  {
    name: 'up',
    takes: '',
    summary: 'start the bank: its database, the ledger and the HTTP server (as npm start does)',
    details: [
      'Runs until Ctrl-C, which stops everything in order; a second Ctrl-C does not wait.',
      'FLORIN_PORT (8080), FLORIN_DATABASE_URL, FLORIN_DATA_DIR and FLORIN_LOG_LEVEL are the',
      'settings most often wanted; FLORIN_SAMPLE=off starts a new ledger empty.',
    ].join('\n'),
    run: async (args, env) => {
      parseStrictly({ args, options: {} });
      return await (await import('../src/main.ts')).main(env);
    },
  },
  {
    name: 'import',
    takes: 'berka DIR',
    summary: "post a real bank's history, from the folder with its published files",
    details: 'What is in the ledger already is recognised: importing again changes nothing.',
    run: async (args, env) => {
      const { runImport } = await import('./import.ts');
      return await runImport(args, env);
    },
  },
  {
    name: 'verify',
    takes: '[--json] [--findings COUNT] [--connections COUNT]',
    summary: 'recompute every balance, hold and transfer from the entries, and say what differs',
    details: [
      'Reads one moment of the books and is right while the server is posting.',
      '--json prints one object. --findings lists at most COUNT breaches of each rule (20).',
      '--connections works with COUNT database connections at once (one a processor, at most 4).',
      'Exit code: 0 the books are sound, 1 they are not, 2 they could not be checked.',
    ].join('\n'),
    run: async (args, env) => await (await import('./verify.ts')).runVerify(args, env),
  },
  auditCommand,
  tokenCommand,
  personCommand,
  clientCommand,
  keysCommand,
  legacyCommand,
  fileCommand,
  queueCommand,
  simulateCommand,
  fraudCommand,
  {
    name: 'bench',
    takes: '[AREA] [--quick] [--json]',
    summary: 'measure the speed on this machine, with the durability of production',
    run: async (args) => await runScript('bench/main.ts', args),
  },
  {
    name: 'doctor',
    takes: '[--json]',
    summary: 'look for what would keep the bank from starting or from keeping its promises',
    run: async (args, env) => await (await import('./doctor.ts')).runDoctor(args, env),
  },
  {
    name: 'version',
    takes: '',
    summary: 'print the versions of Florin and of Node',
    run: (args) => {
      parseStrictly({ args, options: {} });
      process.stdout.write(`florin ${versionOf()} (node ${process.versions.node})\n`);
      return Promise.resolve(EXIT_DONE);
    },
  },
];

function versionOf(): string {
  const text = readFileSync(path.join(root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function helpText(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return [
    'Florin, an open-source core bank.',
    '',
    'Usage: florin COMMAND [OPTIONS]',
    '',
    ...rows,
    '',
    '"florin COMMAND --help" says more. npm start is "florin up".',
    '',
  ].join('\n');
}

function helpOf({ name, takes, summary, details }: Command): string {
  const sentence = `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
  const lines = [`Usage: florin ${name} ${takes}`.trimEnd(), '', sentence];
  if (details !== undefined) lines.push('', details);
  return `${lines.join('\n')}\n`;
}

/** Another program of the checkout, as itself: its output and exit code are the command's. */
function runScript(script: string, args: readonly string[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(process.execPath, [...process.execArgv, path.join(root, script), ...args], {
    stdio: 'inherit',
  });
  // The terminal tells the child too, which ends by itself and so ends this process.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  child.on('error', reject);
  child.on('exit', (code) => {
    process.off('SIGINT', ignore);
    resolve(code ?? EXIT_FAILED);
  });
  return promise;
}

const isHelpOption = (word: string | undefined): boolean => word === '--help' || word === '-h';
const asksForHelp = (word: string | undefined): boolean => word === 'help' || isHelpOption(word);

async function runCommandLine(words: readonly string[], env: Environment): Promise<number> {
  const [first, ...rest] = words;
  if (first === undefined || (asksForHelp(first) && rest[0] === undefined)) {
    process.stdout.write(helpText());
    return EXIT_DONE;
  }
  if (first === '--version' || first === '-v') return await runCommandLine(['version'], env);
  const name = asksForHelp(first) ? rest[0] : first;
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const known = commands.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`There is no command "${name}"; the commands are ${known}.`);
  }
  if (asksForHelp(first) || (rest.some(isHelpOption) && name !== 'bench')) {
    process.stdout.write(helpOf(command));
    return EXIT_DONE;
  }
  return await command.run(rest, env);
}

try {
  process.exitCode = await runCommandLine(process.argv.slice(2), process.env);
} catch (error) {
  process.stderr.write(`${explain(error, process.env)}\n`);
  process.exitCode = error instanceof UsageError ? EXIT_UNUSABLE : EXIT_FAILED;
}
