// Owns the logger: one JSON object a line, written by pino after redaction.
import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import type { LogFacts, Logger, LogLevel } from './port.ts';
import { redact, redactText } from './redaction.ts';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Where lines go; standard output unless given. */
  readonly write?: (line: string) => void;
}

export function openLogger(options: LoggerOptions): Logger {
  const { level, write } = options;
  const destination: DestinationStream =
    write === undefined ? pino.destination({ fd: 1, sync: true }) : { write };
  const log = pino(
    {
      level,
      base: { service: 'florin', pid: process.pid },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const line =
    (name: 'error' | 'warn' | 'info' | 'debug') => (message: string, facts?: LogFacts) => {
      if (!log.isLevelEnabled(name)) return;
      log[name](facts === undefined ? {} : (redact(facts) as object), redactText(message));
    };
  return {
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: line('debug'),
    isEnabled: (name) => log.isLevelEnabled(name),
  };
}
