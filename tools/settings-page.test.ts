import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { settingsPage, settingsPageFile } from './settings-page.ts';

test('the settings page is what the tables say', async () => {
  const page = await readFile(settingsPageFile, 'utf8');
  const message = 'run node_modules/.bin/node tools/settings-page.ts and commit the result';
  assert.equal(page, settingsPage(), message);
});
