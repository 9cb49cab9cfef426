// What every command has in common: strict arguments, help, and the exit codes. 0 is done, 1 is a
// failure or a finding, 2 is a command that could not be understood or not be run.

import { parseArgs, type ParseArgsConfig } from 'node:util';

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_UNUSABLE = 2;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Command {
  readonly name: string;
  /** What follows the name: "berka DIR [--json]". */
  readonly takes: string;
  readonly summary: string;
  /** The rest of its help page, ready to print. */
  readonly details?: string;
  readonly run: (args: string[], env: Environment) => Promise<number>;
}

/** The command line was not understood; the message is one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Parses strictly, so that a slip in an option's name never passes for a default. */
export function parseStrictly<const Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs<Config>(config);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_PARSE_ARGS') !== true) throw error;
    const sentence = message.split('. ')[0] ?? message;
    throw new UsageError(sentence.replace(/\.?$/, '.'));
  }
}

/** A whole number of an option, within its bounds. */
export function parseCount(
  text: string,
  option: { readonly name: string; readonly min: number; readonly max: number },
): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= option.min && value <= option.max) return value;
  throw new UsageError(
    `--${option.name} is ${JSON.stringify(text)} but must be a whole number ` +
      `from ${option.min} to ${option.max}.`,
  );
}
