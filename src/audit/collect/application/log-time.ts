// Owns the times and levels of applications' logs, which everybody writes differently: it
// understands RFC 3339 and its relatives and counts since 1970 in any unit, words and the number
// scales of pino, OpenTelemetry and syslog.

import { instantOf, msOf, parseInstant } from '#kernel';
import type { Json } from '../../canonical.ts';
import { severity } from '../event.ts';

const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)? ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/i;
const NUMBER = /^\d{1,20}(\.\d{1,12})?$/;

/** The first count too large to be in seconds, in milliseconds, in microseconds: the year 5138. */
const SECONDS_MAX = 1e11;
const MILLISECONDS_MAX = 1e14;
const MICROSECONDS_MAX = 1e17;
const MICROSECONDS_PER_MS = 1e3;
const NANOSECONDS_PER_MS = 1e6;
const FRACTION_DIGITS = 6;

/** Whole milliseconds since 1970; undefined when it is no time. Without an offset it is UTC. */
export function timeMsOf(value: Json): number | undefined {
  if (typeof value === 'number') return countedMs(value);
  if (typeof value !== 'string') return undefined;
  if (NUMBER.test(value)) return countedMs(Number(value));
  const part = DATE_TIME.exec(value.trim());
  if (part === null) return undefined;
  const [, date, minute, second = '00', fraction = '', zone = 'Z'] = part;
  const digits = fraction.slice(0, FRACTION_DIGITS).padEnd(1, '0');
  const offset = /^[zug]/i.test(zone) ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const instant = parseInstant(`${date}T${minute}:${second}.${digits}${offset}`);
  return instant === undefined || instant < 0 ? undefined : msOf(instant);
}

function countedMs(count: number): number | undefined {
  if (!(count >= 0)) return undefined;
  let ms = count / NANOSECONDS_PER_MS;
  if (count < SECONDS_MAX) ms = count * 1_000;
  else if (count < MILLISECONDS_MAX) ms = count;
  else if (count < MICROSECONDS_MAX) ms = count / MICROSECONDS_PER_MS;
  const whole = Math.floor(ms);
  return instantOf(whole * 1_000) === undefined ? undefined : whole;
}

const { informational, low, medium, unknown } = severity;
const critical = 5;
const fatal = 6;

const words: Readonly<Record<string, number>> = {
  trace: informational,
  verbose: informational,
  debug: informational,
  info: informational,
  information: informational,
  informational,
  notice: informational,
  warn: low,
  warning: low,
  err: medium,
  error: medium,
  severe: medium,
  dpanic: critical,
  crit: critical,
  critical,
  alert: critical,
  panic: fatal,
  fatal,
  emerg: fatal,
  emergency: fatal,
};

/** Of pino and bunyan: 10 trace to 60 fatal. */
const PINO_WARN = 40;
const PINO_ERROR = 50;
const PINO_FATAL = 60;
const PINO_MAX = 100;
/** Of OpenTelemetry: 1 to 4 trace, 5 to 8 debug, and so on to 24. */
const OTEL_WARN = 13;
const OTEL_ERROR = 17;
const OTEL_FATAL = 21;
const OTEL_MAX = 24;

/** severity_id of OCSF; the field's name tells which scale a number is on. */
export function severityOf(value: Json, field: string): number {
  if (typeof value === 'string' && !NUMBER.test(value)) {
    return words[value.toLowerCase().replace(/\d$/, '')] ?? unknown;
  }
  const number = Number(value);
  if (/severitynumber/i.test(field)) {
    if (!(number >= 1 && number <= OTEL_MAX)) return unknown;
    return scaled(number, [OTEL_WARN, OTEL_ERROR, OTEL_FATAL]);
  }
  if (!(number >= 1 && number <= PINO_MAX)) return unknown;
  return scaled(number, [PINO_WARN, PINO_ERROR, PINO_FATAL]);
}

function scaled(number: number, [warn, error, end]: readonly [number, number, number]): number {
  if (number >= end) return fatal;
  if (number >= error) return medium;
  return number >= warn ? low : informational;
}
