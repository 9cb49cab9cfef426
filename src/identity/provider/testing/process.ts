// One process of a bank with a provider, for tests: it says where it listens and answers until it
// is told to stop. Arguments: the database, the folder of keys, the issuer, the life of a token.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  defaultPostgresOptions,
  openLocalKeys,
  openLogger,
  openPostgres,
  systemClock,
} from '#platform';
import { openProvider } from '../open.ts';

const [url = '', folder = '', issuer = '', lifeS = ''] = process.argv.slice(2);

const database = await openPostgres({
  ...defaultPostgresOptions,
  url,
  isUnsafeServerAllowed: true,
  keys: await openLocalKeys({ folder }),
  poolSize: 4,
});
const provider = await openProvider({
  database,
  clock: systemClock(),
  logger: openLogger({
    level: 'error',
    write: (line) => {
      process.stderr.write(line);
    },
  }),
  issuer,
  accounts: { find: () => Promise.resolve(undefined) },
  lifetimes: { accessTokenS: Number(lifeS) },
});
const server = createServer((request, response) => {
  void provider.handle(request, response);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${port}\n`);
});
process.once('disconnect', () => process.exit(0));
