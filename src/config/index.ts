// Every setting and every limit: its name, unit, meaning and value. The settings page is generated
// from these tables.

export type { SettingOf } from './forms.ts';
export { limits } from './limits.ts';
export { loadConfig, SettingError, unknownSettings } from './load.ts';
export type { Config } from './load.ts';
export { settings } from './settings.ts';
