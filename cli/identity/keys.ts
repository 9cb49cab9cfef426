// florin keys VERB: what the bank's OpenID provider signs tokens with.

import { keepSigningKeys, publicJwks, replaceSigningKeys, rotateSigningKeys } from '#identity';
import { withLog } from '../audit/open.ts';
import { EXIT_DONE, parseStrictly, UsageError, type Command, type Environment } from '../usage.ts';

export const keysCommand: Command = {
  name: 'keys',
  takes: 'list | rotate | replace',
  summary: 'the keys that sign tokens: list, rotate without a refusal, or replace at once',
  details: [
    'list     print the key set as it is published',
    'rotate   publish a new key now; it signs when everybody has it, and refuses nobody',
    'replace  for a key that somebody else may have: every token it signed is refused from now on',
    '',
    'Keys are rotated by themselves every 90 days.',
  ].join('\n'),
  run: async (args, env) => await runKeys(args, env),
};

async function runKeys(args: string[], env: Environment): Promise<number> {
  const [name, ...rest] = args;
  parseStrictly({ args: rest });
  if (name !== 'list' && name !== 'rotate' && name !== 'replace') {
    throw new UsageError('keys is followed by list, rotate or replace.');
  }
  return await withLog(env, async (log) => {
    const { database, clock } = log;
    if (name === 'list') {
      await keepSigningKeys(database, log.context());
      const keys = await publicJwks(database, clock.now());
      process.stdout.write(`${JSON.stringify({ keys }, undefined, 2)}\n`);
      return EXIT_DONE;
    }
    const work = name === 'rotate' ? rotateSigningKeys : replaceSigningKeys;
    process.stdout.write(`${await work(database, log.context())}\n`);
    return EXIT_DONE;
  });
}
