// Writes docs/reference/settings.md from the tables of settings and limits. Run it after changing
// them and commit the result; a test compares the two.
//
//   tools/settings-page.ts

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { limits, settings, type SettingOf } from '#config';

export const settingsPageFile = path.join(
  import.meta.dirname,
  '..',
  'docs',
  'reference',
  'settings.md',
);

/** The page, as Markdown. */
export function settingsPage(): string {
  const settingRows = Object.values(settings).flatMap((section) =>
    Object.values<SettingOf<unknown>>(section).map((setting) => {
      const value = shown(setting.default);
      return row([`\`${setting.env}\``, value, setting.unit, setting.allowed, setting.meaning]);
    }),
  );
  const limitRows = Object.entries(limits).map(([name, { value, unit, meaning }]) =>
    row([`\`${name}\``, String(value), unit, meaning]),
  );
  return `# Settings and limits

Generated from \`src/config/\` by \`tools/settings-page.ts\`. Settings are environment variables;
a bad value stops the start with one sentence. Limits are constants of the code.

## Settings

| variable | default | unit | allowed | meaning |
|---|---|---|---|---|
${settingRows.join('\n')}

## Limits

| limit | value | unit | meaning |
|---|---|---|---|
${limitRows.join('\n')}
`;
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `\`${value}\`` : '';
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

if (import.meta.main) await writeFile(settingsPageFile, settingsPage());
