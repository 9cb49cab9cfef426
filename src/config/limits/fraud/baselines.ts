// Limits of the models that others are compared with, of telling that what is scored has changed,
// and of putting one model in the place of another.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudBaselineLimits = {
  fraudBaselineRowsMax: limit(
    8_388_608,
    'rows',
    'that a baseline is trained on; a rank of 23 bits shares a word with a weight and a label',
  ),
  fraudDriftBins: limit(10, 'bins', 'that the reference rows of a feature or score are cut into'),
  fraudDriftRowsMin: limit(
    1_000,
    'rows',
    'below which chance alone moves the stability index, and nothing is said',
  ),
  fraudDriftWarning: limit(0.1, 'of the stability index', 'from which a change is worth a look'),
  fraudDriftAlarm: limit(
    0.2,
    'of the stability index',
    'from which a model is not to be relied on',
  ),
  fraudPromotionWeeksMin: limit(4, 'weeks', 'that a champion and a challenger are compared on'),
  fraudPromotionGainMin: limit(
    0.005,
    'of average precision',
    'that a challenger must be better by, over the weeks; half of what weeks differ by',
  ),
  fraudPromotionCardLossMax: limit(
    0,
    'of card precision',
    'that a challenger may be worse by, over the weeks',
  ),
} as const satisfies LimitTable;
