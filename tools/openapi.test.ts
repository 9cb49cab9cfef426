import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { apiDocument } from './sdk.ts';

async function lint(document: object): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const source = JSON.stringify(document);
  const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config });
  return problems.map(({ ruleId, message, location }) => {
    return `${ruleId}: ${message} (${location[0]?.pointer ?? ''})`;
  });
}

test('the OpenAPI document lints clean, by the strictest of the common rules', async () => {
  assert.deepEqual(await lint(apiDocument()), []);
});

test('the linter sees a planted fault', async () => {
  const document = apiDocument();
  const [path = ''] = Object.keys(document.paths);
  const broken = { ...document, paths: { ...document.paths, [`${path}/{unknown}`]: { get: {} } } };
  assert.notEqual((await lint(broken)).length, 0);
});
