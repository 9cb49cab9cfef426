import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPlantedSecrets } from './secrets.ts';

test('a planted secret is found by its place and is not repeated', async () => {
  const token = `${'ghp'}_${'a1B2'.repeat(9)}`;
  const files = [
    { path: 'docs/clean.md', text: 'Nothing here.' },
    { path: 'cli/deploy.sh', text: `#!/bin/sh\ncurl -H "authorization: token ${token}"\n` },
  ];
  assert.deepEqual(await findPlantedSecrets(files), [
    'cli/deploy.sh:2 looks like a secret (secretlint-rule-github/GITHUB_TOKEN)',
  ]);
});
