// What the tests of other contexts put together a screener from: configurations made of a few
// rules, the names of what is outside the bank, policies, and what was decided.

export { putPolicy } from '../registry/policies.ts';
export { openNames } from '../screening/judging/names.ts';
export { configOf, registryOf, rulesOf, type SetRegistry } from '../screening/testing/settings.ts';
export { selectDecisions } from '../screening/decision-store.ts';
