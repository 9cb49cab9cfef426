// TABLE  the code of a dead letter -> why crashes explain it. A letter with another code is a
// fault. What a letter would have told the rail is told when it is sent again.

export const explanations: Readonly<Record<string, string>> = {
  lease_expired: 'whoever had it was killed each time before the end of its lease',
  database_unavailable: 'PostgreSQL was killed in the middle of each attempt',
  commit_unknown: 'PostgreSQL was killed while it committed, so nobody knew whether it had',
  lock_timeout: 'a payment stayed locked by a connection whose end PostgreSQL had not noticed',
};
