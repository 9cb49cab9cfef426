// Makes the token of florin token: short, signed with a key of the installation, recorded in the
// audit log, and written to standard output and nowhere else.

import { userInfo } from 'node:os';
import { LOCAL_MINUTES_MAX, mintLocalToken, roles } from '#identity';
import type { Role } from '#identity';
import { withLog } from '../audit/open.ts';
import { EXIT_DONE, parseCount, parseStrictly, UsageError } from '../usage.ts';
import type { Environment } from '../usage.ts';

const MINUTES = 15;
const TENANT = 'main';

/** Everything the bank's own people do, but to approve what somebody else proposed. */
const DEFAULT_ROLES: readonly Role[] = ['teller', 'auditor', 'operator', 'administrator'];

export async function runToken(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  return await withLog(env, async (log) => {
    const token = await log.database.transaction(log.context(), (tx) =>
      mintLocalToken(tx, { name: userName(), tenant: TENANT, ...request }),
    );
    process.stdout.write(`${token}\n`);
    return EXIT_DONE;
  });
}

function parseRequest(args: string[]): { roles: readonly Role[]; minutes: number } {
  const { values } = parseStrictly({
    args,
    options: {
      role: { type: 'string', multiple: true },
      minutes: { type: 'string' },
    },
  });
  const { role, minutes = String(MINUTES) } = values;
  return {
    roles: role === undefined ? DEFAULT_ROLES : role.map(roleOf),
    minutes: parseCount(minutes, { name: 'minutes', min: 1, max: LOCAL_MINUTES_MAX }),
  };
}

function roleOf(name: string): Role {
  const role = roles.find((each) => each === name);
  if (role === undefined) throw new UsageError(`--role must be one of ${roles.join(', ')}.`);
  return role;
}

/** The system's name of the user, without what a subject may not hold. */
function userName(): string {
  try {
    const name = userInfo()
      .username.replaceAll(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 64);
    return name === '' ? 'unknown' : name;
  } catch {
    // A user without an entry in the system's list of users.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
