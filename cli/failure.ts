// How a command says that it failed: one sentence a person can act upon. The stack is for those who
// asked for it with FLORIN_LOG_LEVEL=debug, and for defects of Florin itself.

import { SettingError } from '#config';
import { Fault } from '#kernel';
import { UsageError, type Environment } from './usage.ts';

export function explain(error: unknown, env: Environment): string {
  const isDebugging = ['debug', 'trace'].includes(env['FLORIN_LOG_LEVEL'] ?? '');
  const stack = isDebugging ? `\n${stackOf(error)}` : '';
  return `florin: ${sentenceOf(error)}${stack}`;
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Fault || error instanceof SettingError || error instanceof UsageError) {
    return error.message;
  }
  const { syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return `${error.message}.`;
  return (
    `${error.message} (a defect of Florin; with FLORIN_LOG_LEVEL=debug it shows where, ` +
    'please report it).'
  );
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
