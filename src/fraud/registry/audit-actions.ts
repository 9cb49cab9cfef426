// TABLE  what the registry records in the audit log.

import { defineActions } from '#audit';

export const registryActions = defineActions({
  'fraud.rule_set.create': ['books', 'a rule set was kept, to be activated'],
  'fraud.model.create': ['books', 'a model was kept, to be given a place'],
  'fraud.choice.make': ['books', 'a rule set or a model was put in force, or taken out of it'],
  'fraud.policy.put': ['books', 'what a product asks of screening was set'],
  'fraud.list.change': ['books', 'entries of a list were put or taken'],
});
