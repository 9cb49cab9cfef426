// Owns the search for secrets in text: keys of clouds and services, private keys, addresses with
// passwords. What was found is named by its kind and line, and never repeated.

import path from 'node:path';
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

export interface FoundSecret {
  /** `secretlint-rule-aws/AWSSecretAccessKey`: which rule found what. */
  readonly kind: string;
  /** From 1. */
  readonly line: number;
}

// Any twelve digits; and an account's number opens nothing.
const ACCOUNT_NUMBER = 'AWSAccountID';
const PRESET = '@secretlint/secretlint-rule-preset-recommend';
const config = {
  rules: [
    {
      id: PRESET,
      rule: creator,
      rules: [{ id: '@secretlint/secretlint-rule-aws', options: { enableIDScanRule: true } }],
    },
  ],
};

/** The path says only what kind of file it is; nothing is read from it. */
export async function findSecrets(text: string, filePath: string): Promise<FoundSecret[]> {
  const source = {
    content: text,
    filePath,
    ext: path.extname(filePath),
    contentType: 'text',
  } as const;
  const { messages } = await lintSource({ source, options: { config, maskSecrets: true } });
  return messages
    .filter(({ messageId }) => messageId !== ACCOUNT_NUMBER)
    .map(({ ruleId, messageId, loc }) => {
      const rule = ruleId.slice(ruleId.lastIndexOf('/') + 1);
      return { kind: `${rule}/${messageId}`, line: loc.start.line };
    });
}
