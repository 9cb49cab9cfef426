// The forms that a setting can take: what is read from a variable, what is allowed there, and how
// a value is recognised.

import { isIP } from 'node:net';

interface Description {
  /** What the value counts or is: "ms", "connections", "URL", "folder", … */
  readonly unit: string;
  readonly meaning: string;
}

export interface SettingOf<Value> extends Description {
  readonly env: `FLORIN_${string}`;
  /** What an operator may write, as the end of the sentence "… must be". */
  readonly allowed: string;
  readonly default: Value;
  /** True when logs and pages must not show the value. */
  readonly isSecret: boolean;
  /** undefined when the text is not allowed. */
  readonly parse: (text: string) => Value | undefined;
}

type Given<Value> = Omit<SettingOf<Value>, 'parse' | 'allowed' | 'isSecret'>;

export function integer(given: Given<number> & { min: number; max: number }): SettingOf<number> {
  const { min, max, ...rest } = given;
  const parse = (text: string): number | undefined => {
    if (!/^\d{1,15}$/.test(text)) return undefined;
    const value = Number(text);
    return value >= min && value <= max ? value : undefined;
  };
  return { ...rest, allowed: `a whole number from ${min} to ${max}`, isSecret: false, parse };
}

export function choice<Value extends string>(
  given: Given<Value> & { values: readonly Value[] },
): SettingOf<Value> {
  const { values, ...rest } = given;
  const parse = (text: string): Value | undefined => values.find((value) => value === text);
  return { ...rest, allowed: `one of ${values.join(', ')}`, isSecret: false, parse };
}

export function folder(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined =>
    text.trim() === '' || text.includes('\0') ? undefined : text;
  return { ...given, allowed: 'the path of a folder', isSecret: false, parse };
}

export function plainText(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined =>
    text.trim() === '' || text.includes('\0') ? undefined : text;
  return { ...given, allowed: 'a text', isSecret: false, parse };
}

export function file(given: Given<string | undefined>): SettingOf<string | undefined> {
  return { ...folder(given), allowed: 'the path of a file' };
}

export interface Institution {
  /** Nine digits. */
  readonly routingNumber: string;
  readonly name: string;
}

const ROUTING_WEIGHTS = [3, 7, 1];

/** A routing number with a right check digit, and a name as long as ACH files have room for. */
export function institution(
  given: Given<Institution | undefined>,
): SettingOf<Institution | undefined> {
  const parse = (text: string): Institution | undefined => {
    const [, routingNumber = '', name = ''] = /^(\d{9}) ([!-~][ -~]{0,22})$/.exec(text) ?? [];
    const sum = Array.from(routingNumber, Number).reduce(
      (total, digit, index) => total + digit * (ROUTING_WEIGHTS[index % 3] ?? 0),
      0,
    );
    return Number(routingNumber) === 0 || sum % 10 !== 0 ? undefined : { routingNumber, name };
  };
  const allowed = 'a US routing number and a name, such as 021001208 Federal Reserve Bank';
  return { ...given, allowed, isSecret: false, parse };
}

/** An IP address, or localhost. */
export function listenAddress(given: Given<string>): SettingOf<string> {
  const parse = (text: string): string | undefined =>
    text === 'localhost' || isIP(text) !== 0 ? text : undefined;
  return { ...given, allowed: 'an IP address or localhost', isSecret: false, parse };
}

/** Addresses and ranges such as 10.0.0.0/8, with commas between them. */
export function addressRanges(given: Given<readonly string[]>): SettingOf<readonly string[]> {
  const parse = (text: string): readonly string[] | undefined => {
    const ranges = text.split(',').map((range) => range.trim());
    return ranges.every(isAddressRange) ? ranges : undefined;
  };
  const allowed = 'IP addresses or ranges such as 10.0.0.0/8, with commas between them';
  return { ...given, allowed, isSecret: false, parse };
}

function isAddressRange(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bitsMax = isIP(address) === 6 ? 128 : 32;
  return isIP(address) !== 0 && Number(bits ?? bitsMax) <= bitsMax;
}

/** Origins such as https://app.example, with commas between them. */
export function origins(given: Given<readonly string[]>): SettingOf<readonly string[]> {
  const parse = (text: string): readonly string[] | undefined => {
    const all = text.split(',').map((origin) => origin.trim());
    return all.every(isOrigin) ? all : undefined;
  };
  const allowed = 'origins such as https://app.example, with commas between them';
  return { ...given, allowed, isSecret: false, parse };
}

export function webOrigin(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined => (isOrigin(text) ? text : undefined);
  return { ...given, allowed: 'an origin such as https://core.example', isSecret: false, parse };
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** The origin line of C2SP tlog-checkpoint, which is a key name of signed notes too. */
export function logName(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined =>
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/.test(text) ? text : undefined;
  const allowed = 'a name of letters, digits and ._/- without spaces, at most 200 characters';
  return { ...given, allowed, isSecret: false, parse };
}

/** "host", "host:port" or "[IPv6 address]:port". */
export function timeServer(
  given: Given<TimeServer | undefined>,
): SettingOf<TimeServer | undefined> {
  const parse = (text: string): TimeServer | undefined => {
    const part = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?$/.exec(text);
    const host = part?.[1] ?? part?.[2];
    const port = Number(part?.[3] ?? NTP_PORT);
    return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
  };
  return {
    ...given,
    allowed: 'a host name or address, with :port if not 123',
    isSecret: false,
    parse,
  };
}

export interface TimeServer {
  readonly host: string;
  readonly port: number;
}

const NTP_PORT = 123;

export function postgresUrl(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined =>
    /^postgres(ql)?:\/\/\S+$/.test(text) ? text : undefined;
  return { ...given, allowed: 'a postgresql:// address', isSecret: true, parse };
}
