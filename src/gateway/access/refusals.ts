// Every way the verbs of access and approvals say no. Codes are stable for ever; the reference page
// lists each of them.

import type { ProblemKind } from '../problems.ts';

const kind = (status: number, title: string, retryable = false): ProblemKind => ({
  status,
  title,
  retryable,
});

export const accessRefusals = {
  grant_unknown: kind(404, 'No such mandate'),
  grant_ended: kind(409, 'The mandate was ended before'),
  grant_hours_invalid: kind(422, 'The hours of the mandate end before they begin'),
  grant_period_invalid: kind(422, 'The mandate ends before it begins'),
  grant_currency_missing: kind(422, 'The limits of the mandate have no currency'),
  grant_time_zone_unknown: kind(422, 'The time zone of the mandate is not known'),
  grant_to_oneself: kind(403, 'Nobody gives a mandate to themselves'),
  roles_of_oneself: kind(403, 'Nobody changes their own roles'),
  person_oneself: kind(403, 'Nobody does this to themselves'),
  proposal_unknown: kind(404, 'No such proposal'),
  proposal_closed: kind(409, 'The proposal does not wait any more'),
  proposal_too_large: kind(413, 'The request is too large to wait for a second person'),
  proposal_of_oneself: kind(403, 'Nobody decides about what they proposed'),
  proposal_for_oneself: kind(403, 'Nobody decides about what would give them more rights'),
  proposal_needs_person: kind(403, 'Only a person decides about a proposal'),
  proposal_not_own: kind(403, 'Only whoever proposed it withdraws a proposal'),
  proposal_maker_gone: kind(409, 'Whoever proposed it may not do it any more'),
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type AccessRefusalCode = keyof typeof accessRefusals;
