// Limits of the rules that screen payments, of their lists and of back-tests.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudRuleLimits = {
  ruleSetBytesMax: limit(524_288, 'bytes', 'of the text of a rule set'),
  ruleSetRulesMax: limit(500, 'rules', 'in a rule set'),
  ruleSetNodesMax: limit(20_000, 'expressions', 'in all conditions of a rule set'),
  ruleNodesMax: limit(500, 'expressions', 'in the condition of one rule'),
  ruleDepthMax: limit(16, 'levels', 'of expressions within expressions'),
  ruleOperandsMax: limit(64, 'operands', 'of one operator'),
  ruleChoicesMax: limit(1_000, 'values', 'that an "in" compares with'),
  ruleTextLengthMax: limit(256, 'characters', 'of a text or a name in a rule set'),
  ruleSetFaultsMax: limit(
    50,
    'faults',
    'told of at once; the rest of a bad rule set is not looked at',
  ),
  ruleDeclinesMax: limit(
    10_000,
    'declines',
    'that a rule may be allowed in its window, 8 bytes each',
  ),
  ruleWindowSecondsMax: limit(
    2_678_400,
    'seconds',
    'of the window of a limit of declines, 31 days',
  ),
  fraudListEntriesMax: limit(1_000_000, 'entries', 'in the lists together, about 150 bytes each'),
  backTestSampleEvery: limit(16, 'events', 'of which a back-test times one'),
} as const satisfies LimitTable;
