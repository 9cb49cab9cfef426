// TABLE  where JSON lines of applications say what: for each meaning the names of members, the
// first that a line has. The names given fit pino, bunyan, winston, OpenTelemetry's log model,
// logrus, zap, logback and Python's loggers; an operator may give others.

import { accept, refuse, type Result } from '#kernel';
import type { Json, JsonObject } from '../../canonical.ts';
import type { AuditRefusal } from '../../refusals.ts';
import { isObject } from '../input/json-value.ts';

export interface LogFields {
  readonly time: readonly string[];
  readonly level: readonly string[];
  readonly message: readonly string[];
  readonly actor: readonly string[];
  readonly action: readonly string[];
  readonly address: readonly string[];
  readonly account: readonly string[];
  readonly service: readonly string[];
  readonly logger: readonly string[];
  readonly host: readonly string[];
  readonly trace: readonly string[];
  /** Makes a line an event with an id of its own, stored once. None unless given. */
  readonly id: readonly string[];
}

/** A name with dots is a member of that name, or a member of a member. */
export const defaultLogFields: LogFields = {
  time: [
    'time',
    'timestamp',
    '@timestamp',
    'ts',
    'Timestamp',
    'timeUnixNano',
    'datetime',
    'asctime',
    'eventTime',
    'date',
    'observedTimeUnixNano',
    'ObservedTimestamp',
  ],
  level: [
    'level',
    'severity',
    'severityText',
    'SeverityText',
    'severityNumber',
    'SeverityNumber',
    'log.level',
    'levelname',
    'loglevel',
    'lvl',
  ],
  message: ['msg', 'message', 'body', 'Body', 'event', 'text', 'log'],
  actor: [
    'actor',
    'user',
    'user_id',
    'userId',
    'user.id',
    'user.name',
    'username',
    'userName',
    'Attributes.enduser.id',
    'Attributes.user.id',
    'enduser.id',
    'principal',
    'sub',
  ],
  action: ['action', 'event.action', 'event.name', 'eventName', 'operation', 'EventName'],
  address: [
    'ip',
    'address',
    'client_ip',
    'clientIp',
    'client.address',
    'client.ip',
    'remote_addr',
    'remoteAddress',
    'remote_ip',
    'source.ip',
    'req.remoteAddress',
    'Attributes.client.address',
  ],
  account: ['account_id', 'accountId', 'cloud.account.id', 'Resource.cloud.account.id'],
  service: ['service', 'service.name', 'Resource.service.name', 'app', 'application', 'component'],
  logger: ['logger', 'logger_name', 'log.logger', 'name', 'InstrumentationScope.name'],
  host: ['hostname', 'host', 'host.name', 'Resource.host.name'],
  trace: ['trace_id', 'traceId', 'TraceId', 'trace.id', 'dd.trace_id'],
  id: [],
};

const NAMES_MAX = 50;

type Read = Result<LogFields, AuditRefusal<'log_fields_invalid'>>;

/** From JSON: {"time": "when", "actor": ["who.id", "who"]}. What is not given stays as it is. */
export function parseLogFields(given: Json): Read {
  if (!isObject(given)) return invalid('they are no object of names by meaning');
  const fields: Record<string, readonly string[]> = { ...defaultLogFields };
  for (const [meaning, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaultLogFields, meaning)) {
      const known = Object.keys(defaultLogFields).join(', ');
      return invalid(`"${meaning}" is none of ${known}`);
    }
    const names = Array.isArray(value) ? (value as readonly Json[]) : [value];
    if (names.length > NAMES_MAX || !names.every((name) => typeof name === 'string')) {
      return invalid(`"${meaning}" is neither a name nor a list of names`);
    }
    fields[meaning] = names;
  }
  return accept(fields as unknown as LogFields);
}

function invalid(reason: string): Read {
  const message = `The fields of the log cannot be used: ${reason}.`;
  return refuse({ code: 'log_fields_invalid', message, param: 'fields' });
}

/** What the first of the names that the line has says, and which it was. */
export function findField(
  line: JsonObject,
  names: readonly string[],
): { readonly name: string; readonly value: Json } | undefined {
  for (const name of names) {
    const value = valueAt(line, name);
    if (value !== undefined && value !== null && value !== '') return { name, value };
  }
  return undefined;
}

function valueAt(object: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
    const inner = Object.hasOwn(object, name.slice(0, dot))
      ? object[name.slice(0, dot)]
      : undefined;
    const value = isObject(inner) ? valueAt(inner, name.slice(dot + 1)) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}
