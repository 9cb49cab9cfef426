// TABLE  what the gateway records in the audit log of what it decides about its callers.

import { defineActions } from '#audit';

export const gatewayActions = defineActions({
  'gateway.plan.changed': ['security', 'a plan of limits was made or changed', '10.2.1.7'],
  'gateway.plan.removed': ['security', 'a plan of limits was removed', '10.2.1.7'],
  'gateway.plan.assigned': ['security', 'a customer was put under a plan', '10.2.1.5'],
  'gateway.quota.reached': ['security', 'a customer used much of a quota, or all of it'],
  'gateway.objects.decide': ['security', 'whether a mandate allows a request', '10.2.1.4'],
  'gateway.grant.give': ['security', 'a mandate was given', '10.2.1.5'],
  'gateway.grant.end': ['security', 'a mandate was ended', '10.2.1.5'],
  'gateway.proposal.make': ['books', 'a request began to wait for a second person', '10.2.1.2'],
  'gateway.proposal.approve': ['books', 'a second person approved a request', '10.2.1.2'],
  'gateway.proposal.reject': ['books', 'a second person rejected a request', '10.2.1.2'],
  'gateway.proposal.withdraw': ['books', 'a request that waited was withdrawn', '10.2.1.2'],
  'gateway.proposal.expire': ['books', 'a request waited too long', '10.2.1.2'],
  'gateway.proposal.execute': ['books', 'an approved request was executed', '10.2.1.2'],
  'gateway.legacy_rule.add': ['security', 'routes were pointed to another core', '10.2.1.7'],
  'gateway.legacy_rule.change': ['security', 'a rule of the other core was changed', '10.2.1.7'],
  'gateway.legacy_rule.remove': ['security', 'a rule of the other core was removed', '10.2.1.7'],
  'gateway.legacy_values.read': ['security', 'values that differed were read', '10.2.1.1'],
  'gateway.dead_letter.read': ['books', 'what had failed for good was read', '10.2.1.1'],
  'gateway.dead_letter.redrive': ['books', 'what had failed for good was sent again', '10.2.1.2'],
  'gateway.dead_letter.discard': ['books', 'what had failed for good was thrown away', '10.2.1.2'],
  'gateway.signature_key.add': ['security', 'a partner was given a key to sign with', '10.2.1.5'],
  'gateway.signature_key.remove': ['security', 'a key of a partner was taken back', '10.2.1.5'],
});
