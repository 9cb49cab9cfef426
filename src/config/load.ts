// Owns how settings become values: once, at the start. A bad value stops the start with one
// sentence; it is never replaced by a default in silence.

import type { SettingOf } from './forms.ts';
import type { LimitOf } from './limit.ts';
import { limits } from './limits.ts';
import { settings } from './settings.ts';

type Widened<Value> = Value extends string ? (string extends Value ? string : Value) : Value;

type Values<Section> = {
  readonly [Name in keyof Section]: Section[Name] extends SettingOf<infer Value>
    ? Widened<Value>
    : never;
};

type LimitValues<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends LimitOf<infer Value> ? Value : never;
};

/** All values in force, by section, with the limits beside them. */
export type Config = {
  readonly [Section in keyof typeof settings]: Values<(typeof settings)[Section]>;
} & { readonly limits: LimitValues<typeof limits> };

/** The operator wrote a setting that Florin cannot use; the message is one complete sentence. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** Reads every setting from the environment. An empty variable counts as absent. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const config: Record<string, unknown> = {};
  for (const [section, table] of Object.entries(settings)) {
    const rows: Record<string, SettingOf<unknown>> = table;
    const values: Record<string, unknown> = {};
    for (const [name, setting] of Object.entries(rows)) values[name] = read(setting, env);
    config[section] = Object.freeze(values);
  }
  const limitRows: Record<string, LimitOf<unknown>> = limits;
  const limitValues: Record<string, unknown> = {};
  for (const [name, { value }] of Object.entries(limitRows)) limitValues[name] = value;
  config['limits'] = Object.freeze(limitValues);
  return Object.freeze(config) as Config;
}

function read(
  setting: SettingOf<unknown>,
  env: Readonly<Record<string, string | undefined>>,
): unknown {
  const text = env[setting.env];
  if (text === undefined || text === '') return setting.default;
  const value = setting.parse(text);
  if (value === undefined) {
    const shown = setting.isSecret ? 'its value (not shown)' : JSON.stringify(text);
    throw new SettingError(`${setting.env} is ${shown} but must be ${setting.allowed}.`);
  }
  return value;
}

/** Names like FLORIN_PROT that no setting has: most likely a slip, worth a warning. */
export function unknownSettings(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set<string>();
  for (const table of Object.values(settings)) {
    const rows: Record<string, SettingOf<unknown>> = table;
    for (const setting of Object.values(rows)) known.add(setting.env);
  }
  return Object.keys(env)
    .filter((name) => name.startsWith('FLORIN_') && !name.startsWith('FLORIN_TEST_'))
    .filter((name) => !known.has(name))
    .toSorted();
}
