// florin token: what it takes and says of itself.

import type { Command } from '../usage.ts';

export const tokenCommand: Command = {
  name: 'token',
  takes: '[--role ROLE]... [--minutes COUNT]',
  summary: 'print a short access token for the HTTP API, for whoever has this machine',
  details: [
    'ROLE is customer, teller, approver, auditor, operator, administrator or partner; without one',
    'the token has the roles teller, auditor, operator and administrator.',
    'It is good for COUNT minutes (15 unless given, at most 60), and recorded in the audit log.',
    'Keep it in a variable, not in a file:',
    '',
    '  TOKEN=$(npx florin token)',
    '  curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/v1/ledger/accounts',
  ].join('\n'),
  run: async (args, env) => await (await import('./mint-token.ts')).runToken(args, env),
};
