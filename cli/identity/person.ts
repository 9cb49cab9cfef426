// florin person: who may sign in, from the command line of whoever has the machine.

import type { Command } from '../usage.ts';

export const personCommand: Command = {
  name: 'person',
  takes: 'VERB [OPTIONS]',
  summary: 'invite people, give them roles, disable, reset and erase them, end their sessions',
  details: [
    'Verbs:',
    '  invite --role ROLE... [--customer ID] [--tenant NAME]   a person, and the code for them',
    '  first [--tenant NAME]         a new code for the first administrator, while there is none',
    '  list [--tenant NAME] [--names]                          ids, roles and status',
    '  roles PERSON --role ROLE... [--customer ID]             replace the roles',
    '  disable PERSON | enable PERSON                          nobody signs in as them, or again',
    '  reset PERSON [--factors]      a new code to choose a password; with --factors the second',
    '                                factors are removed too, for somebody who has lost them',
    '  erase PERSON --reason TEXT    forget name, address and proofs; the id stays',
    '  sessions PERSON               where they are signed in',
    '  sign-out SESSION | sign-out --person PERSON             end sessions at once',
    '',
    'ROLE is teller, approver, auditor, operator or administrator for the bank; customer or',
    'partner for a customer. A code is printed once: give it to its person, and to nobody else.',
  ].join('\n'),
  run: async (args, env) => await (await import('./person/run.ts')).runPerson(args, env),
};
