// Which hour needs an anchor next. An hour does when leaves were given a place in it that no anchor
// covers; one in which the log did not grow does not, and is spanned by the next.

import { HOUR_US, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import { checkpointAbove, latestAnchor, type Anchor } from './anchor-store.ts';
import { hourOf } from './digest.ts';

export interface AnchorState {
  readonly latest: Pick<Anchor, 'number' | 'end' | 'size'> | undefined;
  /** The end of the oldest hour that lacks its anchor; undefined when nothing is due. */
  readonly dueSince: Instant | undefined;
}

/** Whether the anchors are up to date. */
export async function anchorState(queryable: Queryable, now: Instant): Promise<AnchorState> {
  const latest = await latestAnchor(queryable);
  const end = await nextEnd(queryable, latest);
  return { latest, dueSince: end !== undefined && end <= now ? end : undefined };
}

/** The end of the hour that needs the next anchor; undefined while the log stands still. */
export async function nextEnd(
  queryable: Queryable,
  latest: Pick<Anchor, 'end' | 'size'> | undefined,
): Promise<Instant | undefined> {
  const uncovered = await checkpointAbove(queryable, { size: latest?.size ?? 0 });
  if (uncovered === undefined) return undefined;
  // Clocks of several processes differ, but the hours of anchors only go forward.
  const hour = Math.max(hourOf(uncovered.createdAt), latest?.end ?? 0);
  return (hour + HOUR_US) as Instant;
}
