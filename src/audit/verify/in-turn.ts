// One connection for several walks at once: their statements take turns, so that a page can be
// asked for while the one before it is worked on.

import type { Query, Session } from '#platform';

export function inTurn(session: Session): Session {
  let last: Promise<unknown> = Promise.resolve();
  return {
    async query<Row>(query: Query): Promise<Row[]> {
      const before = last;
      const running = before.then(() => session.query<Row>(query));
      // Whoever asked for it is told; those who come after go on.
      last = running.catch(() => undefined);
      return await running;
    },
    async close() {
      await last;
      await session.close();
    },
  };
}
