// TABLE  event -> handlers. Each may hear an event more than once; what it writes commits together
// with how far it has come.

import { fraudCasesSubscription, fraudLogSubscription } from '#fraud';
import { statusSubscription } from '#payments';
import type { Subscription } from '#platform';

export const subscriptions: readonly Subscription[] = [
  statusSubscription,
  fraudLogSubscription,
  fraudCasesSubscription,
];
